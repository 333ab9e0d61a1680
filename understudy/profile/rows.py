"""The rows of schema `profile` for the dialogues of a data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from understudy.keys import canonical_json
from understudy.profile.contexts import points_of, want_of
from understudy.profile.splits import assign, seeker_of
from understudy.records import Dialogue, Item, Split

_KEYS = {"profile_key": pl.String, "dialogue_id": pl.String, "seeker_id": pl.String, "split": pl.String}
_SEEKERS = {**_KEYS, "need": pl.String, "target": pl.String}
_CONTEXTS = {
    **_KEYS, "context_id": pl.String, "turn_index": pl.Int32, "recommender_id": pl.String, "kind": pl.String, "stratum": pl.String,
    "item_id": pl.String, "need": pl.String,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Profiled:
    """What is known of a data set's dialogues: the frames of profile.splits, .seekers and .contexts."""

    splits: pl.DataFrame
    seekers: pl.DataFrame
    contexts: pl.DataFrame


def profiled(
    dialogues: Sequence[Dialogue], items: Mapping[str, Item], *, contents: Mapping[str, str], profile_key: str, seed: int
) -> Profiled:
    """The frames; `contents` maps dialogue ids to the digests of their content."""
    splits = assign(dialogues)
    pool = sorted(items)
    seekers: list[dict[str, Any]] = []
    contexts: list[dict[str, Any]] = []
    for dialogue in dialogues:
        keys = _keys(dialogue, splits[dialogue.dialogue_id], profile_key)
        want = want_of(dialogue, items, seed=seed)
        seekers.append({**keys, "need": canonical_json(want.need), "target": want.target})
        for point in points_of(dialogue, items, content=contents[dialogue.dialogue_id], pool=pool, seed=seed):
            at = {"context_id": point.context_id, "turn_index": point.turn_index, "recommender_id": dialogue.recommender_id}
            what = {"kind": point.kind, "stratum": point.stratum, "item_id": point.item_id, "need": canonical_json(point.need)}
            contexts.append({**keys, **at, **what})
    frame = pl.DataFrame(seekers, schema=_SEEKERS)
    return Profiled(frame.select(*_KEYS), frame, pl.DataFrame(contexts, schema=_CONTEXTS))


def _keys(dialogue: Dialogue, split: Split, profile_key: str) -> dict[str, str]:
    return {"profile_key": profile_key, "dialogue_id": dialogue.dialogue_id, "seeker_id": seeker_of(dialogue), "split": split}
