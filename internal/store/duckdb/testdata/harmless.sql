-- One statement a line; each must be allowed, and run.
SELECT 1
select 1;
SELECT 1;;
/* first /* and nested */ */ SELECT 1 -- and last
SELECT * FROM shop
FROM shop
FROM shop SELECT name
TABLE shop
SELECT * FROM db.shop
SELECT * FROM db.main.shop
SELECT * FROM main.shop
SELECT * FROM "Shop"
SELECT s.name, s.price FROM shop AS s WHERE s.id = 1
VALUES (1, 'a'), (2, 'b')
SELECT * FROM (VALUES (1, 'a')) t(x, y)
DESCRIBE shop
DESC shop
DESCRIBE SELECT * FROM shop
SHOW shop
SHOW TABLES
SHOW ALL TABLES
SHOW DATABASES
SHOW SCHEMAS
SHOW TABLES FROM db
SUMMARIZE shop
SUMMARIZE SELECT price FROM shop
EXPLAIN SELECT * FROM shop
explain /* a comment */ select 1
EXPLAIN ANALYZE SELECT count(*) FROM shop
EXPLAIN (FORMAT json) SELECT 1
EXPLAIN (SELECT 1)
SELECT name, count(*) FROM shop GROUP BY 1 ORDER BY 2 DESC LIMIT 5
SELECT name, count(*) FROM shop GROUP BY ALL ORDER BY ALL
SELECT count(*) FILTER (WHERE price > 1), sum(price), avg(price), quantile_cont(price, 0.5) FROM shop
SELECT name, sum(price) FROM shop GROUP BY ROLLUP (name)
SELECT name, sum(price) FROM shop GROUP BY GROUPING SETS ((name), ())
SELECT DISTINCT ON (name) * FROM shop
SELECT string_agg(name, ', ' ORDER BY name) FROM shop
SELECT max_by(name, price), arg_min(name, price), approx_count_distinct(name), mode(name), histogram(name) FROM shop
SELECT time_bucket(INTERVAL '5 minutes', seen) AS t, count(*) FROM shop GROUP BY t ORDER BY t
SELECT date_trunc('hour', seen), extract(epoch FROM seen), strftime(seen, '%H:%M') FROM shop WHERE seen > now() - INTERVAL '5 minutes'
SELECT * FROM shop WHERE seen BETWEEN TIMESTAMP '2026-01-01' AND '2027-01-01' AND name NOT IN ('x') AND name ILIKE '%a%' AND name SIMILAR TO 'a.*'
SELECT name, row_number() OVER (PARTITION BY name ORDER BY seen DESC) AS n FROM shop QUALIFY n = 1
SELECT lag(price) OVER w, first_value(price) OVER (w ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM shop WINDOW w AS (ORDER BY seen)
WITH a AS (SELECT * FROM shop), b AS (SELECT count(*) AS n FROM a) SELECT * FROM b
WITH shop AS (SELECT * FROM shop) SELECT * FROM shop
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 100) SELECT sum(n) FROM t
WITH RECURSIVE t(n, v) USING KEY (n) AS (SELECT 1, 0 UNION SELECT n, v + 1 FROM t WHERE v < 5) SELECT * FROM t
WITH a AS MATERIALIZED (SELECT 1 AS x) SELECT * FROM a, a AS b
SELECT * FROM shop AS a JOIN shop AS b USING (id) LEFT JOIN shop AS c ON c.id = a.id
SELECT * FROM shop AS a ASOF JOIN shop AS b ON a.id = b.id AND a.seen >= b.seen
SELECT * FROM shop POSITIONAL JOIN (SELECT 1 AS one)
SELECT * FROM shop AS a SEMI JOIN shop AS b USING (id)
SELECT * FROM shop AS a ANTI JOIN shop AS b USING (id)
SELECT * FROM shop NATURAL JOIN shop AS b
SELECT * FROM shop, LATERAL (SELECT shop.id + 1 AS next)
SELECT * FROM shop, generate_series(1, shop.id) AS g(n)
SELECT * FROM shop CROSS JOIN unnest([1, 2]) AS u(n)
SELECT unnest([1, 2, 3]), unnest({'a': 1, 'b': 2})
SELECT * FROM range(10)
SELECT count(*) FROM range(10000000)
SELECT * FROM generate_series(TIMESTAMP '2026-01-01', TIMESTAMP '2026-01-02', INTERVAL 1 HOUR)
SELECT range(5), generate_series(1, 10, 3), range(10, 0, -1), len(range(10000))
SELECT list_transform(range(10), x -> x * 2), list_filter([1, 2], lambda x: x > 1), list_reduce([1, 2], (a, b) -> a + b)
SELECT [x * 2 FOR x IN [1, 2, 3] IF x > 1], list_sort([3, 1]), list_aggregate([1, 2], 'sum'), array_slice([1, 2, 3], 1, 2)
SELECT {'a': 1, 'b': {'c': [1, 2]}}.b.c[1], MAP {'k': 1}['k'], row(1, 'x')
SELECT * FROM (FROM shop SELECT name, price) PIVOT (sum(price) FOR name IN ('ant', 'bee'))
SELECT * FROM (SELECT 1 AS a, 2 AS b) UNPIVOT (v FOR n IN (a, b))
UNPIVOT (SELECT 1 AS a, 2 AS b) ON a, b
SELECT * FROM shop USING SAMPLE 10%
SELECT * FROM shop TABLESAMPLE reservoir(2 ROWS) REPEATABLE (42)
SELECT * EXCLUDE (seen) REPLACE (upper(name) AS name) FROM shop
SELECT * RENAME (name AS label) FROM shop
SELECT COLUMNS('p.*') FROM shop
SELECT min(COLUMNS(*)) FROM shop
SELECT COLUMNS(c -> c LIKE 'n%') FROM shop
SELECT 1 UNION SELECT 2 INTERSECT SELECT 2 EXCEPT SELECT 3
SELECT 1 AS a UNION ALL BY NAME SELECT 2 AS b
SELECT * FROM shop WHERE EXISTS (SELECT 1 FROM shop AS b WHERE b.id = shop.id) AND id = ANY (SELECT id FROM shop) AND id > ALL (SELECT 0)
SELECT (SELECT max(price) FROM shop), CASE WHEN 1 = 1 THEN 'a' ELSE 'b' END, coalesce(NULL, 1), nullif(1, 2), if(true, 1, 2)
SELECT CAST('1' AS INTEGER), '1'::BIGINT, TRY_CAST('x' AS INTEGER), DATE '2026-01-01', INTERVAL 3 DAYS, 1_000, 0xff, 'a' || 'b', 'a' COLLATE NOCASE
SELECT name.upper().lower(), ('x').concat('y') FROM shop
SELECT payload ->> '$.a', payload -> 'b', json_extract_string(payload, '$.a'), payload.a, json_keys(payload) FROM shop
SELECT * FROM shop, json_each(shop.payload)
SELECT key, value FROM json_tree('{"a": [1, 2]}')
SELECT regexp_extract('abc', 'b'), regexp_replace('abc', 'b', 'x', 'g'), string_split('a,b', ','), 'abc'[1:2], format('{:.2f} {}', 1.5, 'x'), printf('%5d', 1)
SELECT list_transform([1, 2], x -> lpad(x::VARCHAR, 3, '0')), format('{}', lpad('x', 5, ' '))
SELECT repeat('=', 20), lpad('7', 3, '0'), rpad('x', 10, '.'), bar(5, 0, 10, 20), list_resize([1], 3), bitstring('101', 8)
SELECT random() < 2, uuid() IS NOT NULL, now() IS NOT NULL, current_date IS NOT NULL, version(), typeof(1), hash('x'), md5('x'), current_setting('TimeZone')
SELECT #1, name FROM shop ORDER BY #1
SELECT * FROM information_schema.tables
SELECT * FROM information_schema.columns WHERE table_name = 'shop'
SELECT * FROM pg_catalog.pg_tables
SELECT * FROM sqlite_master
SELECT * FROM duckdb_tables()
SELECT table_name, estimated_size FROM duckdb_tables WHERE NOT internal
SELECT name, value FROM duckdb_settings() WHERE name = 'threads'
SELECT * FROM duckdb_functions() LIMIT 1
SELECT * FROM pragma_table_info('shop')
SELECT * FROM pragma_version()
SELECT * FROM quarantine.shop
SELECT reason, count(*) FROM db.quarantine.shop GROUP BY reason
SELECT * FROM helios.positions
SELECT 'INSERT INTO shop; DELETE FROM shop' AS text
SELECT $$a; DROP TABLE shop$$, 'it''s', "name" FROM shop
SELECT E'\n', 'ü', '日本' -- the end
SELECT "delete"."update" FROM (SELECT 1 AS "update") AS "delete"
SELECT 1 AS "read_text"
SELECT sum(a) FROM (SELECT NULL::INTEGER AS a) LIMIT 10% OFFSET 0
SELECT position('b' IN 'abc'), trim(BOTH 'x' FROM 'xax'), substring('abc' FROM 2 FOR 1), extract(year FROM DATE '2026-01-01')
SELECT 170141183460469231731687303715884105727::HUGEINT, 'NaN'::DOUBLE, 'infinity'::TIMESTAMP
SELECT list_aggregate([1, 2], 'sum'), [1, 2].list_aggregate('max'), reservoir_quantile(id, 0.5), reservoir_quantile(id, 0.5, 1000), approx_top_k(name, 3), bitstring_agg(id, 0, 100), list_sum([1]) FROM shop
SELECT list_transform([[1, 2]], x -> list_filter(x, y -> y > 1))
