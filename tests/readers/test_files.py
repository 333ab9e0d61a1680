"""Which files are read: every file that is seen is read or skipped with a reason, however long its first record is."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from understudy import readers
from understudy.doors.limits import ReadingLimits, reading_within
from understudy.errors import BadInput
from understudy.readers._files import first_json

LONG = "so " * 40_000  # 120 KB: longer than the head of a file that is looked at first


def chat(text: str = "hi") -> dict[str, Any]:
    return {"note": "before the messages", "messages": [{"role": "user", "content": text}, {"role": "assistant", "content": "yes"}]}


LAYOUTS = {
    "one.json": lambda record: json.dumps(record),
    "pretty.json": lambda record: json.dumps(record, indent=2),
    "list.json": lambda record: json.dumps([record, record]),
    "pretty_list.json": lambda record: json.dumps([record, record], indent=2),
    "lines.jsonl": lambda record: json.dumps(record) + "\n" + json.dumps(record) + "\n",
    "lines.json": lambda record: json.dumps(record) + "\n" + json.dumps(record) + "\n",
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_a_first_record_of_any_length_is_seen(name: str, packed: bool, tmp_path: Path) -> None:
    raw = LAYOUTS[name](chat(LONG)).encode()
    path = tmp_path / (f"{name}.gz" if packed else name)
    path.write_bytes(gzip.compress(raw) if packed else raw)
    assert readers.find("messages", path) == [path]
    assert readers.find("messages", tmp_path) == [path]
    assert readers.claimed_by(path) == {"messages"}


def test_no_more_is_read_than_the_limits_allow(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text(json.dumps(chat(LONG)) + "\n")
    with reading_within(ReadingLimits(line=100_000)), pytest.raises(BadInput, match="not in this format"):
        readers.find("messages", path)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None), ("  \n", None), ("no json", None), ("3", None), ("[", None), ("{", None), ('{"a": [1, 2', None), ("[1, 2", [1]),
        ('{"a": 1, "b', {"a": 1}), ("\ufeff{}", {}), ("[" * 100_000, None),
    ],
)  # fmt: skip
def test_the_first_value_of_a_file_that_may_be_broken(text: str, value: Any, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(text)
    assert first_json(tmp_path / "a.json") == value


def test_every_file_of_a_folder_is_read_or_skipped_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(chat(LONG)))
    (tmp_path / "b.jsonl").write_text(json.dumps(chat()) + "\n")
    (tmp_path / "c.json").write_text('{"other": 1}')
    (tmp_path / "d.json").touch()
    (tmp_path / "README.md").write_text("about")
    (tmp_path / "more").mkdir()
    (tmp_path / "LICENCE").write_text("CC0-1.0")  # is read, as the licence
    found = readers.files_of("messages", [str(tmp_path)])
    assert found.as_json() == {
        "n_files": 6,
        "files_read": 2,
        "files_skipped": {
            "a folder in the folder: give it as a path of its own": 1,
            "empty, or cannot be unpacked or read": 1,
            "not in this format": 2,
        },
        "skipped_files": ["README.md", "c.json", "d.json", "more"],
    }
    one = readers.files_of("messages", [str(tmp_path / "a.json"), str(tmp_path / "a.json")])
    assert (one.as_json()["n_files"], one.as_json()["files_read"]) == (1, 1)


def test_a_file_of_the_format_under_a_name_that_is_not_taken_says_so(tmp_path: Path) -> None:
    for name in ("train_data.jsonl", "copy_of_train.jsonl"):
        (tmp_path / name).write_text('{"initiatorWorkerId": 1}\n')
    assert readers.files_of("redial", [str(tmp_path)]).as_json()["files_skipped"] == {"not one of the names of this format": 1}
