"""Rows: between rows of the store and values of the domain."""
