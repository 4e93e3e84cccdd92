-- One statement a line; each must be refused, and change nothing.
INSERT INTO shop VALUES (9, 'x', 1.0, now(), '{}')
insert /* quietly */ into shop select * from shop
UPDATE shop SET name = 'gone'
DELETE FROM shop
DELETE FROM shop; SELECT 1
SELECT 1; DELETE FROM shop
SELECT 1; SELECT 2
SELECT 1 /* ; */; /* */ DROP TABLE shop
TRUNCATE shop
MERGE INTO shop USING (SELECT 1 AS id) s ON shop.id = s.id WHEN MATCHED THEN DELETE
WITH gone AS (SELECT 1 AS id) DELETE FROM shop USING gone WHERE shop.id = gone.id
WITH a AS (SELECT 1) INSERT INTO shop SELECT * FROM a
WITH a AS (INSERT INTO shop VALUES (1) RETURNING *) SELECT * FROM a
CREATE TABLE x (a INTEGER)
CREATE TEMP TABLE x AS SELECT 1
CREATE VIEW x AS SELECT 1
CREATE OR REPLACE MACRO lower(x) AS 'no'
CREATE TEMP MACRO range(x) AS 'no'
CREATE SCHEMA x
CREATE SEQUENCE x
CREATE TYPE x AS ENUM ('a')
CREATE INDEX x ON shop (id)
CREATE SECRET x (TYPE s3, KEY_ID 'a', SECRET 'b')
DROP TABLE shop
ALTER TABLE shop ADD COLUMN x INTEGER
COMMENT ON TABLE shop IS 'mine'
ATTACH ':memory:' AS x
ATTACH '/tmp/x.db' AS x
DETACH db
USE memory
COPY shop TO '/tmp/helios-hostile.csv'
COPY (SELECT 1) TO '/dev/stdout'
COPY shop FROM '/etc/passwd'
EXPORT DATABASE '/tmp/helios-hostile'
IMPORT DATABASE '/tmp/helios-hostile'
INSTALL httpfs
LOAD httpfs
FORCE INSTALL httpfs
UPDATE EXTENSIONS
SET threads = 1
SET GLOBAL memory_limit = '1KB'
SET VARIABLE x = 1
SET SESSION timezone = 'Asia/Tokyo'
RESET threads
PRAGMA enable_profiling
PRAGMA enable_profiling = 'json'
PRAGMA profiling_output = '/tmp/helios-hostile'
PRAGMA database_size
PRAGMA memory_limit = '1KB'
CALL enable_logging('QueryLog')
CALL pragma_version()
SELECT * FROM enable_logging('QueryLog')
SELECT * FROM disable_logging()
SELECT * FROM truncate_duckdb_logs()
SELECT * FROM enable_profiling(format := 'json')
SELECT * FROM checkpoint()
SELECT * FROM force_checkpoint('db')
SELECT * FROM enable_peg_parser()
CHECKPOINT
FORCE CHECKPOINT
VACUUM
ANALYZE
BEGIN
COMMIT
ROLLBACK
PREPARE p AS SELECT 1
EXECUTE p
DEALLOCATE p
EXPLAIN ANALYZE INSERT INTO shop SELECT * FROM shop
EXPLAIN ANALYZE DELETE FROM shop
explain /* hm */ analyze update shop set name = 'gone'
EXPLAIN (ANALYZE) DELETE FROM shop
EXPLAIN (FORMAT json, ANALYZE) DROP TABLE shop
EXPLAIN ANALYZE SELECT 1; DELETE FROM shop
EXPLAIN EXPLAIN ANALYZE DELETE FROM shop
EXPLAIN ANALYZE COPY shop TO '/tmp/helios-hostile.csv'
EXPLAIN ANALYZE CREATE TABLE x AS SELECT 1
EXPLAIN DELETE FROM shop
SELECT * FROM '/etc/passwd'
SELECT * FROM 'shop.csv'
SELECT * FROM "https://example.com/x.parquet"
SELECT * FROM data.parquet
SELECT * FROM a.b.csv
FROM 's3://bucket/x.parquet'
DESCRIBE 'x.csv'
SUMMARIZE 'x.csv'
DESCRIBE SELECT * FROM 'x.csv'
SELECT * FROM read_csv('/etc/passwd')
SELECT * FROM read_csv_auto('/etc/passwd')
SELECT * FROM read_text('/etc/passwd')
SELECT * FROM READ_BLOB('/etc/passwd')
SELECT * FROM "read_text"('/etc/passwd')
SELECT * FROM main.read_text('/etc/passwd')
SELECT * FROM system.main.read_text('/etc/passwd')
SELECT * FROM read_parquet('x.parquet')
SELECT * FROM parquet_metadata('x.parquet')
SELECT * FROM read_json('x.json')
SELECT * FROM read_ndjson_objects('x.json')
SELECT * FROM read_duckdb('x.db')
SELECT * FROM sniff_csv('/etc/passwd')
SELECT * FROM glob('/etc/*')
SELECT * FROM sql_auto_complete('FROM ''/etc/')
SELECT * FROM query('SELECT 42')
SELECT * FROM query('DELETE FROM shop')
SELECT * FROM query_table('shop')
SELECT * FROM query_table(['/etc/passwd'])
SELECT * FROM histogram('/etc/passwd', x)
SELECT * FROM histogram_values('shop', name)
SELECT * FROM json_execute_serialized_sql('{}')
SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 42'))
SELECT json_serialize_plan('SELECT * FROM read_text(''/etc/passwd'')')
SELECT * FROM duckdb_secrets()
SELECT * FROM which_secret('s3://x', 's3')
SELECT * FROM duckdb_logs()
SELECT * FROM arrow_scan(1::BIGINT, 2, 3)
SELECT * FROM arrow_scan_dumb(1::BIGINT, 2, 3)
SELECT * FROM seq_scan()
SELECT * FROM duckdb_table_sample('shop')
SELECT * FROM shop WHERE id IN (SELECT 1 FROM read_text('/etc/passwd'))
SELECT (SELECT count(*) FROM read_text('/etc/passwd'))
SELECT list_transform([1], x -> (SELECT count(*) FROM glob('*')))
WITH a AS (SELECT * FROM read_text('/etc/passwd')) SELECT * FROM a
WITH a AS MATERIALIZED (FROM '/etc/passwd') SELECT 1
WITH RECURSIVE a AS (SELECT 1 UNION ALL SELECT n FROM glob('*') t(n)) SELECT * FROM a
SELECT 1 UNION ALL SELECT 1 FROM glob('*')
SELECT * FROM shop, LATERAL (SELECT * FROM read_text(name))
SELECT * FROM (SHOW TABLES FROM db), glob('*')
SELECT 1 LIMIT (SELECT count(*) FROM glob('*'))
SELECT 1 ORDER BY (SELECT count(*) FROM glob('*'))
SELECT row_number() OVER (ORDER BY (SELECT count(*) FROM glob('*')))
SELECT * FROM shop QUALIFY (SELECT count(*) FROM glob('*')) > 1
FROM (FROM glob('*')) PIVOT (count(*) FOR file IN ('a', 'b'))
FROM (FROM glob('*')) UNPIVOT (v FOR n IN (file))
PIVOT shop ON name USING count(*)
SELECT CASE WHEN true THEN (FROM glob('*')) END
SELECT COLUMNS((SELECT 1 FROM glob('*')))
SELECT * REPLACE ((SELECT count(*) FROM glob('*')) AS id) FROM shop
VALUES ((SELECT count(*) FROM glob('*')))
SELECT nextval('s')
SELECT currval('s')
SELECT setseed(0.5)
SELECT write_log('x', level := 'ERROR')
SELECT sleep_ms(100000)
SELECT pg_sleep(100)
SELECT SETSEED(0.5) FROM shop
SELECT id.setseed() FROM shop
SELECT __internal_decompress_string(1::UBIGINT)
SELECT finalize(sum(id) EXPORT_STATE) FROM shop
SELECT sum(id) EXPORT_STATE FROM shop
SELECT * FROM other.main.shop
SELECT * FROM temp.shop
SELECT * FROM nowhere.shop
SELECT * INTO x FROM shop
SELECT * FROM shop FOR UPDATE
SELECT list_sort(range(200000000))[1]
SELECT len(range(1000000000))
SELECT len(range(0, 1000000000, 1))
SELECT len(range(0, -1000000000, -1))
SELECT len(generate_series(1, 1000000000))
SELECT generate_series(TIMESTAMP '0001-01-01', TIMESTAMP '9999-01-01', INTERVAL 1 microsecond)
SELECT range(id * 1000000000) FROM shop
SELECT range($1)
SELECT range((SELECT 1000000000))
SELECT (1000000000).range()
SELECT len(repeat('x', 1000000000))
SELECT len(repeat(repeat(repeat('x', 1000), 1000), 1000))
SELECT len(name.repeat(1000000000)) FROM shop
SELECT repeat('x', id * 1000000000) FROM shop
SELECT len(lpad('x', 1000000000, 'y'))
SELECT len(rpad('x', 1000000000, 'y'))
SELECT len(list_resize([1], 1000000000))
SELECT len(array_resize([1], 1000000000, 0))
SELECT bit_length(bitstring('0', 2000000000))
SELECT len(format('{:>1000000000}', 1))
SELECT len(format('{:>{}}', 1, 1000000000))
SELECT len(printf('%1000000000d', 1))
SELECT len(printf('%*d', 1000000000, 1))
SELECT len(printf(name, 1)) FROM shop
SELECT len(list_transform(range(10000), x -> range(10000)))
SELECT list_transform(range(10000), lambda x: list_transform(range(10000), lambda y: range(10000)))
SELECT [range(10000) FOR x IN range(10000)]
SELECT len(flatten([range(1000000), range(1000000)]))
SELECT list_transform(l, x -> repeat(x, 1000)) FROM (SELECT ['a'] AS l)
SELECT list_transform(l, x -> list_resize(x, 10000)) FROM (SELECT [[1]] AS l)
SELECT list_transform(l, x -> list_transform(l, y -> list_transform(l, z -> x + y + z))) FROM (SELECT range(1000) AS l)
SELECT reservoir_quantile(id, 0.5, 1000000000) FROM shop
SELECT approx_top_k(id, 1000000000) FROM shop
SELECT bitstring_agg(id, 0, 900000000) FROM shop
SELECT bitstring_agg(id) FROM shop
SELECT list_aggregate([1, 2], 'bitstring_agg', 0, 900000000)
SELECT list_aggregate([1, 2], 'Reservoir_Quantile', 0.5, 1000000000)
SELECT list_aggregate([1, 2], $1, 0.5)
SELECT [1, 2].list_aggr('approx_top_k', 1000000000)
-- writes over invalid bytes in the table
SELECT decode(raw, 'replace') FROM quarantine.shop
SELECT raw.decode('ignore') FROM quarantine.shop
SELECT list_transform([raw], lambda x: decode(x, 'replace')) FROM quarantine.shop
