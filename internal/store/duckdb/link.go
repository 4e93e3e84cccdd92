package duckdb

import _ "github.com/helios-sql/helios/internal/store/duckdb/libstdcxx" // DuckDB is linked with a C++ library as old as that of Amazon Linux 2023
