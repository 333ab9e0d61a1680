"""How a night can end, besides the codes of errors that can end it."""

from __future__ import annotations

from understudy.doors.store import Store

RUNNING = "running"
PUBLISHED = "published"
KILLED = "killed"
INTERNAL = "internal"
DIED = "the process of this night ended without a word, which was found when the store was opened again"


def end_unfinished(store: Store) -> None:
    """Ends the nights whose process died; the caller has just opened the store for writing, which one process at a time can."""
    store.apply("publish/end_unfinished", outcome=KILLED, reason=DIED)
