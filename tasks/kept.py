"""The verified snapshot of the store that a night leaves behind, to go back to when the file is damaged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prefect import get_run_logger
from prefect.exceptions import MissingContextError

from understudy.doors.copies import snapshot
from understudy.doors.events import emit
from understudy.doors.store import Store
from understudy.errors import BadInput, GateFailed, UnderstudyError


@contextmanager
def snapshot_kept(store: Store) -> Iterator[None]:
    """Leaves a snapshot of the store when the block ends, also where a gate refused the batch. Raises BadInput for a corrupt store."""
    try:
        yield
    except GateFailed:
        _keep(store)
        raise
    _keep(store)


def _keep(store: Store) -> None:
    try:
        emit("nightly", "snapshot_kept", snapshot(store).name)
    except BadInput:
        raise
    except UnderstudyError as error:
        # the night's own rows are committed, and the snapshot before this one is still there
        _warn(f"no new snapshot of the store was kept: {error.message}")
        emit("nightly", "snapshot_failed", error.message)


def _warn(text: str) -> None:
    try:
        get_run_logger().warning(text)
    except MissingContextError:  # called outside a flow run; the event says it as well
        return
