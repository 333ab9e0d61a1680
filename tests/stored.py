"""Tasks on the store at a path, called as the plain functions that they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from understudy.doors.store import Store


def on(path: Path | str, task: Any, *arguments: Any, **options: Any) -> Any:
    """What a task whose first parameter is an open store returns for the one at `path`."""
    with Store.open(path) as store:
        return task.fn(store, *arguments, **options)
