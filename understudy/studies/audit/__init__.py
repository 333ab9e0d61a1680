"""Audit: anybody's simulated dialogues, measured against ingested humans."""
