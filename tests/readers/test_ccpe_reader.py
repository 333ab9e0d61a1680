"""The CCPE-M reader: annotations stay with their turn, films marked by name are items, and the flat form is read by rows."""

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
    first, _, last = dialogues(list(ccpe.read([EXAMPLE / "data.json"], readers.Options())))
    assert [turn.role for turn in first.turns] == ["recommender", "seeker", "recommender", "seeker"]
    assert first.turns[3].n_messages == 2
    assert first.turns[2].n_messages == 2  # the empty message at the end is counted with its speaker's turn before it
    assert {one for one in first.labels if one.turn_index == 3} == {
        Label("preference", "ENTITY_NAME/MOVIE_OR_SERIES/The Lantern Census", 3),
        Label("preference", "ENTITY_PREFERENCE/MOVIE_OR_SERIES/it never hurries", 3),
        Label("preference", "ENTITY_DESCRIPTION/MOVIE_OR_SERIES/it never hurries", 3),
    }
    assert last.labels == ()


def test_only_films_marked_by_name_are_items_and_an_item_comes_once() -> None:
    records = list(ccpe.read([EXAMPLE / "data.json"], readers.Options()))
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


HEADER = "dialog_id,utterance_index,speaker,text"


def read_flat(tmp_path: Path, *rows: str | bytes, header: str = HEADER) -> list[Record]:
    path = tmp_path / "flat.csv"
    path.write_bytes(b"".join((row if isinstance(row, bytes) else row.encode()) + b"\n" for row in (header, *rows)))
    return list(ccpe.read(ccpe.find(path), readers.Options()))


def test_the_flat_form_is_read_by_rows_and_names_no_items() -> None:
    first, second = dialogues(records := list(ccpe.read([EXAMPLE / "ccpe_flat.csv"], readers.Options())))
    assert (first.dialogue_id, second.dialogue_id) == ("CCPE-ex101", "CCPE-ex102")
    assert [turn.role for turn in first.turns] == ["recommender", "seeker", "recommender", "seeker"]
    assert first.turns[1].text == 'I like slow ones, the "quiet" kind. Nothing with explosions.'
    assert first.turns[1].n_messages == 2
    assert records == [first, second]


def test_the_columns_of_the_flat_form_may_stand_in_any_order(tmp_path: Path) -> None:
    (one,) = dialogues(read_flat(tmp_path, "hello,USER,CCPE-1,0", header="text,speaker,dialog_id,utterance_index"))
    assert (one.dialogue_id, one.turns[0].role, one.turns[0].text) == ("CCPE-1", "seeker", "hello")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("CCPE-0,1,USER,hello", "utterance_index: rows are missing or not in order"),
        ("CCPE-0,0,SYSTEM,hello", "speaker: neither USER nor ASSISTANT"),
        (",0,USER,hello", "dialog_id: missing"),
        ("CCPE-0,0,USER", "a row with more or fewer columns than the header"),
        ('CCPE-0,0,USER,"hello', "not a row of CSV"),
        (b"CCPE-0,0,USER,\xff", "not UTF-8"),
    ],
)
def test_a_broken_row_refuses_its_dialogue_and_reading_goes_on(tmp_path: Path, row: str | bytes, reason: str) -> None:
    records = read_flat(tmp_path, row, "CCPE-1,0,USER,hello", "CCPE-1,1,ASSISTANT,why")
    assert reasons(records) == [reason]
    assert [one.dialogue_id for one in dialogues(records)] == ["CCPE-1"]


def test_the_licence_is_the_one_that_the_authors_state() -> None:
    assert ccpe.LICENCE == "CC-BY-4.0"
