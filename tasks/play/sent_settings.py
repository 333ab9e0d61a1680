"""Prefect's settings on their way to a worker: as they are, and not taken apart and put together again for every task.

Prefect sends its settings with each task. It makes a dictionary of them for that, and the worker makes settings of the dictionary, for
which it reads its environment and its files anew: 22 and 32 ms of processor time a task, the first of them where all tasks come from.
As values they take 1 ms (decision 0251).
"""

from __future__ import annotations

from typing import Any

from prefect.context import SettingsContext, get_settings_context


class WholeSettings(SettingsContext):
    """Within its block tasks that are submitted take the settings of now with them as values."""

    def serialize(self, include_secrets: bool = True) -> dict[str, Any]:  # noqa: ARG002
        """What a worker makes the same settings of."""
        return {"profile": self.profile, "settings": self.settings}


def whole_settings() -> WholeSettings:
    """The settings of now, to be sent whole. A context manager."""
    there = get_settings_context()
    return WholeSettings(profile=there.profile, settings=there.settings)
