"""The rows of schema `profile` for the dialogues of a data set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from understudy.instruments.disclosure import ItemIndex
from understudy.keys import canonical_json
from understudy.profile.contexts import Point, points_of, want_of
from understudy.profile.splits import assign, seeker_of
from understudy.profile.talk import DialogueTold, Hints, Reads, has_forms, talks_of
from understudy.profile.telling import disclosed, masked_turns, styles, told_in
from understudy.records import Dialogue, Item, Need, Split

_KEYS = {"profile_key": pl.String, "dialogue_id": pl.String, "seeker_id": pl.String, "split": pl.String}
_LEAKS = {"history_leak": pl.Boolean, "leaked_by": pl.String}
_SEEKERS = {**_KEYS, "need": pl.String, "target": pl.String, "disclosed": pl.String, "style": pl.String, **_LEAKS}
_CONTEXTS = {
    **_KEYS, "context_id": pl.String, "turn_index": pl.Int32, "recommender_id": pl.String, "kind": pl.String, "stratum": pl.String,
    "item_id": pl.String, "need": pl.String, **_LEAKS,
}  # fmt: skip


_AT_ONCE = 10_000
_SUGGESTIONS = {
    "profile_key": pl.String, "dialogue_id": pl.String, "turn_index": pl.Int32, "item_id": pl.String, "reaction": pl.String,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Profiled:
    """What is known of a data set's dialogues: the frames of profile.splits, .seekers, .contexts and .suggestions.

    Without forms (`has_forms`) suggestions and the reactions to them are read from the dialogues; with forms `suggestions` is empty.
    """

    splits: pl.DataFrame
    seekers: pl.DataFrame
    contexts: pl.DataFrame
    suggestions: pl.DataFrame
    has_forms: bool


@dataclass(frozen=True, slots=True)
class TalkReading:
    """How dialogues without forms are read: the log's own annotations of names, and the instrument that reads reactions."""

    hints: Hints
    reads: Reads


def profiled(
    dialogues: Sequence[Dialogue], items: Mapping[str, Item], *, contents: Mapping[str, str], profile_key: str, seed: int,
    reading: TalkReading,
) -> Profiled:  # fmt: skip
    """The frames; `contents` maps dialogue ids to the digests of their content, `reading` is used where the data set has no forms."""
    splits, catalogue, pool = assign(dialogues), ItemIndex(items), sorted(items)
    spoken = masked_turns(dialogues, items)
    style, masked = styles(spoken), _by_dialogue(spoken)
    formed = has_forms(dialogues)
    talks = {} if formed else talks_of(dialogues, masked, catalogue, hints=reading.hints, reads=reading.reads)
    seekers, contexts = _FramePieces(_SEEKERS), _FramePieces(_CONTEXTS)
    for dialogue in dialogues:
        keys, talk = _keys(dialogue, splits[dialogue.dialogue_id], profile_key), talks.get(dialogue.dialogue_id)
        want = want_of(dialogue, catalogue, seed=seed, talk=talk)
        told = disclosed(dialogue, masked.get(dialogue.dialogue_id, {}), catalogue) if talk is None else told_in(talk, items)
        first = [(one.turn_index, one.kind, one.value) for one in told]
        words = {"disclosed": canonical_json(first), "style": canonical_json(style.get(dialogue.dialogue_id))}
        seekers.add([{**keys, "need": canonical_json(want.need), "target": want.target, **words, **_leak(want.leak)}])
        points = points_of(dialogue, catalogue, content=contents[dialogue.dialogue_id], pool=pool, seed=seed, talk=talk)
        contexts.add(_context_rows(points, keys, dialogue.recommender_id))
    frame, suggested = seekers.frame(), _suggestion_rows(talks, profile_key)
    return Profiled(frame.select(*_KEYS), frame, contexts.frame(), suggested, formed)


class _FramePieces:
    """Rows that become a frame. They are mappings a few thousand at a time, since as mappings they take several times the memory."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = dict(schema)
        self._done = [pl.DataFrame(schema=self._schema)]
        self._rows: list[dict[str, Any]] = []

    def add(self, rows: Iterable[dict[str, Any]]) -> None:
        """Adds rows at the end."""
        self._rows += rows
        if len(self._rows) >= _AT_ONCE:
            self._done.append(pl.DataFrame(self._rows, schema=self._schema))
            self._rows = []

    def frame(self) -> pl.DataFrame:
        """All rows, in the order in which they were added."""
        return pl.concat([*self._done, pl.DataFrame(self._rows, schema=self._schema)])


def _context_rows(points: Iterable[Point], keys: Mapping[str, str], recommender_id: str | None) -> Iterator[dict[str, Any]]:
    texts: dict[Need, str] = {}
    for point in points:
        if point.need not in texts:
            texts[point.need] = canonical_json(point.need)
        at = {"context_id": point.context_id, "turn_index": point.turn_index, "recommender_id": recommender_id}
        what = {"kind": point.kind, "stratum": point.stratum, "item_id": point.item_id, "need": texts[point.need]}
        yield {**keys, **at, **what, **_leak(point.leak)}


def _suggestion_rows(talks: Mapping[str, DialogueTold], profile_key: str) -> pl.DataFrame:
    rows = [(profile_key, name, one.turn_index, one.item_id, one.reaction) for name, talk in talks.items() for one in talk.suggestions]
    return pl.DataFrame(rows, schema=_SUGGESTIONS, orient="row")


def _by_dialogue(spoken: pl.DataFrame) -> dict[str, dict[int, str]]:
    turns: dict[str, dict[int, str]] = {}
    for dialogue_id, index, words in spoken.select("dialogue_id", "turn_index", "masked").iter_rows():
        turns.setdefault(dialogue_id, {})[index] = words
    return turns


def _leak(leak: str) -> dict[str, Any]:
    return {"history_leak": bool(leak), "leaked_by": leak}


def _keys(dialogue: Dialogue, split: Split, profile_key: str) -> dict[str, str]:
    return {"profile_key": profile_key, "dialogue_id": dialogue.dialogue_id, "seeker_id": seeker_of(dialogue), "split": split}
