"""Lineage: how a prompt came to be, step by step."""
