"""Who speaks: a file whose speakers nobody knows is an error that lists them, in every format that takes `--roles`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from understudy import readers
from understudy.errors import BadInput
from understudy.readers import Options
from understudy.readers._field_map import FieldMap
from understudy.records import Dialogue, Reject

SAID = [("Ann", "hi"), ("Desk 7", "yes?"), ("Ann", "a comedy")]
FORMATS: dict[str, Any] = {
    "messages": lambda said: {"messages": [{"role": who, "content": text} for who, text in said]},
    "dialoguekit": lambda said: {"conversation": [{"participant": who, "utterance": text} for who, text in said]},
    "crslab": lambda said: {"conv_id": 1, "dialog": [{"role": who, "text": text} for who, text in said]},
    "ievalm": lambda said: {"simulator_dialog": {"context": [{"role": who, "content": text} for who, text in said]}},
    "fields": lambda said: {"t": [{"w": who, "x": text} for who, text in said]},
}
MAP = FieldMap(turns=("t",), speaker=("w",), text=("x",))
SHAPES: dict[str, tuple[str, Any]] = {
    "messages in messages": ("messages", lambda said: {"messages": said}),
    "messages in conversation": ("messages", lambda said: {"conversation": said}),
    "messages in conversations": ("messages", lambda said: {"conversations": said}),
    "messages in history": ("messages", lambda said: {"history": said}),
}
every_format = pytest.mark.parametrize("name", sorted(FORMATS))


def read(name: str, path: Path, *said: list[tuple[str, str]], roles: dict[str, str] | None = None) -> list[Any]:
    path.write_text(json.dumps([FORMATS[name](one) for one in said]))
    return list(readers.load(name).read([path], Options(roles, MAP if name == "fields" else None)))


@every_format
def test_speakers_that_nobody_knows_are_listed_with_the_option_that_tells_them(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        read(name, tmp_path / "a.json", SAID, SAID)
    assert "'Ann' (4 messages), 'Desk 7' (2 messages)" in caught.value.message
    assert "--roles Ann=seeker,Desk 7=recommender, or the other way round" in caught.value.hint


@every_format
def test_with_their_roles_they_are_read(name: str, tmp_path: Path) -> None:
    (one,) = read(name, tmp_path / "a.json", SAID, roles={"ann": "seeker", "desk 7": "recommender"})
    assert [turn.role for turn in one.turns] == ["seeker", "recommender", "seeker"]


@every_format
def test_the_role_that_is_left_is_proposed_for_one_unknown_speaker(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        read(name, tmp_path / "a.json", [("user", "hi"), ("Desk 7", "yes?")])
    assert "'user' (1 messages, the seeker)" in caught.value.message
    assert caught.value.hint.endswith("--roles Desk 7=recommender")


@every_format
def test_one_dialogue_of_strangers_among_others_is_a_reject(name: str, tmp_path: Path) -> None:
    one, other = read(name, tmp_path / "a.json", [("seeker", "hi"), ("recommender", "yes?")], SAID)
    assert isinstance(one, Dialogue)
    assert isinstance(other, Reject)
    assert other.reason.startswith("role 'Ann', 'Desk 7' is not known")


@pytest.mark.parametrize("shape", sorted(SHAPES))
@pytest.mark.parametrize("keys", [("role", "content"), ("from", "value")])
def test_chats_under_every_usual_name(shape: str, keys: tuple[str, str], tmp_path: Path) -> None:
    name, form = SHAPES[shape]
    said = [dict(zip(keys, pair, strict=True)) for pair in (("user", "hi"), ("assistant", "yes?"))]
    (tmp_path / "a.json").write_text(json.dumps([form(said)]))
    assert readers.claimed_by(tmp_path / "a.json") == {name}
    (one,) = list(readers.load(name).read(readers.find(name, tmp_path), Options()))
    assert isinstance(one, Dialogue)
    assert [(turn.role, turn.text) for turn in one.turns] == [("seeker", "hi"), ("recommender", "yes?")]


@pytest.mark.parametrize("key", ["utterance", "text"])
def test_utterances_of_participants_are_dialoguekits(key: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(
        json.dumps([{"utterances": [{"participant": "USER", key: "hi"}, {"participant": "AGENT", key: "yes?"}]}])
    )
    assert readers.claimed_by(tmp_path / "a.json") == {"dialoguekit"}
    (one,) = list(readers.load("dialoguekit").read(readers.find("dialoguekit", tmp_path), Options()))
    assert isinstance(one, Dialogue)
    assert [(turn.role, turn.text) for turn in one.turns] == [("seeker", "hi"), ("recommender", "yes?")]
