"""The rows of schema `profile` for the dialogues of a data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from understudy.instruments.disclosure import ItemIndex
from understudy.keys import canonical_json
from understudy.profile.contexts import points_of, want_of
from understudy.profile.splits import assign, seeker_of
from understudy.profile.telling import disclosed, masked_turns, styles
from understudy.records import Dialogue, Item, Need, Split

_KEYS = {"profile_key": pl.String, "dialogue_id": pl.String, "seeker_id": pl.String, "split": pl.String}
_LEAKS = {"history_leak": pl.Boolean, "leaked_by": pl.String}
_SEEKERS = {**_KEYS, "need": pl.String, "target": pl.String, "disclosed": pl.String, "style": pl.String, **_LEAKS}
_CONTEXTS = {
    **_KEYS, "context_id": pl.String, "turn_index": pl.Int32, "recommender_id": pl.String, "kind": pl.String, "stratum": pl.String,
    "item_id": pl.String, "need": pl.String, **_LEAKS,
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
    splits, catalogue, pool = assign(dialogues), ItemIndex(items), sorted(items)
    spoken = masked_turns(dialogues, items)
    style, masked = styles(spoken), _by_dialogue(spoken)
    seekers: list[dict[str, Any]] = []
    contexts: list[dict[str, Any]] = []
    for dialogue in dialogues:
        keys = _keys(dialogue, splits[dialogue.dialogue_id], profile_key)
        want = want_of(dialogue, catalogue, seed=seed)
        told = [(one.turn_index, one.kind, one.value) for one in disclosed(dialogue, masked.get(dialogue.dialogue_id, {}), catalogue)]
        talk = {"disclosed": canonical_json(told), "style": canonical_json(style.get(dialogue.dialogue_id))}
        seekers.append({**keys, "need": canonical_json(want.need), "target": want.target, **talk, **_leak(want.leak)})
        texts: dict[Need, str] = {}
        for point in points_of(dialogue, catalogue, content=contents[dialogue.dialogue_id], pool=pool, seed=seed):
            if point.need not in texts:
                texts[point.need] = canonical_json(point.need)
            at = {"context_id": point.context_id, "turn_index": point.turn_index, "recommender_id": dialogue.recommender_id}
            what = {"kind": point.kind, "stratum": point.stratum, "item_id": point.item_id, "need": texts[point.need]}
            contexts.append({**keys, **at, **what, **_leak(point.leak)})
    frame = pl.DataFrame(seekers, schema=_SEEKERS)
    return Profiled(frame.select(*_KEYS), frame, pl.DataFrame(contexts, schema=_CONTEXTS))


def _by_dialogue(spoken: pl.DataFrame) -> dict[str, dict[int, str]]:
    turns: dict[str, dict[int, str]] = {}
    for dialogue_id, index, words in spoken.select("dialogue_id", "turn_index", "masked").iter_rows():
        turns.setdefault(dialogue_id, {})[index] = words
    return turns


def _leak(leak: str) -> dict[str, Any]:
    return {"history_leak": bool(leak), "leaked_by": leak}


def _keys(dialogue: Dialogue, split: Split, profile_key: str) -> dict[str, str]:
    return {"profile_key": profile_key, "dialogue_id": dialogue.dialogue_id, "seeker_id": seeker_of(dialogue), "split": split}
