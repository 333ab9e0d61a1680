"""From store rows to the values and frames of the domain: what later stages take from ingest and profile.

Every function is given an open store; nothing is written here. Results are in a fixed order. `split` is one of the splits, or one of
the two parts of `select`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Protocol, TypeVar

import polars as pl

from understudy.errors import BadInput
from understudy.profile.contexts import scenario_of, swapped
from understudy.profile.splits import part_of, split_holding
from understudy.prompt.template import Exemplar
from understudy.records import PARTS, Context, Dialogue, Item, Mention, Need, Scenario, Turn

EXEMPLAR_TURNS = 10
EXEMPLAR_LEAST_TURNS = 6
# rows come in order of dialogue, and the needs of a dialogue's contexts are among the last so many
_NEEDS = 64
Made = TypeVar("Made")


class Rows(Protocol):
    """What is needed of a store: the rows of a named query."""

    def frame(self, query: str, **parameters: Any) -> pl.DataFrame:
        """The rows as a frame."""

    def rows(self, query: str, **parameters: Any) -> list[dict[str, Any]]:
        """The rows as plain mappings."""


def current_profile(store: Rows, dataset: str) -> str:
    """The key of the data set's profile that was made last. Raises BadInput where there is none."""
    found = store.rows("profile/latest", dataset=dataset)
    if not found:
        raise BadInput(f"the data set {dataset!r} has no profile", hint=f"run `understudy profile --dataset {dataset}` first")
    return str(found[0]["profile_key"])


def load_items(store: Rows, dataset: str) -> dict[str, Item]:
    """The catalogue, item id → item, in order of id."""
    return {row["item_id"]: _item(row) for row in store.rows("ingest/items", dataset=dataset)}


def load_dialogues(store: Rows, dataset: str) -> list[Dialogue]:
    """Every human dialogue of a data set, in order of id; mentions in order of item id."""
    turns = _grouped(_one_by_one(store, "ingest/turns", dataset=dataset), _turn)
    mentions = _grouped(_one_by_one(store, "ingest/mentions", dataset=dataset), _mention)
    return [
        Dialogue(
            dialogue_id=row["dialogue_id"],
            turns=tuple(turns.get(row["dialogue_id"], ())),
            mentions=tuple(mentions.get(row["dialogue_id"], ())),
            seeker_id=row["seeker_id"],
            recommender_id=row["recommender_id"],
            official_split=row["official_split"],
        )
        for row in _one_by_one(store, "ingest/dialogues", dataset=dataset)
    ]


def load_contexts(store: Rows, profile_key: str, split: str) -> list[Context]:
    """Every replay context of a split with its history, in order of dialogue and turn.

    `stratum` is None for behaviour contexts. In a decoy's history the last turn recommends the decoy.
    """
    items = load_items(store, _dataset(store, profile_key))
    turns = _turns(store, profile_key, split)
    # most contexts of a dialogue have one need, and a log has more contexts than anything else
    need = lru_cache(_NEEDS)(need_from)
    rows = _of_profile(store, "profile/contexts", profile_key, split)
    return [_context(row, turns[row["dialogue_id"]], items, need(row["need"])) for row in rows]


def load_scenarios(store: Rows, profile_key: str, split: str) -> list[Scenario]:
    """The free runs that can be played for the seekers of a split, in order of dialogue."""
    items = load_items(store, _dataset(store, profile_key))
    rows = _of_profile(store, "profile/wants", profile_key, split)
    return [
        scenario_of(row["dialogue_id"], row["content_sha256"], need_from(row["need"]), items[row["target"]], opener=row["opener"])
        for row in rows
    ]


def load_exemplars(store: Rows, profile_key: str) -> dict[str, Exemplar]:
    """Dialogue id → example for a prompt: dialogues of the exemplar split with at least 6 turns, the first 10 of them."""
    return {
        dialogue_id: Exemplar(dialogue_id, tuple(turns[:EXEMPLAR_TURNS]))
        for dialogue_id, turns in _turns(store, profile_key, "exemplar", lending=True).items()
        if len(turns) >= EXEMPLAR_LEAST_TURNS and all(turn.text for turn in turns[:EXEMPLAR_TURNS])
    }


def load_human_turns(store: Rows, profile_key: str, split: str | None = None) -> pl.DataFrame:
    """HUMAN_TURNS: split, dialogue_id, seeker_id, recommender_id, turn_index, role, text, item_ids; None is all splits.

    `lends_text` is false for dialogues that are there for their labels: they are measured, and in nothing that is played.
    """
    return frame_of(store, "profile/turns", profile_key, split).drop("n_messages")


def load_human_reactions(store: Rows, profile_key: str, split: str) -> pl.DataFrame:
    """REACTIONS: context_id, dialogue_id, seeker_id, recommender_id, stratum, item_id, answered, text; no decoys."""
    return frame_of(store, "profile/reactions", profile_key, split)


def load_human_behaviour(store: Rows, profile_key: str, split: str) -> pl.DataFrame:
    """BEHAVIOUR: dialogue_id, seeker_id, recommender_id, turn_index, previous, text; every seeker turn that has words."""
    return frame_of(store, "profile/behaviour", profile_key, split)


def load_targets(store: Rows, profile_key: str, split: str) -> pl.DataFrame:
    """dialogue_id, target (item id): the item that each seeker is taken to look for."""
    return frame_of(store, "profile/targets", profile_key, split)


def load_context_turns(store: Rows, profile_key: str, split: str) -> pl.DataFrame:
    """Per context: context_id, dialogue_id, seeker_id, recommender_id, turn_index, previous, answered."""
    found = frame_of(store, "profile/context_turns", profile_key, split)
    decoys = found.filter(pl.col("named_id").is_not_null())
    items = load_items(store, _dataset(store, profile_key)) if len(decoys) else {}
    heard = {
        name: swapped(Turn("recommender", text), items[named_id], items[item_id]).text
        for name, text, named_id, item_id in decoys.select("context_id", "answered", "named_id", "item_id").iter_rows()
    }
    told = pl.coalesce(pl.col("context_id").replace_strict(heard, default=None, return_dtype=pl.String), "answered")
    return found.with_columns(answered=told).drop("named_id", "item_id")


def frame_of(store: Rows, query: str, profile_key: str, split: str | None) -> pl.DataFrame:
    """The rows of a query that has a column dialogue_id, over one split, one part of `select`, or everything (None)."""
    if split is None or split not in PARTS:
        return store.frame(query, profile_key=profile_key, split=split)
    found = store.frame(query, profile_key=profile_key, split=split_holding(split))
    return found.filter(pl.col("dialogue_id").is_in(sorted(members_of(store, profile_key, split))))


def members_of(store: Rows, profile_key: str, split: str) -> dict[str, str]:
    """Dialogue id → seeker id, of one split or of one part of `select`."""
    rows = store.rows("profile/members", profile_key=profile_key, split=split_holding(split))
    return {row["dialogue_id"]: row["seeker_id"] for row in rows if split not in PARTS or part_of(row["seeker_id"]) == split}


def need_from(text: str) -> Need:
    """The need that a row holds as JSON."""
    return Need(**{name: tuple(values) for name, values in json.loads(text).items()})


def _dataset(store: Rows, profile_key: str) -> str:
    found = store.rows("profile/profile", profile_key=profile_key)
    if not found:
        raise BadInput(f"there is no profile {profile_key}", hint="run `understudy profile` first")
    return str(found[0]["dataset"])


def _one_by_one(store: Rows, query: str, **parameters: Any) -> Iterator[dict[str, Any]]:
    """The rows of a query of which there are many: as a frame they take a tenth of the memory that they take as mappings."""
    return store.frame(query, **parameters).iter_rows(named=True)


def _of_profile(store: Rows, query: str, profile_key: str, split: str) -> Iterator[dict[str, Any]]:
    rows = _one_by_one(store, query, profile_key=profile_key, split=split_holding(split))
    if split not in PARTS:
        return rows
    members = members_of(store, profile_key, split)
    return (row for row in rows if row["dialogue_id"] in members)


def _turns(store: Rows, profile_key: str, split: str, *, lending: bool = False) -> dict[str, list[Turn]]:
    rows = (row for row in _of_profile(store, "profile/turns", profile_key, split) if row["lends_text"] or not lending)
    return _grouped(rows, _turn)


def _context(row: Mapping[str, Any], turns: list[Turn], items: Mapping[str, Item], need: Need) -> Context:
    history = turns[: row["turn_index"]]
    if row["named_id"] is not None:
        history = [*history[:-1], swapped(history[-1], items[row["named_id"]], items[row["item_id"]])]
    return Context(
        context_id=row["context_id"],
        dialogue_id=row["dialogue_id"],
        turn_index=row["turn_index"],
        stratum=row["stratum"],
        item_id=row["item_id"],
        need=need,
        history=tuple(history),
    )


def _grouped(rows: Iterable[Mapping[str, Any]], made: Callable[[Mapping[str, Any]], Made]) -> dict[str, list[Made]]:
    """Dialogue id → what is made of each of its rows, in their order."""
    groups: dict[str, list[Made]] = {}
    for row in rows:
        groups.setdefault(row["dialogue_id"], []).append(made(row))
    return groups


def _item(row: Mapping[str, Any]) -> Item:
    lists = {name: tuple(row[name]) for name in ("genres", "people", "aliases")}
    return Item(item_id=row["item_id"], title=row["title"], year=row["year"], plot=row["plot"], **lists)


def _turn(row: Mapping[str, Any]) -> Turn:
    return Turn(row["role"], row["text"], row["n_messages"], tuple(row["item_ids"]))


def _mention(row: Mapping[str, Any]) -> Mention:
    return Mention(row["item_id"], row["suggested"], row["seen"], row["liked"])
