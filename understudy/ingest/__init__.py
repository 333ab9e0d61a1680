"""Ingest: from the records of a reader to the rows of schema `ingest`, with personal data masked and titles linked."""
