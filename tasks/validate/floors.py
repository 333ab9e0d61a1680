"""The humans' figures and floors that a batch is held against: those of the size that its own report has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy.doors.store import Store
from understudy.release.sizes import size_of
from understudy.rows.handle import Humans
from understudy.tasks.profile.anchors import ANCHOR_SEED, anchors_of

Fields = dict[str, Any]


def anchors_at_hand(store: Store, batch: Mapping[str, Any]) -> list[Fields]:
    """The rows of the anchors of the batch's split at the size of its report; none where too little was played for a floor.

    `batch` has profile_key, dataset, split, and the evaluation's objectives, leakage and diagnostics. Measured once for a size.
    """
    size = size_of(batch)
    humans = Humans(store, batch["dataset"], batch["profile_key"])
    return anchors_of(store, humans, batch["split"], size, seed=ANCHOR_SEED) if size else []
