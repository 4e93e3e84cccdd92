-- One statement a line; each tells of all tables, runs for who may read everything, and not for who may read only shop.
SHOW TABLES
SHOW ALL TABLES
SHOW DATABASES
SHOW SCHEMAS
SHOW TABLES FROM db
SHOW
DESCRIBE
SELECT * FROM (SHOW TABLES)
SELECT * FROM (DESCRIBE)
SELECT * FROM information_schema.tables
SELECT * FROM INFORMATION_SCHEMA.columns WHERE table_name = 'shop'
SELECT * FROM system.information_schema.tables
SELECT * FROM pg_catalog.pg_tables
SELECT * FROM pg_catalog.pg_class
SELECT * FROM pg_class
SELECT * FROM sqlite_master
SELECT * FROM main.sqlite_master
SELECT * FROM pragma_database_list
SELECT * FROM duckdb_tables
SELECT * FROM main.duckdb_columns
SELECT * FROM duckdb_tables()
SELECT * FROM DuckDB_Columns()
SELECT * FROM system.main.duckdb_views()
SELECT * FROM "duckdb_constraints"()
SELECT * FROM duckdb_indexes()
SELECT * FROM duckdb_schemas()
SELECT * FROM duckdb_sequences()
SELECT * FROM duckdb_databases()
SELECT * FROM duckdb_memory()
SELECT * FROM duckdb_temporary_files()
SELECT * FROM pragma_database_size()
SELECT * FROM shop, LATERAL (SELECT * FROM duckdb_tables() t WHERE t.table_name <> shop.mark)
SELECT * FROM pragma_table_info('main.secret')
SELECT * FROM pragma_table_info('"secret"')
SELECT * FROM pragma_table_info('db.quarantine.secret')
SELECT * FROM pragma_storage_info('sec' || 'ret')
SELECT * FROM pragma_storage_info($$secret$$)
SELECT pg_get_constraintdef(1)
SELECT pg_catalog.pg_get_viewdef(1)
SELECT main.get_block_size('db')
SELECT * FROM helios.tables
SELECT * FROM helios.positions
SELECT * FROM db.Helios."Schema_Changes"
SELECT * FROM helios.streams
SELECT * FROM helios.volumes
WITH positions AS (FROM shop) FROM helios.positions
