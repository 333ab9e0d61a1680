"""What an ingest answers: every file and every record is accounted for, and one that nobody could read is no success."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.stored import on
from understudy import readers
from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.readers import Options
from understudy.readers._field_map import FieldMap
from understudy.tasks.ingest.logs import ingest_logs

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "readers"


def chats(folder: Path, *names: tuple[str, str]) -> Path:
    said = [[{"role": who, "content": f"{who} says {n}"} for n, who in enumerate(pair)] for pair in names]
    (folder / "a.json").write_text(json.dumps([{"messages": one} for one in said]))
    return folder


def test_files_are_accounted_for_as_records_are(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("about the chats")
    chats(tmp_path, ("user", "assistant"), ("user", "narrator"))
    answer = on(tmp_path / "s.duckdb", ingest_logs, "messages", [str(tmp_path)], dataset="d")
    assert (answer["n_dialogues"], answer["n_rejects"], answer["n_records"]) == (1, 1, 2)
    assert answer["n_files"] == answer["files_read"] + sum(answer["files_skipped"].values())
    assert answer["files_skipped"]["not in this format"] >= 1
    assert "notes.txt" in answer["skipped_files"]


def test_speakers_that_nobody_knows_are_no_success_and_leave_the_store_empty(tmp_path: Path) -> None:
    folder, store = tmp_path / "logs", tmp_path / "s.duckdb"
    folder.mkdir()
    chats(folder, ("Ann", "Bob"), ("Ann", "Bob"))
    with pytest.raises(BadInput, match=r"'Ann' \(2 messages\).*'Bob'"):
        on(store, ingest_logs, "messages", [str(folder)], dataset="d")
    with Store.open(store) as opened:
        assert opened.rows("ingest/dialogues", dataset="d") == []
    answer = on(store, ingest_logs, "messages", [str(folder)], dataset="d", options=Options({"Ann": "seeker", "Bob": "recommender"}))
    assert answer["n_dialogues"] == 2


def test_records_of_which_none_can_be_read_are_no_success(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "a.jsonl").write_text('{"messages": [{"role": "user", "content": 3}]}\n{"messages": []}\n')
    with pytest.raises(BadInput, match=r"none of the 2 records can be read: .*content is not a text \(1\)"):
        on(tmp_path / "s.duckdb", ingest_logs, "messages", [str(folder)], dataset="d")


def test_a_catalogue_whose_records_are_its_rejects_is_a_success(tmp_path: Path) -> None:
    answer = on(tmp_path / "s.duckdb", ingest_logs, "amazon", [str(EXAMPLES / "amazon")], dataset="d")
    assert answer["n_items"] > 0
    assert answer["n_rejects"] == answer["n_records"] == 2


def test_a_map_of_fields_reads_any_layout(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"x": [{"t": ["hi", "hello"]}]}))
    options = Options(fields=FieldMap(dialogues=("x",), turns=("t",)))
    answer = on(tmp_path / "s.duckdb", ingest_logs, readers.MAPPED, [str(tmp_path / "a.json")], dataset="d", options=options)
    assert (answer["n_dialogues"], answer["n_turns"]) == (1, 2)
