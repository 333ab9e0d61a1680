"""Nights in the store: each is written down when it begins and when it ends, and one whose process died is found by the next.

Only one process has the store open for writing, so whoever opens it knows that a night without an end is not at work any more. The
Prefect server still shows the runs of such a night as Running; the next night sets them to Crashed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from uuid import UUID, uuid4

from prefect.runtime import flow_run
from prefect.states import Crashed

from understudy.doors.store import Store
from understudy.errors import Stopped, UnderstudyError
from understudy.tasks.publish.batch import PublishedRelease
from understudy.tasks.publish.lineage import tell
from understudy.tasks.publish.outcomes import DIED, INTERNAL, KILLED, PUBLISHED
from understudy.tasks.runs import settle

_MAX_REASON = 2000


@dataclass(slots=True)
class Night:
    """A night that has begun. `run_id` is that of its model calls; batch and release are set when they are there."""

    night_id: str
    run_id: str
    batch_key: str | None = None
    release_name: str | None = None
    release_version: int | None = None

    def released(self, release: PublishedRelease | None) -> None:
        """Notes the release that came of the night."""
        if release is not None:
            self.release_name, self.release_version = release["name"], release["version"]


@contextmanager
def recorded(store: Store, *, dataset: str, batch: str) -> Iterator[Night]:
    """The night, whose begin and end are rows, whatever ends it. The flow runs of nights that were killed are set to Crashed first."""
    _crash([str(row["night_id"]) for row in store.rows("publish/killed_nights", outcome=KILLED)])
    night = Night(str(flow_run.get_id() or uuid4()), uuid4().hex)
    begun = {"night_id": night.night_id, "dataset": dataset, "batch": batch, "run_id": night.run_id, "began_at": _now()}
    with store.transaction():
        store.add("publish.nights", [begun])
    named = partial(tell, store, night_id=night.night_id, dataset=dataset, batch=batch)
    named("START")
    try:
        yield night
    except BaseException as error:
        outcome, reason = _said(error)
        _end(store, night, outcome, reason)
        named("FAIL" if isinstance(error, Exception) else "ABORT", error=reason[:_MAX_REASON])
        raise
    _end(store, night, PUBLISHED, "")
    release = None if night.release_name is None else (night.release_name, night.release_version or 0)
    named("COMPLETE", release=release)


def _said(error: BaseException) -> tuple[str, str]:
    """The outcome of a night that an error ended, and the reason in words."""
    if isinstance(error, UnderstudyError):
        return error.code, error.message
    if isinstance(error, Exception):
        return INTERNAL, f"{type(error).__name__}: {error}"
    return Stopped.code, Stopped().message


def _end(store: Store, night: Night, outcome: str, reason: str) -> None:
    row = {
        "night_id": night.night_id, "outcome": outcome, "reason": reason[:_MAX_REASON], "batch_key": night.batch_key,
        "release_name": night.release_name, "release_version": night.release_version, "ended_at": _now(),
    }  # fmt: skip
    with store.transaction():
        store.add("publish.night_ends", [row])


def _crash(night_ids: Sequence[str]) -> None:
    """Sets the flow runs of dead nights to Crashed, where this server has them."""
    if night_ids and flow_run.get_id():
        settle([UUID(one) for one in night_ids], Crashed(message=DIED))


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
