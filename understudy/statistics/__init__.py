"""Statistics with intervals that hold for rates, divergences and entropies alike. Pure functions over numpy arrays.

The percentile bootstrap covers 0 % at the null for divergences and entropies: set-level statistics use half-samples without
replacement (`halves`), rates use Wilson (`rates`).
"""
