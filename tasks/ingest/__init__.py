"""Stage ingest: human logs into the store."""
