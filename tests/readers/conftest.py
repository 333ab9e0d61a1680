"""Bounds of reading for one test, and profiles of the fuzz campaign: `--hypothesis-profile=campaign` is what `make fuzz` runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, settings

from understudy.doors.limits import ReadingLimits, reading_within

settings.register_profile(
    "campaign", max_examples=9_000, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture
def longest_line() -> Iterator[Callable[[int], None]]:
    """Sets the bound of a line, in bytes, for one test."""
    with ExitStack() as until_the_end:
        yield lambda n_bytes: until_the_end.enter_context(reading_within(ReadingLimits(line=n_bytes)))
