"""Measure: humans of one split and a simulator's dialogues, read by the same instruments and resampled in the same way."""
