"""Profiles of the fuzz campaign: `--hypothesis-profile=campaign` is what `make fuzz` runs."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "campaign", max_examples=9_000, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
