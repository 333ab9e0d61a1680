"""Between rows and values of the later stages: genomes and played dialogues. Every function is given an open store."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Protocol

import polars as pl

from understudy.errors import BadInput
from understudy.instruments.chosen import Instruments, chosen
from understudy.keys import canonical_json
from understudy.measure.reference import Human
from understudy.play.dialogue import Played, PlayedTurn
from understudy.play.satisfaction import Score, satisfaction_key
from understudy.profile.anchors import Anchor
from understudy.prompt.genome import Genome
from understudy.prompt.structured import Invalid
from understudy.records import PARTS
from understudy.rows import humans

_COLUMNS: dict[str, Any] = {
    "play_key": pl.String,
    "profile_key": pl.String,
    "mode": pl.String,
    "scenario_id": pl.String,
    "dialogue_id": pl.String,
    "genome_digest": pl.String,
    "replicate": pl.Int64,
    "recommender": pl.String,
    "model": pl.String,
    "engine": pl.String,
    "status": pl.String,
    "reason": pl.String,
    "stratum": pl.String,
    "item_id": pl.String,
    "target": pl.String,
    "title_in_prompt": pl.Boolean,
    "n_turns": pl.Int64,
    "n_tokens": pl.Int64,
    "work_tokens": pl.Int64,
    "n_stripped": pl.Int64,
    "n_redone": pl.Int64,
    "n_unchecked": pl.Int64,
    "n_cut": pl.Int64,
    "n_normalised": pl.Int64,
    "n_recounted": pl.Int64,
    "n_prompts_cut": pl.Int64,
    "asked_again": pl.String,
}
_TURN_COLUMNS: dict[str, Any] = {
    "play_key": pl.String,
    "turn_index": pl.Int64,
    "role": pl.String,
    "text": pl.String,
    "item_ids": pl.List(pl.String),
    "ranked_ids": pl.List(pl.String),
    "n_ungrounded": pl.Int64,
    "plan": pl.String,
}
_SATISFACTION_COLUMNS: dict[str, Any] = {
    "satisfaction_key": pl.String,
    "play_key": pl.String,
    "model": pl.String,
    "satisfaction": pl.Int64,
    "reason": pl.String,
}


class Writable(humans.Rows, Protocol):
    """What is needed of a store to write rows."""

    def add(self, table: str, rows: pl.DataFrame) -> int:
        """How many rows were new."""


def load_human(store: humans.Rows, profile_key: str, split: str, dataset: str) -> Human:
    """The humans of a split, as the objectives take them."""
    return Human(
        reactions=humans.load_human_reactions(store, profile_key, split),
        behaviour=humans.load_human_behaviour(store, profile_key, split),
        turns=_with_other_part(humans.load_human_turns(store, profile_key), store, profile_key, split),
        items=humans.load_items(store, dataset),
        targets=humans.load_targets(store, profile_key, split),
        instruments=load_instruments(store, profile_key),
    )


def _with_other_part(turns: pl.DataFrame, store: humans.Rows, profile_key: str, split: str) -> pl.DataFrame:
    """The turns of every split; where the humans are one part of `select`, the other part is named as a split of its own."""
    if split not in PARTS:
        return turns
    (other,) = (part for part in PARTS if part != split)
    theirs = pl.col("dialogue_id").is_in(sorted(humans.members_of(store, profile_key, other)))
    return turns.with_columns(split=pl.when(theirs).then(pl.lit(other)).otherwise("split"))


def load_instruments(store: humans.Rows, profile_key: str) -> Instruments:
    """The instruments that read both sides of a profile."""
    found = {row["name"]: json.loads(row["parameters"]) for row in store.rows("profile/instruments", profile_key=profile_key)}
    return chosen({name: found.get(name, {}) for name in ("reaction", "act")})


def load_genome(store: humans.Rows, genome_digest: str) -> Genome:
    """The genome of a digest. Raises BadInput where the store does not hold it."""
    found = store.rows("play/genome", genome_digest=genome_digest)
    if not found:
        raise BadInput(
            f"there is no genome {genome_digest} in the store", hint="use the file that `understudy optimize` reports as its pick"
        )
    return Genome.from_json(json.loads(found[0]["genome"]))


def keep_genomes(store: Writable, genomes: Iterable[Genome], *, setting: str) -> None:
    """Writes genomes under the setting that they come from."""
    rows = [(one.digest, setting, canonical_json(one.as_json())) for one in genomes]
    schema = {"genome_digest": pl.String, "setting": pl.String, "genome": pl.String}
    store.add("play.genomes", pl.DataFrame(rows, schema=schema, orient="row").unique("genome_digest", keep="first", maintain_order=True))


def load_played(store: humans.Rows, play_keys: Sequence[str]) -> dict[str, Played]:
    """play_key → the dialogue as it was played, for those of `play_keys` that are there."""
    turns: dict[str, list[PlayedTurn]] = {}
    for row in store.rows("play/turns", play_keys=list(play_keys)):
        turn = PlayedTurn(row["role"], row["text"], tuple(row["item_ids"]), tuple(row["ranked_ids"]), row["n_ungrounded"], row["plan"])
        turns.setdefault(row["play_key"], []).append(turn)
    found = store.rows("play/dialogues", play_keys=list(play_keys))
    return {row["play_key"]: _played(row, turns.get(row["play_key"], [])) for row in found}


def keep_played(store: Writable, played: Iterable[Played], *, profile_key: str) -> None:
    """Writes played dialogues with their turns; those that are there stay as they are."""
    unique = {one.play_key: one for one in played}.values()
    rows = [tuple(_cell(one, name, profile_key) for name in _COLUMNS) for one in unique]
    store.add("play.dialogues", pl.DataFrame(rows, schema=_COLUMNS, orient="row"))
    turns = [
        (one.play_key, index, turn.role, turn.text, list(turn.item_ids), list(turn.ranked_ids), turn.n_ungrounded, turn.plan)
        for one in unique
        for index, turn in enumerate(one.turns)
    ]
    store.add("play.turns", pl.DataFrame(turns, schema=_TURN_COLUMNS, orient="row"))


def _played(row: Mapping[str, Any], turns: Sequence[PlayedTurn]) -> Played:
    counted = None if row["asked_again"] is None else json.loads(row["asked_again"])
    return Played(**{**row, "asked_again": counted}, turns=tuple(turns))


def _cell(one: Played, name: str, profile_key: str) -> object:
    if name == "asked_again":
        return None if one.asked_again is None else canonical_json(dict(one.asked_again))
    return profile_key if name == "profile_key" else getattr(one, name)


def load_satisfactions(store: humans.Rows, satisfaction_keys: Sequence[str]) -> dict[str, tuple[int | None, str]]:
    """satisfaction_key → score and, where there is none, why; for those of the keys that are there."""
    found = store.rows("play/satisfactions", satisfaction_keys=list(satisfaction_keys))
    return {row["satisfaction_key"]: (row["satisfaction"], row["reason"]) for row in found}


def keep_satisfactions(store: Writable, scores: Mapping[str, Score | Invalid], *, model: str) -> int:
    """Writes what `model` said of played dialogues, by play_key; how many were new."""
    rows = [
        (satisfaction_key(play_key, model), play_key, model, *((None, one.reason) if isinstance(one, Invalid) else (one.satisfaction, "")))
        for play_key, one in scores.items()
    ]
    return store.add("play.satisfactions", pl.DataFrame(rows, schema=_SATISFACTION_COLUMNS, orient="row"))


def candidate_frame(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows of optimize.candidates; typed, since a first generation has no parents from which a type could be guessed."""
    texts = ("run_key", "genome_digest", "operator", "status", "reason")
    schema: dict[str, Any] = dict.fromkeys(texts, pl.String)
    numbers = ("generation", "position", "n_critic_tokens", "critic_work_tokens", "place")
    schema |= {**dict.fromkeys(numbers, pl.Int64), "parents": pl.List(pl.String)}
    return pl.DataFrame(list(rows), schema=schema)


def anchor_frame(anchors: Sequence[Anchor], *, profile_key: str) -> pl.DataFrame:
    """Rows of profile.anchors, and without their size of profile.sized_anchors; typed, since what was not measured has no number."""
    numbers = ("value", "lo", "hi", "floor", "floor_lo", "floor_hi", "signed_lo", "signed_hi")
    schema: dict[str, Any] = dict.fromkeys(("profile_key", "name", "split", "reason"), pl.String)
    schema |= {**dict.fromkeys(numbers, pl.Float64), "n": pl.Int64, "n_floor": pl.Int64}
    return pl.DataFrame([{"profile_key": profile_key, **asdict(one)} for one in anchors], schema=schema)
