"""Lineage: the steps that led from the seed prompt to a prompt."""
