"""Dose: known faults, put into human dialogues in a known share."""
