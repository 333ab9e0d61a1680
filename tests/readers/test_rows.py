"""Tables with one utterance a row: dialogues are made of rows, wherever they stand, and what is broken is refused whole."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.readers.test_contract import DAMAGES, PLACES, sound
from understudy import readers
from understudy.doors.limits import ReadingLimits, reading_within
from understudy.errors import BadInput
from understudy.readers import Options, fields
from understudy.readers._field_map import FieldMap
from understudy.records import Dialogue, Record, Reject
from understudy.text import is_blank

EXAMPLE = Path(__file__).resolve().parents[2] / "examples/readers/fields/table"
MAP = FieldMap(dialogue=("d",), speaker=("who",), text=("said",))
ORDERED = MAP.model_copy(update={"order": ("n",)})
ROWS: list[dict[str, Any]] = [
    {"d": "a", "n": 1, "who": "user", "said": "hi"},
    {"d": "b", "n": 2, "who": "assistant", "said": "yes"},
    {"d": "a", "n": 10, "who": "user", "said": "thanks"},
    {"d": "a", "n": 9, "who": "assistant", "said": 'try "that", or\nthis'},
    {"d": "b", "n": 1, "who": "user", "said": "a film?"},
]
IN_ORDER = {
    "a": [("seeker", "hi"), ("recommender", 'try "that", or this'), ("seeker", "thanks")],
    "b": [("seeker", "a film?"), ("recommender", "yes")],
}


def as_csv(path: Path, rows: list[dict[str, Any]], **how: Any) -> None:
    held = io.StringIO()
    writer = csv.DictWriter(held, list(rows[0]), **how)
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(held.getvalue().encode())


WRITERS: dict[str, Callable[[Path, list[dict[str, Any]]], None]] = {
    "t.csv": as_csv,
    "t.tsv": lambda path, rows: as_csv(path, rows, delimiter="\t", lineterminator="\n"),
    "t.jsonl": lambda path, rows: path.write_bytes("".join(json.dumps(row) + "\n" for row in rows).encode()) and None,
    "t.json": lambda path, rows: path.write_bytes(json.dumps(rows).encode()) and None,
    "t.parquet": lambda path, rows: pl.DataFrame(rows).write_parquet(path),
}


def read(path: Path, layout: FieldMap = ORDERED, roles: dict[str, str] | None = None) -> list[Record]:
    found = readers.find("fields", path, fields=layout)
    return list(fields.read(found, Options(roles, layout)))


def said(records: list[Record]) -> dict[str, list[tuple[str, str]]]:
    return {one.dialogue_id: [(turn.role, turn.text) for turn in one.turns] for one in records if isinstance(one, Dialogue)}


def reasons(records: list[Record]) -> list[str]:
    return [one.reason for one in records if isinstance(one, Reject)]


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_rows_of_any_kind_of_file_make_the_same_dialogues(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path / name, ROWS)
    assert said(read(tmp_path / name)) == IN_ORDER
    assert said(read(tmp_path)) == IN_ORDER
    (tmp_path / "fields.toml").write_text('dialogue = "d"\nspeaker = "who"\ntext = "said"\norder = "n"\n')
    assert readers.claimed_by(tmp_path / name) == {"fields"}
    assert said(list(fields.read(fields.find(tmp_path), Options()))) == IN_ORDER
    if not name.endswith("parquet"):
        packed = tmp_path / f"{name}.gz"
        packed.write_bytes(gzip.compress((tmp_path / name).read_bytes()))
        assert said(read(packed)) == IN_ORDER


def test_without_an_order_rows_stand_as_in_the_file(tmp_path: Path) -> None:
    as_csv(tmp_path / "t.csv", ROWS)
    assert said(read(tmp_path / "t.csv", MAP))["b"] == [("recommender", "yes"), ("seeker", "a film?")]


def test_the_example_has_its_labels_people_empty_messages_and_notices() -> None:
    first, second = list(fields.read(fields.find(EXAMPLE), Options()))
    assert isinstance(first, Dialogue)
    assert isinstance(second, Dialogue)
    assert (first.dialogue_id, first.seeker_id, first.recommender_id) == ("t-1", "v1", "d1")
    assert [(one.name, one.value) for one in first.labels] == [("target", "The Salt Ledger (1999)")]
    assert [turn.text for turn in first.turns][0::2] == ['hi, a film about "harbours"?', "seen it another one?"]
    assert [(turn.role, turn.n_messages) for turn in second.turns] == [("recommender", 1), ("seeker", 2), ("recommender", 1)]


def test_times_are_an_order_and_numbers_are_ids(tmp_path: Path) -> None:
    rows = [
        {"d": 7.0, "n": "2024-01-02 10:00", "who": "user", "said": "then"},
        {"d": 7.0, "n": "2024-01-02 09:00", "who": "user", "said": "first"},
        {"d": 8.0, "n": "2024-01-02 09:00", "who": "user", "said": None},
    ]
    pl.DataFrame(rows).write_parquet(tmp_path / "t.parquet")
    records = read(tmp_path / "t.parquet")
    assert said(records) == {"7": [("seeker", "first then")]}
    assert reasons(records) == ["a dialogue in which every message is empty"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"a,2,user", "line 3: 3 cells under 4 columns"),
        (b",2,user,hm", "line 3: dialogue: missing or not an identifier"),
        (b'a,2,user,"not" quoted', "line 3: not a row of separated values"),
        (b'a,2,user,"never closed', "line 3: not a row of separated values"),
        (b"a,2,user,\xff", "line 3: not UTF-8"),
        (b"a,2,user,\0", "line 3: NUL character"),
        (b"a,2,user," + b"x" * 300, "line 3: a line of more than 200 bytes"),
    ],
)
def test_a_broken_row_breaks_the_dialogues_on_both_sides_of_it_and_no_other(line: bytes, reason: str, tmp_path: Path) -> None:
    lines = [b"d,n,who,said", b"a,1,user,hi", line, b"b,1,user,hi", b"b,2,user,thanks", b"c,1,user,hi"]
    (tmp_path / "t.csv").write_bytes(b"\n".join(lines) + b"\n")
    with reading_within(ReadingLimits(line=200)):
        records = read(tmp_path / "t.csv")
    assert reasons(records) == [reason, reason]
    assert said(records) == {"c": [("seeker", "hi")]}


def test_rows_of_which_none_says_its_dialogue_are_rejects(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"who": "user", "said": "hi"}\n[1]\n')
    assert reasons(read(tmp_path / "t.jsonl", MAP)) == ["line 1: dialogue: missing or not an identifier", "line 2: not an object"]


def test_what_the_rows_of_a_dialogue_say_of_it_has_to_agree(tmp_path: Path) -> None:
    layout = MAP.model_copy(update={"labels": {"target": ("goal",)}})
    as_csv(tmp_path / "t.csv", [{**ROWS[0], "goal": "X"}, {**ROWS[3], "goal": ""}, {**ROWS[1], "goal": "X"}, {**ROWS[4], "goal": "Y"}])
    first, second = read(tmp_path / "t.csv", layout)
    assert isinstance(first, Dialogue)
    assert [(one.name, one.value) for one in first.labels] == [("target", "X")]
    assert isinstance(second, Reject)
    assert second.reason == "labels.target: differs between the rows of a dialogue"


def test_an_order_that_is_missing_refuses_the_dialogue(tmp_path: Path) -> None:
    as_csv(tmp_path / "t.csv", [{**ROWS[0], "n": ""}, *ROWS[1:]])
    records = read(tmp_path / "t.csv")
    assert reasons(records) == ["order: missing in a row, or neither a number nor a text"]
    assert list(said(records)) == ["b"]


def test_a_column_that_is_not_there_is_said_with_those_that_are(tmp_path: Path) -> None:
    as_csv(tmp_path / "t.csv", ROWS)
    with pytest.raises(BadInput, match="no column 'session'; its columns are d, n, who, said") as caught:
        read(tmp_path / "t.csv", MAP.model_copy(update={"dialogue": ("session",)}))
    assert "`dialogue`" in caught.value.hint
    (tmp_path / "u.csv").write_text("d,d\na,b\n")
    with pytest.raises(BadInput, match="has the column 'd' twice"):
        read(tmp_path / "u.csv", MAP)


def test_a_table_beside_other_tables_is_the_one_that_has_the_columns(tmp_path: Path) -> None:
    as_csv(tmp_path / "t.csv", ROWS)
    (tmp_path / "people.csv").write_text("person,age\np,1\n")
    found = readers.files_of("fields", [str(tmp_path)], fields=ORDERED)
    assert [one.name for one in found.read] == ["t.csv"]
    assert found.as_json()["files_skipped"] == {"not in this format": 1}


def test_names_of_columns_may_hold_full_stops_and_rows_may_be_nested(tmp_path: Path) -> None:
    layout = FieldMap.model_validate({"dialogue": "conv.id", "speaker": "conv.who", "text": "said"})
    as_csv(tmp_path / "t.csv", [{"conv.id": "a", "conv.who": "user", "said": "hi"}])
    (tmp_path / "t.jsonl").write_text(json.dumps({"conv": {"id": "b", "who": "user"}, "said": "hi"}))
    assert {**said(read(tmp_path / "t.csv", layout)), **said(read(tmp_path / "t.jsonl", layout))} == {
        "a": [("seeker", "hi")], "b": [("seeker", "hi")],
    }  # fmt: skip


def test_delimiters_and_cells_without_quotation_marks(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('d;who;said\na;user;"so" it goes\n')
    layout = FieldMap.model_validate({"dialogue": "d", "speaker": "who", "text": "said", "delimiter": ";", "quoted": False})
    assert said(read(tmp_path / "t.csv", layout)) == {"a": [("seeker", '"so" it goes')]}


def test_a_table_beyond_the_bound_of_a_document_is_refused_whole(tmp_path: Path) -> None:
    as_csv(tmp_path / "t.csv", ROWS)
    with reading_within(ReadingLimits(document=20)), pytest.raises(BadInput, match="more than 20 bytes of text") as caught:
        read(tmp_path / "t.csv")
    assert "--max-document" in caught.value.hint


def test_a_table_without_the_map_of_one_is_said_to_be_one(tmp_path: Path) -> None:
    as_csv(tmp_path / "t.csv", ROWS)
    with pytest.raises(BadInput, match="is a table") as caught:
        read(tmp_path / "t.csv", FieldMap(turns=("t",)))
    assert "`dialogue`" in caught.value.hint


def test_dialogues_in_the_rows_of_parquet(tmp_path: Path) -> None:
    pl.DataFrame([{"i": "x", "log": [{"a": "user", "b": "hi"}, {"a": "bot", "b": "yes"}]}]).write_parquet(tmp_path / "t.parquet")
    layout = FieldMap(turns=("log",), speaker=("a",), text=("b",), id=("i",))
    assert said(read(tmp_path / "t.parquet", layout)) == {"x": [("seeker", "hi"), ("recommender", "yes")]}


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({}, "either `turns`"), ({"turns": "a", "dialogue": "b", "text": "c"}, "either `turns`"), ({"dialogue": "a"}, "text: the column"),
        ({"dialogue": "a", "text": "b", "id": "c"}, "named by `dialogue`"), ({"turns": "a", "order": "b"}, "order, delimiter and quoted"),
        ({"dialogue": "a", "text": "b", "delimiter": "||"}, "delimiter"),
    ],
)  # fmt: skip
def test_a_map_of_two_layouts_is_none(told: dict[str, str], message: str, tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text(json.dumps(told))
    with pytest.raises(BadInput, match=message):
        readers.Options.given(None, fields=tmp_path / "m.json")


@pytest.mark.parametrize("damage", sorted(DAMAGES))
def test_a_damaged_table_ends_in_rejects_or_bad_input(damage: str, tmp_path: Path) -> None:
    layout = fields._map_beside(EXAMPLE / "log.csv")
    whole = (EXAMPLE / "log.csv").read_bytes()
    for share in PLACES:
        (tmp_path / "log.csv").write_bytes(DAMAGES[damage](whole, int(share * len(whole))))
        try:
            records = read(tmp_path / "log.csv", layout)
        except BadInput:
            continue
        sound("fields", records)


TEXTS = st.text(min_size=1, max_size=12).filter(lambda text: not is_blank(text) and "\0" not in text)


@settings(max_examples=40)
@given(texts=st.lists(TEXTS, min_size=1, max_size=6), seed=st.randoms(use_true_random=False))
def test_any_text_in_any_order_of_rows_comes_back(tmp_path_factory: pytest.TempPathFactory, texts: list[str], seed: Any) -> None:
    rows = [{"d": f"d{n % 2}", "n": n, "who": "user" if n % 4 < 2 else "bot", "said": text} for n, text in enumerate(texts)]
    seed.shuffle(rows)
    path = tmp_path_factory.mktemp("any") / "t.csv"
    as_csv(path, rows)
    read_back = said(read(path))
    for name in {row["d"] for row in rows}:
        own = [text for n, text in enumerate(texts) if f"d{n % 2}" == name]
        assert [text for _, text in read_back[name]] == [" ".join(text.split()) for text in own]


@pytest.mark.logs
def test_a_real_table_is_read_as_by_the_reader_of_its_format() -> None:
    folder = EXAMPLE.parents[3].parent / "shared" / "data" / "ccpe"
    if not folder.is_dir():
        pytest.skip(f"the logs are not at {folder}")
    layout = FieldMap(dialogue=("dialog_id",), speaker=("speaker",), text=("text",), order=("utterance_index",))
    assert read(folder, layout) == list(readers.load("ccpe").read(readers.find("ccpe", folder), Options()))
