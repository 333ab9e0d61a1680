"""How a night can end, besides the codes of errors that can end it."""

from __future__ import annotations

from understudy.doors.store import Store

RUNNING = "running"
PUBLISHED = "published"
KILLED = "killed"
INTERNAL = "internal"
DIED = "the process of this night ended without a word, which was found when the store was opened again"


def end_unfinished(store: Store) -> None:
    """Ends the nights whose process died; the caller has just opened the store for writing.

    Where others have a shared store open as well, a night without an end may be theirs, so it is left to who next is alone.
    """
    if store.has_others():
        return
    store.apply("publish/end_unfinished", outcome=KILLED, reason=DIED)
