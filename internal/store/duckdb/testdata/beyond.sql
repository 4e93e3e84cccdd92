-- One statement a line; each reads secret, runs for who may read everything, and is forbidden to who may read only shop.
SELECT * FROM secret
FROM secret
FROM secret SELECT mark
TABLE secret
SELECT * FROM SECRET
SELECT * FROM "Secret"
SELECT * FROM main.secret
SELECT * FROM db.secret
SELECT * FROM DB.Main."SECRET"
SELECT shop.mark FROM secret AS shop
SELECT * FROM quarantine.secret
SELECT * FROM db.quarantine.secret
SELECT * FROM shop, secret
SELECT * FROM shop JOIN secret USING (mark)
SELECT * FROM shop POSITIONAL JOIN secret
SELECT * FROM shop ASOF JOIN secret ON shop.mark >= secret.mark
SELECT * FROM shop SEMI JOIN secret ON true
SELECT * FROM shop ANTI JOIN secret USING (mark)
SELECT * FROM shop NATURAL FULL JOIN secret
SELECT * FROM (shop CROSS JOIN (SELECT * FROM secret))
SELECT * FROM shop, LATERAL (SELECT * FROM secret WHERE secret.mark <> shop.mark)
SELECT (SELECT max(mark) FROM secret)
SELECT * FROM shop WHERE EXISTS (FROM secret WHERE secret.mark <> shop.mark)
SELECT * FROM shop WHERE mark NOT IN (SELECT mark FROM secret)
SELECT * FROM shop WHERE mark <> ALL (FROM secret)
SELECT mark FROM shop UNION ALL SELECT mark FROM secret
SELECT mark FROM shop UNION ALL BY NAME FROM secret
FROM secret EXCEPT FROM shop
(FROM shop) INTERSECT (FROM secret)
WITH a AS (FROM secret) FROM a
WITH a AS MATERIALIZED (FROM secret), b AS NOT MATERIALIZED (FROM a) FROM b
WITH secret AS (FROM secret) FROM secret
WITH secret AS MATERIALIZED (FROM secret) FROM secret
WITH shop AS (FROM secret) FROM shop
WITH secret AS (FROM shop) FROM main.secret
WITH a AS (FROM secret), secret AS (FROM shop) FROM a
WITH a AS (WITH secret AS (FROM shop) FROM secret) FROM a, secret
(WITH secret AS (FROM shop) FROM secret) UNION ALL FROM secret
SELECT * FROM (WITH secret AS (FROM shop) FROM secret) UNION ALL FROM secret
WITH RECURSIVE secret AS (SELECT mark FROM secret UNION ALL SELECT mark FROM secret WHERE false) FROM secret
WITH RECURSIVE secret AS (FROM secret) FROM secret
WITH RECURSIVE a AS (FROM shop UNION SELECT secret.mark FROM a, secret) FROM a
WITH RECURSIVE secret(mark) USING KEY (mark) AS (SELECT mark FROM secret UNION SELECT mark FROM secret WHERE false) FROM secret
DESCRIBE secret
DESC secret
SHOW secret
DESCRIBE SELECT * FROM secret
SELECT * FROM (DESCRIBE secret)
SUMMARIZE secret
SUMMARIZE FROM secret
SELECT * FROM (SUMMARIZE secret)
EXPLAIN SELECT * FROM secret
EXPLAIN ANALYZE FROM secret
EXPLAIN (FORMAT json) FROM secret
FROM secret PIVOT (count(*) FOR mark IN ('LEAK'))
SELECT * FROM (FROM secret) PIVOT (count(*) FOR mark IN ('LEAK'))
FROM secret UNPIVOT (v FOR n IN (mark))
UNPIVOT secret ON mark
SELECT * FROM unnest((SELECT list(mark) FROM secret))
SELECT * FROM range((SELECT count(*) FROM secret))
SELECT * FROM shop, json_each((SELECT to_json(mark) FROM secret))
SELECT list_transform((SELECT list(mark) FROM secret), x -> x || 'y')
SELECT CASE WHEN (SELECT count(*) FROM secret) > 0 THEN 'some' END
SELECT * REPLACE ((SELECT max(mark) FROM secret) AS mark) FROM shop
SELECT * FROM shop ORDER BY (SELECT max(mark) FROM secret)
SELECT * FROM shop LIMIT (SELECT count(*) FROM secret)
SELECT count(*) FILTER (WHERE mark IN (FROM secret)) FROM shop
SELECT mark FROM shop GROUP BY mark HAVING count(*) < (SELECT count(*) + 9 FROM secret)
SELECT row_number() OVER (ORDER BY (SELECT max(mark) FROM secret)) FROM shop
SELECT * FROM shop QUALIFY row_number() OVER () > (SELECT count(*) FROM secret)
SELECT coalesce(NULL, (SELECT max(mark) FROM secret)), {'a': (SELECT max(mark) FROM secret)}, [(SELECT max(mark) FROM secret)]
VALUES ((SELECT max(mark) FROM secret))
SELECT * FROM (VALUES (1, (SELECT max(mark) FROM secret)))
SELECT * FROM secret USING SAMPLE 50%
SELECT * FROM secret TABLESAMPLE reservoir(1 ROWS)
SELECT COLUMNS(*) FROM secret
SELECT DISTINCT ON (mark) * FROM secret
SELECT a.mark FROM secret a, secret b, shop
SELECT rowid FROM secret
SELECT * FROM pragma_table_info('secret')
SELECT * FROM pragma_show('secret')
SELECT * FROM pragma_storage_info('Secret')
SELECT * FROM shop JOIN (FROM pragma_storage_info('secret')) ON true
