"""Audit: simulated dialogues from any source, measured against ingested humans."""
