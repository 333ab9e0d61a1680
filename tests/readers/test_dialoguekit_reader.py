"""The DialogueKit reader: releases that spell things differently are one form, and acts become labels of turns."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard

from understudy.errors import BadInput
from understudy.readers import Options, dialoguekit
from understudy.records import Dialogue, Label, Record, Reject

EXAMPLE = Path(__file__).resolve().parents[2] / "examples/readers/dialoguekit/dialogues.json"


def dialogue(**changes: Any) -> dict[str, Any]:
    """A small valid dialogue."""
    return {
        "conversation_id": "c1",
        "agent": {"id": "bot-4", "type": "AGENT"},
        "user": {"id": "ann", "type": "USER"},
        "conversation": [{"participant": "USER", "utterance": "hi"}, {"participant": "AGENT", "utterance": "hello"}],
        **changes,
    }


def saying(**changes: Any) -> dict[str, Any]:
    """A dialogue of one utterance."""
    return dialogue(conversation=[{"participant": "USER", "utterance": "x", **changes}])


def read(path: Path, content: bytes | list[Any] | dict[str, Any], roles: dict[str, str] | None = None) -> list[Record]:
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return list(dialoguekit.read([path], Options(roles=roles)))


def test_the_example_in_numbers_counted_by_hand() -> None:
    records = list(dialoguekit.read(dialoguekit.find(EXAMPLE.parent), Options()))
    whole = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    assert len(records) == len(whole) == 4
    assert all(isinstance(one, Dialogue) for one in records)
    n_messages = sum(turn.n_messages for one in records if isinstance(one, Dialogue) for turn in one.turns)
    assert n_messages == sum(len(one["conversation"]) for one in whole) == 12
    acts = [label for one in records if isinstance(one, Dialogue) for label in one.labels if label.name == "act"]
    assert len(acts) == sum("intent" in said for one in whole for said in one["conversation"]) + sum(
        len(said.get("dialogue_acts", ())) for one in whole for said in one["conversation"]
    )


def test_both_spellings_of_the_id_and_none(tmp_path: Path) -> None:
    nameless = {key: value for key, value in dialogue().items() if key != "conversation_id"}
    records = read(tmp_path / "a.json", [dialogue(), {**nameless, "conversation ID": 8}, nameless])
    assert [one.dialogue_id for one in records if isinstance(one, Dialogue)] == ["c1", "8", "a-3"]


@pytest.mark.parametrize("spelling", ["USER", "user", " User ", "DialogueParticipant.USER", "SEEKER"])
def test_participants_in_every_spelling(tmp_path: Path, spelling: str) -> None:
    (one,) = read(tmp_path / "a.json", [dialogue(conversation=[{"participant": spelling, "utterance": "hi"}])])
    assert isinstance(one, Dialogue)
    assert one.turns[0].role == "seeker"
    assert (one.seeker_id, one.recommender_id) == ("ann", "bot-4")


def test_the_name_of_a_part_names_nobody(tmp_path: Path) -> None:
    (one,) = read(tmp_path / "a.json", [dialogue(user={"id": "SEEKER"}, agent=None)])
    assert isinstance(one, Dialogue)
    assert (one.seeker_id, one.recommender_id) == (None, None)


def test_acts_slots_and_annotations_belong_to_the_merged_turn(tmp_path: Path) -> None:
    said = [
        {"participant": "USER", "utterance": "hi", "dialogue_acts": [{"intent": "greet", "slots": []}]},
        {"participant": "AGENT", "utterance": "what?", "intent": "ASK", "slot_values": [["GENRE", None]]},
        {"participant": "AGENT", "utterance": "", "dialogue_acts": [{"intent": "ask", "annotations": [{"slot": "YEAR", "value": 1999}]}]},
        {"participant": "USER", "utterance": "x", "annotations": {"movies": ["A  B (1999)", "C"]}},
    ]
    metadata = {"sentiment": "frustrated", "ok": True, "nested": {}, "no": None}
    (one,) = read(tmp_path / "a.json", [dialogue(conversation=said, metadata=metadata)])
    assert isinstance(one, Dialogue)
    assert one.labels == (
        Label("sentiment", "frustrated"),
        Label("ok", "true"),
        Label("act", "greet", 0),
        Label("act", "ASK", 1),
        Label("slot", "GENRE", 1),
        Label("act", "ask", 1),
        Label("slot", "YEAR=1999", 1),
        Label("annotation", "movies=A B (1999)", 2),
        Label("annotation", "movies=C", 2),
    )


@pytest.mark.parametrize("layout", ["list", "pretty", "lines", "lines in .json", "one", "one pretty"])
def test_every_layout_of_a_file(tmp_path: Path, layout: str) -> None:
    two = [dialogue(), dialogue(conversation_id="c2")]
    rows = "".join(json.dumps(one) + "\n" for one in two)
    name, text = {
        "list": ("a.json", json.dumps(two)),
        "pretty": ("a.json", json.dumps(two, indent=2)),
        "lines": ("a.jsonl", rows),
        "lines in .json": ("a.json", rows),
        "one": ("a.json", json.dumps(two[0])),
        "one pretty": ("a.json", json.dumps(two[0], indent=2)),
    }[layout]
    records = read(tmp_path / name, text.encode())
    assert len(records) == (1 if layout.startswith("one") else 2)
    assert all(isinstance(one, Dialogue) for one in records)
    assert dialoguekit.find(tmp_path) == [tmp_path / name]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ([], "not an object"),
        ("x", "not an object"),
        (dialogue(conversation=[]), "conversation: missing or empty"),
        (dialogue(conversation={}), "conversation: missing or empty"),
        (dialogue(conversation=["x"]), "conversation: an utterance is not a text"),
        (dialogue(conversation=[{"participant": "USER", "utterance": None}]), "conversation: an utterance is not a text"),
        (dialogue(conversation=[{"participant": None, "utterance": "x"}]), "a message without the name of its speaker"),
        (dialogue(conversation_id=[]), "conversation_id: missing or not an identifier"),
        (dialogue(metadata=[]), "metadata: not an object"),
        (dialogue(user="ann"), "user: not an object"),
        (dialogue(conversation_id="a\0"), "NUL character"),
        (dialogue(conversation_id="a\ud800"), "half a surrogate pair"),
        (saying(dialogue_acts=3), "dialogue_acts: not a list"),
        (saying(dialogue_acts=["a"]), "dialogue_acts: an act without intent"),
        (saying(annotations=3), "annotations: not a list"),
        (saying(annotations=[[]]), "annotations: not pairs of name and value"),
        (saying(annotations=[["a", [{}]]]), "annotations: a value is nested"),
    ],
)
def test_a_broken_dialogue_is_a_reject_and_reading_goes_on(tmp_path: Path, broken: Any, reason: str) -> None:
    records = read(tmp_path / "a.json", [broken, dialogue()])
    assert [one.reason for one in records if isinstance(one, Reject)] == [reason]
    assert isinstance(records[1], Dialogue)


def test_an_unknown_participant_is_named_with_the_option_and_can_be_told(tmp_path: Path) -> None:
    wizard = [dialogue(conversation=[{"participant": "WIZARD", "utterance": "x"}])]
    _, refused = read(tmp_path / "a.json", [dialogue(), *wizard])
    assert isinstance(refused, Reject)
    assert "'WIZARD'" in refused.reason
    assert "--roles WIZARD=recommender" in refused.reason
    (one,) = read(tmp_path / "a.json", wizard, {"Wizard": "recommender"})
    assert isinstance(one, Dialogue)
    assert one.turns[0].role == "recommender"


def test_lines_that_are_broken_are_rejects(tmp_path: Path) -> None:
    records = read(tmp_path / "a.jsonl", b'{"conv\n[1]\n\xff\xfe\n' + json.dumps(dialogue()).encode())
    assert [one.reason for one in records if isinstance(one, Reject)] == ["not JSON", "not an object", "not UTF-8"]
    assert isinstance(records[-1], Dialogue)


def test_a_whole_file_that_is_broken_is_told(tmp_path: Path) -> None:
    for content in (b'[{"conversation": [', b"[\xff]", b"[" * 100_000):
        with pytest.raises(BadInput):
            read(tmp_path / "a.json", content)
    for content in (b"", b"\n\n"):
        (tmp_path / "empty.json").write_bytes(content)
        with pytest.raises(BadInput):
            dialoguekit.find(tmp_path / "empty.json")
    with pytest.raises(BadInput):
        dialoguekit.find(tmp_path / "nowhere")


@pytest.mark.parametrize("ending", [".gz", ".zst"])
def test_packed_files_are_the_same(tmp_path: Path, ending: str) -> None:
    raw = EXAMPLE.read_bytes()
    packed = tmp_path / f"dialogues.json{ending}"
    packed.write_bytes(gzip.compress(raw) if ending == ".gz" else zstandard.compress(raw))
    assert dialoguekit.find(tmp_path) == [packed]
    assert list(dialoguekit.read([packed], Options())) == list(dialoguekit.read([EXAMPLE], Options()))
