"""The dialogues of a batch for people to read, or those behind a bound that it failed, with the turns that are to blame marked."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, TypedDict

import polars as pl

from understudy.doors import checks
from understudy.doors.reading_copy import SnapshotFields, readable
from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.instruments.disclosure import ItemIndex
from understudy.measure.reference import Reference
from understudy.play import cases
from understudy.play.dialogue import Played
from understudy.records import Context
from understudy.release.advice import Advice, advice_on, advice_on_quarantine
from understudy.release.failing import Behind, Mark, has_marks, marks
from understudy.rows import played as rows
from understudy.rows.handle import Humans
from understudy.rows.named import batch_key_of
from understudy.tasks.optimize.generations import evaluation_of
from understudy.tasks.validate.canaries import canaries_of

N_SHOWN = 10
TABLE_SUITES = ("synthetic_dialogues", "synthetic_turns")
_OF_REPLAYS = (
    "objectives.positive", "objectives.diversity", "objectives.behavioural", "diagnostics.over", "diagnostics.decoy", "facts.corrected",
)  # fmt: skip
QUARANTINED = "facts.quarantined"
_WHOLE = "it is a property of the batch as a whole, and no dialogue is behind it"


class TurnFields(TypedDict):
    """What was said; `marks` says why the turn is to blame. `of_log`: the turn stands in the human log and was not simulated."""

    speaker: str
    text: str
    of_log: bool
    marks: list[str]


class HumanFields(TypedDict):
    """What the human said in the place of what was simulated: the turn at `turn_index` of a dialogue, or all of it (None)."""

    dialogue_id: str
    turn_index: int | None
    turns: list[TurnFields]


class DialogueFields(TypedDict):
    """A dialogue of the batch, or a replayed turn after the human turns before it; `reasons` why it is shown.

    `human`: the dialogue of the log that it was made from.
    """

    id: str
    engine: str
    kind: str
    status: str
    turns: list[TurnFields]
    reasons: list[str]
    human: HumanFields


class DialoguesFields(TypedDict):
    """The fields of `understudy dialogues`; `n_matching` counts those that could be shown."""

    snapshot: SnapshotFields | None
    batch: str
    batch_key: str
    dataset: str
    failing: str | None
    n_matching: int
    dialogues: list[DialogueFields]


def batch_dialogues(path: Path, batch: str, *, dataset: str | None, failing: str | None, n: int) -> DialoguesFields:
    """The fields of `understudy dialogues`. Raises BadInput."""
    with readable(path) as reading:
        shown = Shown(reading.store, batch_key_of(reading.store, batch, dataset))
        found = shown.all() if failing is None else shown.behind(failing)
        return {
            "snapshot": reading.snapshot, "batch": batch, "batch_key": shown.batch_key, "dataset": shown.row["dataset"],
            "failing": failing, "n_matching": len(found), "dialogues": [shown.dialogue(key, found[key]) for key in list(found)[:n]],
        }  # fmt: skip


class Shown:
    """The dialogues of one batch over an open store."""

    def __init__(self, store: Store, batch_key: str) -> None:
        self._store, self.batch_key = store, batch_key
        found = store.rows("validate/batch", batch_key=batch_key)
        if not found:
            raise BadInput(f"the store does not hold the figures of batch {batch_key}", hint="run `understudy simulate` to play one")
        self.row: Mapping[str, Any] = found[0]
        self._humans = Humans(store, self.row["dataset"], self.row["profile_key"])
        members = [str(one["play_key"]) for one in store.rows("simulate/members", batch_key=batch_key)]
        replays = [str(one["play_key"]) for one in store.rows("simulate/replays", batch_key=batch_key)]
        self._members, self._replays = members, replays
        self._played = rows.load_played(store, [*members, *replays])
        self._quarantined = {one["play_key"]: list(one["reasons"]) for one in store.rows("validate/quarantine", batch_key=batch_key)}

    def all(self) -> dict[str, list[Mark]]:
        """Every dialogue of the batch, those in quarantine first."""
        first = [*self._quarantined, *(key for key in self._members if key not in self._quarantined)]
        return {key: [] for key in first if key in self._played}

    def behind(self, failing: str) -> dict[str, list[Mark]]:
        """The dialogues behind the bound SUITE/EXPECTATION with their marks, the worst first. Raises BadInput."""
        suite, _, name = failing.partition("/")
        expectation = _expectation(suite, name)
        if suite in TABLE_SUITES:
            reason = str(expectation.meta.get("reason", ""))
            return {key: [Mark(key, None, reason)] for key, reasons in self._quarantined.items() if reason in reasons}
        figure = str(expectation.meta.get("figure", ""))
        if figure.startswith(_OF_REPLAYS) and not self._replays:
            raise BadInput(f"{failing} rests on replayed turns, which were not recorded for this batch", hint="play a new batch")
        if figure == QUARANTINED:
            return {key: [Mark(key, None, one) for one in reasons] for key, reasons in self._quarantined.items()}
        if not has_marks(figure):
            raise BadInput(f"{failing} cannot be shown by dialogues: {_WHOLE}", hint="`understudy validate` tells its value and bound")
        grouped: dict[str, list[Mark]] = {}
        for mark in marks(figure, self._evidence):
            grouped.setdefault(mark.play_key, []).append(mark)
        return grouped

    def dialogue(self, play_key: str, marked: Sequence[Mark]) -> DialogueFields:
        """One dialogue with its marks; where none is of a turn, with the turns that give its target away."""
        one = self._played[play_key]
        shown = list(marked) if any(mark.turn is not None for mark in marked) else [*marked, *self._given_away(one)]
        context = self._contexts().get(one.scenario_id) if one.mode != "free" else None
        before = [_turn(turn.role, turn.text, of_log=True) for turn in context.history] if context else []
        after = [_turn(turn.role, turn.text, [mark.why for mark in shown if mark.turn == at]) for at, turn in enumerate(one.turns)]
        whole = [mark.why for mark in shown if mark.turn is None]
        reasons = list(dict.fromkeys([*self._quarantined.get(play_key, []), *whole, *(why for turn in after for why in turn["marks"])]))
        return {
            "id": play_key, "engine": one.engine, "kind": "free run" if one.mode == "free" else "replayed turn", "status": one.status,
            "turns": [*before, *after], "reasons": reasons, "human": self._human(one, context),
        }  # fmt: skip

    def advice(self, failing: str) -> tuple[Advice, str] | None:
        """Which section of the prompt to look at for a bound, and the text of that section; None where none decides the figure."""
        suite, _, name = failing.partition("/")
        figure = str(_expectation(suite, name).meta.get("figure", ""))
        kind, _, objective = figure.partition(".")
        known = json.loads(self.row["objectives"]).get(objective, {}) if kind == "objectives" else {}
        signed = {part: one.get("value") for part, one in (known.get("signed") or {}).items()}
        reasons = Counter(reason for reasons in self._quarantined.values() for reason in reasons)
        found = advice_on_quarantine(reasons) if figure == QUARANTINED else advice_on(figure, signed)
        return None if found is None else (found, rows.load_genome(self._store, self.row["genome_digest"]).sections[found.section])

    def _human(self, one: Played, context: Context | None) -> HumanFields:
        """What the log has in the place of a simulated dialogue or turn."""
        said = self._humans.once("turns by dialogue", lambda: _by_dialogue(self._humans.turns())).get(one.dialogue_id, [])
        place = None if context is None else context.turn_index
        shown = [_turn(role, text, of_log=True) for at, role, text in said if place in (None, at)]
        return {"dialogue_id": one.dialogue_id, "turn_index": place, "turns": shown}

    def _given_away(self, one: Played) -> list[Mark]:
        if one.mode != "free":
            return []
        catalogue = self._humans.once("catalogue as it is disclosed", lambda: ItemIndex(self._humans.items))
        told = cases.given_away(one, catalogue)
        return [Mark(one.play_key, at, cases.NOTES[kind]) for at, kinds in told.items() for kind in sorted(kinds)]

    def _contexts(self) -> dict[str, Context]:
        return self._humans.contexts(self.row["split"])

    @cached_property
    def _evidence(self) -> Behind:
        """What every bound rests on: read once, whichever bounds are shown."""
        split, humans = self.row["split"], self._humans
        reference: Reference = humans.reference(split, seed=self.row["seed"])
        words = cases.HumanTurns.of(humans.reactions(split), humans.behaviour(split))
        everything = list(self._played.values())
        read = cases.cases(everything, contexts=self._contexts(), humans=words, reference=reference, with_decoys=True)
        measured = evaluation_of(self._store.rows("optimize/evaluation", evaluation_key=self.row["evaluation_key"])[0]).objectives
        signed = {name: {part: one.value for part, one in value.signed.items()} for name, value in measured.items()}
        return Behind(everything, read, signed, reference, canaries_of(self._store, self.row["dataset"]))


def _by_dialogue(turns: pl.DataFrame) -> dict[str, list[tuple[int, str, str]]]:
    """Dialogue → place, speaker and text of its turns in their order."""
    found: dict[str, list[tuple[int, str, str]]] = {}
    for dialogue, *turn in turns.sort("dialogue_id", "turn_index").select("dialogue_id", "turn_index", "role", "text").iter_rows():
        found.setdefault(dialogue, []).append((turn[0], turn[1], turn[2]))
    return found


def _turn(speaker: str, text: str, found: Sequence[str] = (), *, of_log: bool = False) -> TurnFields:
    return {"speaker": speaker, "text": text, "of_log": of_log, "marks": list(found)}


def _expectation(suite: str, name: str) -> checks.Expectation:
    """The expectation of a suite. Raises BadInput that lists what there is."""
    suites = checks.suites()
    if suite not in suites:
        named = ", ".join(sorted(suites))
        raise BadInput(f"there is no suite {suite!r}", hint=f"write --failing SUITE/EXPECTATION; the suites are {named}")
    known = {one.name: one for one in suites[suite]}
    if name not in known:
        raise BadInput(f"the suite {suite} has no expectation {name!r}", hint=f"name one of {', '.join(known)}")
    return known[name]
