"""Task records read back: files of JSON lines and Parquet as tables of DuckDB."""
