"""How the mapped tasks of a flow are run where the run has no workers (tasks/play/runners.py)."""

from __future__ import annotations

from typing import Any

from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner


def threads(max_workers: int) -> TaskRunner[Any]:
    """Threads of this process: mapped work waits for model calls most of the time."""
    runner: TaskRunner[Any] = ThreadPoolTaskRunner(max_workers=max_workers)
    return runner
