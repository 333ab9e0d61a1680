"""The CCPE-M reader: annotations stay with their turn, films marked by name are items, and a file is one JSON value."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from understudy import readers
from understudy.errors import BadInput
from understudy.readers import ccpe
from understudy.records import Dialogue, Item, Label, Record, Reject

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "readers" / "ccpe"


def utterance(**changes: Any) -> dict[str, Any]:
    return {"index": 0, "speaker": "USER", "text": "hello", **changes}


def conversation(*utterances: Any, **changes: Any) -> dict[str, Any]:
    return {"conversationId": "CCPE-1", "utterances": list(utterances or [utterance()]), **changes}


def segment(**changes: Any) -> dict[str, Any]:
    return {"startIndex": 0, "endIndex": 5, "text": "hello", "annotations": [], **changes}


def read(tmp_path: Path, whole: Any) -> list[Record]:
    (tmp_path / "data.json").write_bytes(whole if isinstance(whole, bytes) else json.dumps(whole).encode())
    return list(ccpe.read([tmp_path / "data.json"], readers.Options()))


def dialogues(records: list[Record]) -> list[Dialogue]:
    return [one for one in records if isinstance(one, Dialogue)]


def reasons(records: list[Record]) -> list[str]:
    return [one.reason for one in records if isinstance(one, Reject)]


def test_the_user_is_the_seeker_and_annotations_are_labels_of_the_turn() -> None:
    first, _, last = dialogues(list(ccpe.read(ccpe.find(EXAMPLE), readers.Options())))
    assert [turn.role for turn in first.turns] == ["recommender", "seeker", "recommender", "seeker", "recommender"]
    assert first.turns[3].n_messages == 2
    assert (first.turns[4].text, first.turns[4].n_messages) == ("", 1)  # an empty message is a message
    assert {one for one in first.labels if one.turn_index == 3} == {
        Label("preference", "ENTITY_NAME/MOVIE_OR_SERIES/The Lantern Census", 3),
        Label("preference", "ENTITY_PREFERENCE/MOVIE_OR_SERIES/it never hurries", 3),
        Label("preference", "ENTITY_DESCRIPTION/MOVIE_OR_SERIES/it never hurries", 3),
    }
    assert last.labels == ()


def test_only_films_marked_by_name_are_items_and_an_item_comes_once() -> None:
    records = list(ccpe.read(ccpe.find(EXAMPLE), readers.Options()))
    assert [one.title for one in records if isinstance(one, Item)] == ["The Lantern Census", "Mill Road Nine"]
    assert dialogues(records)[1].turns[1].item_ids == ("title:the lantern census",)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ([], "not an object"),
        (None, "not an object"),
        (conversation(conversationId=None), "conversationId: missing or not an identifier"),
        (conversation(utterances={}), "utterances: not a list of objects"),
        (conversation("hello"), "utterances: not a list of objects"),
        (conversation(utterances=[]), "a dialogue without messages"),
        ({"conversationId": "x"}, "a dialogue without messages"),
        (conversation(utterance(text=None)), "text: not a text"),
        (conversation({"speaker": "USER"}), "text: missing"),
        (conversation(utterance(speaker="SYSTEM")), "speaker: neither USER nor ASSISTANT"),
        (conversation(utterance(segments={})), "segments: not a list of objects"),
        (conversation(utterance(segments=[segment(text=3)])), "text: not a text"),
        (conversation(utterance(segments=[segment(annotations=["x"])])), "annotations: not a list of objects"),
        (conversation(utterance(segments=[segment(annotations=[{"annotationType": "x"}])])), "entityType: missing"),
        (conversation(utterance(text="a\0b")), "NUL character"),
        (conversation(utterance(text="a\ud800")), "half a surrogate pair"),
    ],
)
def test_a_broken_conversation_is_a_reject_and_reading_goes_on(tmp_path: Path, raw: Any, reason: str) -> None:
    records = read(tmp_path, [raw, conversation()])
    assert reasons(records) == [reason]
    assert len(dialogues(records)) == 1


def test_a_deep_nest_is_a_reject(tmp_path: Path) -> None:
    nest = b'[{"conversationId": "x", "utterances": ' + b"[" * 900 + b"]" * 900 + b"}]"
    assert len(reasons(read(tmp_path, nest))) == 1


@pytest.mark.parametrize("whole", [b"", b"[", b'{"a": 1}', b'["\xff"]', b"[" * 100_000, b'[{"conversationId": "a\0"}]'])
def test_a_file_that_is_no_list_of_conversations_is_bad_input(tmp_path: Path, whole: bytes) -> None:
    with pytest.raises(BadInput):
        read(tmp_path, whole)


def test_a_list_of_other_objects_is_not_claimed(tmp_path: Path) -> None:
    (tmp_path / "data.json").write_text('[{"conversation ID": "x", "conversation": []}]')
    with pytest.raises(BadInput, match="of this format"):
        ccpe.find(tmp_path)
