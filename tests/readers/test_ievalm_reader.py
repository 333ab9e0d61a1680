"""The ievalm reader: what a simulator played is read, and not the human dialogue from which it began."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from understudy import readers
from understudy.errors import BadInput
from understudy.readers import Options, ievalm
from understudy.records import Dialogue, Record, Reject

EXAMPLE = Path(__file__).resolve().parents[2] / "examples/readers/ievalm"


def played(**changes: Any) -> dict[str, Any]:
    """A small valid record."""
    said = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}, {"role": "user", "content": "a comedy"}]
    row = {"dialog_id": 7, "turn_id": 2, "context": ["hi"], "resp": "see A (1999)", "rec": ["A (1999)", "B (2001)"]}
    return {**row, "simulator_dialog": {**row, "context": said}, **changes}


def read(path: Path, value: Any) -> list[Record]:
    path.write_text(json.dumps(value))
    return list(ievalm.read([path], Options()))


def labels(dialogue: Record) -> dict[str, str]:
    assert isinstance(dialogue, Dialogue)
    return {one.name: one.value for one in reversed(dialogue.labels) if one.turn_index is None}


def test_the_played_dialogue_is_read_and_the_human_turns_it_begins_with_are_told() -> None:
    plain, concept = list(ievalm.read(ievalm.find(EXAMPLE), Options()))
    assert isinstance(plain, Dialogue)
    assert plain.dialogue_id == "51001_3"
    assert [(turn.role, turn.text) for turn in plain.turns[3:]] == [
        ("recommender", "I would recommend the following items: 1: Mill Road Nine (2010)"),
        ("seeker", "Sorry, I want a film about tea instead."),
        ("recommender", "I would recommend the following items: 1: The Long Kettle (2003)"),
        ("seeker", "That is perfect, thank you!"),
    ]
    told = {"source_dialogue_id": "51001", "target": "The Long Kettle (2003)", "turn_id": "3", "persuasiveness_score": "2", "n_given": "3"}
    assert labels(plain) == told
    assert [(one.name, one.value, one.turn_index) for one in plain.labels if one.turn_index is not None] == [
        ("rec_success", "false", 3), ("rec_success", "true", 5)
    ]  # fmt: skip
    assert isinstance(concept, Dialogue)
    assert concept.dialogue_id == "51002_1_profile4_attribute2"
    assert concept.turns[-1].text == "Lovely, I will watch it. [END]"
    assert labels(concept) == {
        "source_dialogue_id": "51002", "target": "Mill Road Nine (2010)", "attributes": "drama; comedy", "profile": "You are patient.",
        "turn_id": "1", "n_given": "0",
    }  # fmt: skip
    assert not any("wonder" in turn.text for turn in concept.turns)  # what it thought is not what it said


def test_several_dialogues_of_one_row_have_names_of_their_own(tmp_path: Path) -> None:
    records = read(tmp_path / "all.json", [played(), played(), played(dialog_id=8), played(dialog_id=None, turn_id=None)])
    assert [one.dialogue_id for one in records if isinstance(one, Dialogue)] == ["7_2", "7_2#2", "8_2", "all-4"]


def test_the_first_of_several_targets_is_the_one_that_is_measured(tmp_path: Path) -> None:
    (one,) = read(tmp_path / "a.json", played())
    assert labels(one)["target"] == "A (1999)"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"simulator_dialog": 3}, "simulator_dialog: not an object"),
        ({"simulator_dialog": {"context": "hi"}}, "simulator_dialog.context: not a list of messages"),
        ({"simulator_dialog": {"context": [{"role": "user"}]}}, "content: missing"),
        ({"simulator_dialog": {"context": []}}, "a dialogue without messages"),
        ({"rec": "A"}, "rec: not a list of names"),
    ],
)
def test_a_broken_record_is_refused_with_its_reason(change: dict[str, Any], reason: str, tmp_path: Path) -> None:
    _, one = read(tmp_path / "a.json", [played(), played(**change)])
    assert isinstance(one, Reject)
    assert one.reason == reason


def test_the_rows_it_was_played_from_are_not_taken_for_it(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(played()))
    assert readers.claimed_by(tmp_path / "a.json") == {"ievalm"}
    with pytest.raises(BadInput) as caught:
        readers.find("crslab", tmp_path)
    assert "`ievalm`" in caught.value.hint
