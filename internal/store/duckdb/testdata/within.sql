-- One statement a line; each runs for who may read only shop.
SELECT 1
SELECT * FROM shop
FROM Shop
TABLE shop
SELECT * FROM "SHOP"
SELECT * FROM main.shop
SELECT * FROM db.main.shop
SELECT * FROM quarantine.shop
SELECT * FROM db.quarantine.shop
SELECT secret.mark FROM shop AS secret
SELECT mark AS secret FROM shop
SELECT 'secret', $$FROM secret$$ -- FROM secret
WITH secret AS (FROM shop) FROM secret
WITH secret AS (FROM shop), a AS (FROM secret) FROM a, secret
WITH secret AS (FROM shop) FROM (WITH secret AS (FROM secret) FROM secret)
WITH secret AS (FROM shop) SELECT (SELECT max(mark) FROM secret) FROM shop WHERE mark IN (FROM secret)
WITH secret AS (FROM shop) SELECT * FROM shop, LATERAL (SELECT * FROM secret WHERE secret.mark = shop.mark)
WITH secret AS (FROM shop) SELECT * FROM (DESCRIBE secret)
WITH secret AS (FROM shop) SELECT * FROM (SUMMARIZE secret)
WITH RECURSIVE secret AS (SELECT mark FROM shop UNION ALL SELECT mark || 'x' FROM secret WHERE len(mark) < 9) FROM secret
WITH RECURSIVE shop AS (FROM shop UNION ALL SELECT mark || 'x' FROM shop WHERE len(mark) < 9) FROM shop
DESCRIBE shop
SHOW shop
SUMMARIZE shop
EXPLAIN FROM shop
EXPLAIN ANALYZE FROM shop
FROM shop PIVOT (count(*) FOR mark IN ('ant'))
UNPIVOT shop ON mark
FROM shop POSITIONAL JOIN shop AS b
FROM shop UNION ALL FROM quarantine.shop
SELECT * FROM shop, range(3), unnest([1, 2]), json_each('{}')
SELECT * FROM duckdb_functions() LIMIT 1
SELECT * FROM duckdb_settings() LIMIT 1
SELECT * FROM duckdb_keywords() LIMIT 1
SELECT * FROM pragma_version()
SELECT * FROM pragma_table_info('shop')
SELECT * FROM pragma_storage_info('shop')
