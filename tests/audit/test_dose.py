"""Doses: exact, nested, deterministic, of one fault, and the same when they are read back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from understudy import readers
from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.instruments.chosen import ANSWERS
from understudy.instruments.copying import WINDOW
from understudy.readers import Options
from understudy.records import Dialogue
from understudy.rows.handle import Humans
from understudy.studies.dose import doses, wordings
from understudy.studies.dose.doses import Dosed
from understudy.studies.dose.words import DialogueFacts
from understudy.tasks.studies.dose import of_split


@pytest.fixture(scope="module")
def ground(world: Any) -> tuple[list[Dialogue], DialogueFacts]:
    with Store.open(world.store) as store:
        dialogues, known = of_split(Humans(store, "sample", "p"), "select")
    return dialogues[:40], replace(known, donors=known.donors[:80])


def texts(dosed: Dosed) -> dict[tuple[str, int], str]:
    return {(one.dialogue_id, index): turn.text for one in dosed.dialogues for index, turn in enumerate(one.turns)}


def labels(ground: DialogueFacts, dialogues: Sequence[Dialogue], said: dict[tuple[str, int], str]) -> dict[tuple[str, int], str]:
    """The reactions at the points, each read after the recommender's turn before it."""
    turns = {one.dialogue_id: one.turns for one in dialogues}
    places = [place for place in sorted(ground.points) if place in said]
    answers = pl.DataFrame([(turns[name][at - 1].text, said[name, at]) for name, at in places], schema=ANSWERS, orient="row")
    return dict(zip(places, ground.instruments.reactions(answers, ground.titles), strict=True))


@pytest.mark.parametrize("kind", doses.KINDS)
def test_a_dose_is_exact_nested_and_the_same_again(kind: str, ground: tuple[list[Dialogue], DialogueFacts]) -> None:
    dialogues, known = ground
    small, large = (doses.apply(dialogues, known, kind=kind, share=share, seed=3) for share in (0.1, 0.3))
    assert small.n_changed == round(0.1 * small.n_units) > 0
    assert set(small.changed) < set(large.changed)
    assert doses.apply(dialogues[::-1], known, kind=kind, share=0.1, seed=3).changed == small.changed
    one, other, human = texts(small), texts(large), texts(doses.apply(dialogues, known, kind=kind, share=0, seed=3))
    assert {place for place in human if human[place] != one[place]} == set(small.changed)
    assert all(one[place] == other[place] for place in small.changed)
    assert doses.apply(dialogues, known, kind=kind, share=0.1, seed=4).changed != small.changed


def test_only_acceptance_changes_what_a_seeker_takes(ground: tuple[list[Dialogue], DialogueFacts]) -> None:
    dialogues, known = ground
    human = {(one.dialogue_id, index): turn.text for one in dialogues for index, turn in enumerate(one.turns)}
    for kind in doses.KINDS:
        dosed = doses.apply(dialogues, known, kind=kind, share=0.4, seed=0)
        said = texts(dosed)
        sides = [labels(known, dialogues, side) for side in (human, said)]
        before, after = ([side[place] for place in dosed.changed if place in side] for side in sides)
        if kind == "acceptance":
            assert set(dosed.changed) <= known.points
            assert "accept" not in before
            assert set(after) == {"accept"}
        else:
            kept = sum(one == other for one, other in zip(before, after, strict=True))
            assert kept >= 0.97 * len(before), kind


def test_the_fault_stands_in_the_changed_turns(ground: tuple[list[Dialogue], DialogueFacts]) -> None:
    dialogues, known = ground
    made = {kind: doses.apply(dialogues, known, kind=kind, share=0.2, seed=0) for kind in doses.KINDS}
    said = {kind: [texts(one)[place] for place in one.changed] for kind, one in made.items()}
    donated = {turn.text for one in known.donors for turn in one.turns if turn.role == "seeker"}
    assert set(said["copied"]) <= donated
    assert all(len(text.split()) >= WINDOW - 1 for text in said["copied"])
    assert set(said["repeated"]) <= set(wordings.REPEATED)
    named = zip(made["titles"].changed, said["titles"], strict=True)
    assert all(known.catalogue.names(known.targets[name], text) for (name, _), text in named)
    assert all(len(text.split()) >= doses.LONG - 4 for text in said["length"])


@pytest.mark.parametrize(("kind", "share"), [("kindness", 0.1), ("titles", 1.5), ("titles", -0.1), ("titles", float("nan"))])
def test_no_dose_of_that_kind_or_share(kind: str, share: float, ground: tuple[list[Dialogue], DialogueFacts]) -> None:
    with pytest.raises(BadInput):
        doses.apply(*ground, kind=kind, share=share, seed=0)


def test_nothing_to_dose_is_said(ground: tuple[list[Dialogue], DialogueFacts]) -> None:
    with pytest.raises(BadInput, match="cannot be put into"):
        doses.apply(ground[0], DialogueFacts(ground[1].catalogue, ground[1].titles), kind="titles", share=0.1, seed=0)


def test_a_dose_is_read_back_by_messages_as_it_was_written(world: Any) -> None:
    told = world.dose("length", 0.2, name="back.jsonl")
    with Store.open(world.store) as store:
        dosed = doses.apply(*of_split(Humans(store, "sample", "p"), "select"), kind="length", share=0.2, seed=0)
    reader = readers.load("messages")
    found = [one for one in reader.read(readers.find("messages", Path(told["path"])), Options()) if isinstance(one, Dialogue)]
    assert told["n_changed"] == dosed.n_changed
    assert [[(turn.role, turn.text.split()) for turn in one.turns] for one in found] == [
        [(turn.role, turn.text.split()) for turn in one.turns] for one in dosed.dialogues
    ]
    facts = [{label.name: label.value for label in one.labels} for one in found]
    assert [one["source_dialogue_id"] for one in facts] == [one.dialogue_id for one in dosed.dialogues]
    assert sum("scenario" in one for one in facts) > 0
    assert {one["licence"] for one in facts} == {"CC0-1.0"}


def test_the_same_dose_is_the_same_file(world: Any) -> None:
    one, other = (world.dose("acceptance", 0.2, name=name) for name in ("one.jsonl", "two.jsonl"))
    assert one["sha256"] == other["sha256"]
    assert Path(one["path"]).read_bytes() == Path(other["path"]).read_bytes()
    assert world.dose("acceptance", 0.2, seed=1, name="three.jsonl")["sha256"] != one["sha256"]
    assert json.loads(Path(one["path"]).read_text("utf-8").splitlines()[0])["metadata"]["dose"] == "acceptance"
