"""Canaries: strings that somebody planted in the logs to see whether they come back in what is played."""

from __future__ import annotations

from understudy.doors.store import Store
from understudy.measure.privacy import CANARY


def canaries_of(store: Store, dataset: str) -> tuple[str, ...]:
    """The canaries in the human turns of a data set, in order; empty where nobody has planted one."""
    return tuple(str(row["canary"]) for row in store.rows("validate/canaries", dataset=dataset, form=CANARY))
