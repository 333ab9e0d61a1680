"""The doors: the only modules with effects. Each third-party world (DuckDB, litellm, Great Expectations, files, HTTP) has exactly one."""
