"""The OpenDialKG reader: both forms, entities, paths and ratings as labels, and a broken line costs that line only."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from understudy import readers
from understudy.errors import BadInput
from understudy.readers import opendialkg
from understudy.records import Dialogue, Item, Label, Record, Reject

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "readers" / "opendialkg"
LOGS = ROOT.parent / "shared" / "data" / "opendialkg"


def message(text: Any = "hello", **changes: Any) -> dict[str, Any]:
    return {"role": "user", "text": text, "entity": [], "item": [], "text_template": text, **changes}


def chat(text: Any = "hello", sender: str = "user") -> dict[str, Any]:
    return {"type": "chat", "sender": sender, "message": text}


def walk(path: Any, sender: str = "user", action: str = "kgwalk/choose_path") -> dict[str, Any]:
    return {"type": "action", "sender": sender, "action_id": action, "metadata": {"path": path}}


def read(path: Path) -> list[Record]:
    return list(opendialkg.read([path], readers.Options()))


def listed(tmp_path: Path, *lines: Any) -> list[Record]:
    raw = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    (tmp_path / "dialog_Some.jsonl").write_bytes(b"\n".join(raw) + b"\n")
    return read(tmp_path / "dialog_Some.jsonl")


def tabled(tmp_path: Path, *rows: Any) -> list[Record]:
    raw = b"Messages,User Rating,Assistant Rating\r\n"
    for row in rows:
        if isinstance(row, bytes):
            raw += row
        else:
            line = io.StringIO()
            csv.writer(line).writerow([json.dumps(row), "4", "5"])
            raw += line.getvalue().encode()
    (tmp_path / "opendialkg.csv").write_bytes(raw)
    return read(tmp_path / "opendialkg.csv")


def dialogues(records: list[Record]) -> list[Dialogue]:
    return [one for one in records if isinstance(one, Dialogue)]


def reasons(records: list[Record]) -> list[str]:
    return [one.reason for one in records if isinstance(one, Reject)]


def test_the_list_form_has_entities_as_labels_and_items_in_turns() -> None:
    first, second, third = dialogues(read(EXAMPLE / "dialog_Example.jsonl"))
    assert [turn.role for turn in first.turns] == ["seeker", "recommender", "seeker", "recommender", "seeker"]
    assert first.turns[2] == type(first.turns[2])("seeker", "It is. And the sea.", 2)
    assert first.turns[3].item_ids == ("title:low water psalms (1987)",)
    assert Label("entity", "Odile Farrow", 1) in first.labels
    assert second.turns[1].n_messages == 2  # an empty message is a message
    assert third.turns[1].text == "Odile Farrow 😀"


def test_a_dialogue_is_called_by_file_and_line_packed_or_not() -> None:
    assert [one.dialogue_id for one in dialogues(read(EXAMPLE / "dialog_Example.jsonl"))] == [f"dialog_Example-{n}" for n in (1, 2, 3)]
    assert [one.dialogue_id for one in dialogues(read(EXAMPLE / "opendialkg.csv"))] == ["opendialkg-2", "opendialkg-3"]


def test_a_path_belongs_to_the_next_message_of_its_sender() -> None:
    first, second = dialogues(read(EXAMPLE / "opendialkg.csv"))
    paths = {one.turn_index: json.loads(one.value) for one in first.labels if one.name == "path"}
    assert paths[1] == [["Gravel Hymn", "starred_actors", "Ines Okpara"]]
    assert paths[2][0] == ["Ines Okpara", "~starred_actors", "The Ninth Ferry (Silent Film)"]
    assert [one.turn_index for one in second.labels if one.name == "path"] == [1, None]  # nobody wrote from the last one


def test_works_are_told_from_people_by_their_relation_and_tagged_where_they_are_named() -> None:
    records = read(EXAMPLE / "opendialkg.csv")
    assert [one.title for one in records if isinstance(one, Item)] == ["Gravel Hymn", "The Ninth Ferry (Silent Film)"]
    first, second = dialogues(records)
    assert [turn.item_ids for turn in first.turns] == [("title:gravel hymn",), (), ("title:the ninth ferry (silent film)",)]
    assert all(not turn.item_ids for turn in second.turns)


def test_ratings_are_scores_by_who_gave_them_and_what_workers_told_each_other_is_left() -> None:
    first, second = dialogues(read(EXAMPLE / "opendialkg.csv"))
    assert [(one.annotator, one.value) for one in first.labels if one.name == "score"] == [("user", "5"), ("assistant", "4")]
    assert [(one.annotator, one.value) for one in second.labels if one.name == "score"] == [("assistant", "3")]
    assert first.turns[0].text.startswith("Have you seen")
    assert first.turns[2].n_messages == 2


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"[{", "not JSON"),
        (b'["\xff"]', "not UTF-8"),
        ({"role": "user"}, "not a list of messages"),
        (["hello"], "not a list of messages"),
        ([], "a dialogue without messages"),
        ([message(None)], "text: not a text"),
        ([{"role": "user"}], "text: missing"),
        ([message(role="system")], "role: neither user nor assistant"),
        ([message(role=1)], "role: not a text"),
        ([message(item="Brass Orchard")], "item: not a list of names"),
        ([message(entity=[["x"]])], "entity: not a list of names"),
        ([message("a\0b")], "NUL character"),
        ([message("a\ud800")], "half a surrogate pair"),
    ],
)
def test_a_broken_line_is_a_reject_and_reading_goes_on(tmp_path: Path, line: Any, reason: str) -> None:
    records = listed(tmp_path, line, [message()])
    assert reasons(records) == [reason]
    assert [one.dialogue_id for one in dialogues(records)] == ["dialog_Some-2"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b'"[{""type"": ""chat""}],4,5\r\n', "not a row of CSV"),
        (b'"[]"x,4,5\r\n', "not a row of CSV"),
        (b"[],4\r\n", "a row with more or fewer columns than the header"),
        (b"hello,4,5\r\n", "not JSON"),
        (b"\xff,4,5\r\n", "not UTF-8"),
        (b"\0,4,5\r\n", "NUL character"),
        ([], "a dialogue without messages"),
        ([walk([0, [["a", "b", "c"]], ""])], "a dialogue without messages"),
        ([chat(None)], "message: not a text"),
        ([chat(sender="wizard")], "sender: neither user nor assistant"),
        ([{"sender": "user", "message": "x"}], "neither a chat message nor an action that is known"),
        ([walk([0, [["a", "b", "c"]], ""], action="dance")], "neither a chat message nor an action that is known"),
        ([walk("x"), chat()], "metadata.path: not a score and a list of steps"),
        ([walk([0, []]), chat()], "metadata.path: not a score and a list of steps"),
        ([walk([0, [["a", "b"]]]), chat()], "metadata.path: a step is not subject, relation and object"),
        ([walk([0, [["a", 7, "b"]]]), chat()], "metadata.path: a step is not subject, relation and object"),
        ([{**walk(None), "metadata": []}, chat()], "metadata: not an object"),
    ],
)
def test_a_broken_row_is_a_reject_and_reading_goes_on(tmp_path: Path, row: Any, reason: str) -> None:
    records = tabled(tmp_path, row, [chat()])
    assert reasons(records) == [reason]
    assert [one.dialogue_id for one in dialogues(records)] == ["opendialkg-3"]


def test_a_cell_longer_than_the_csv_modules_default_is_read(tmp_path: Path) -> None:
    (dialogue,) = dialogues(tabled(tmp_path, [chat("word " * 40_000)]))
    assert len(dialogue.turns[0].text) == 199_999


def test_a_line_beyond_the_bound_is_a_reject(tmp_path: Path, longest_line: Callable[[int], None]) -> None:
    longest_line(400)
    assert reasons(tabled(tmp_path, [chat("x" * 1000)], [chat()])) == ["a line of more than 400 bytes"]
    assert reasons(listed(tmp_path, [message("x" * 1000)], [message()])) == ["a line of more than 400 bytes"]


def test_a_csv_under_another_header_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "opendialkg.csv").write_text("movieId,title,genres\n1,x,y\n")
    with pytest.raises(BadInput, match="of this format"):
        opendialkg.find(tmp_path)
    with pytest.raises(BadInput, match="is not a header"):
        read(tmp_path / "opendialkg.csv")


@pytest.mark.logs
@pytest.mark.skipif(not LOGS.is_dir(), reason=f"the human logs are not at {LOGS}")
def test_the_real_file_counts_as_it_should() -> None:
    lines = [json.loads(line) for line in (LOGS / "dialog_Books.jsonl").read_text(encoding="utf-8").splitlines()]
    n_turns = sum(len(list(groupby(message["role"] for message in line))) for line in lines)
    named = [name for line in lines for message in line for name in message["item"]]

    records = list(opendialkg.read(opendialkg.find(LOGS), readers.Options()))
    found = dialogues(records)
    assert reasons(records) == []
    assert len(found) == len(lines) == 1901
    assert sum(turn.n_messages for one in found for turn in one.turns) == sum(map(len, lines)) == 13626
    assert sum(len(one.turns) for one in found) == n_turns == 13625
    assert all(one.turns[0].role == "seeker" for one in found)
    tagged = [item_id for one in found for turn in one.turns for item_id in turn.item_ids]
    # a message's list may name one item twice; the reader counts it once
    assert len(tagged) == sum(len({" ".join(name.split()) for name in message["item"]}) for line in lines for message in line)
    items = [one.item_id for one in records if isinstance(one, Item)]
    assert len(items) == len(set(items)) == len(set(tagged)) <= len(set(named))
