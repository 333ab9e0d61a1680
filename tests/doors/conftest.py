"""Fixtures of the doors."""

from __future__ import annotations

from tests.doors.lakes import address, cluster  # noqa: F401  fixtures
