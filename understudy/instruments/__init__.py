"""Instruments read a seeker's words: the same ones for human and for synthetic text. Each has a VERSION and a digest over its word lists."""
