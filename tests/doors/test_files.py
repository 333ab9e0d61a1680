"""The door to files: packed or not, long lines, byte-order marks, broken packs."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
import zstandard

from understudy.doors import files
from understudy.doors.store import Store
from understudy.errors import BadInput

LINES = b"one\n\ntwo\nthree"


@pytest.mark.parametrize(("ending", "pack"), [("", bytes), (".gz", gzip.compress), (".zst", zstandard.ZstdCompressor().compress)])
def test_lines_are_those_of_the_unpacked_file(tmp_path: Path, ending: str, pack: type[bytes]) -> None:
    path = tmp_path / f"a.jsonl{ending}"
    path.write_bytes(pack(LINES))
    assert list(files.lines(path)) == [(1, b"one\n"), (3, b"two\n"), (4, b"three")]
    assert files.plain_name(path) == "a.jsonl"
    assert files.head(path, 3) == b"one"
    assert files.beside(tmp_path, "a.jsonl") == path


def test_a_zst_of_several_frames_is_read_whole(tmp_path: Path) -> None:
    pack = zstandard.ZstdCompressor().compress
    (tmp_path / "a.zst").write_bytes(pack(b"one\n") + pack(b"two\n"))
    assert [line for _, line in files.lines(tmp_path / "a.zst")] == [b"one\n", b"two\n"]


def test_of_a_line_of_100_mb_only_the_beginning_is_held(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with path.open("wb") as out:
        out.write(b"before\n")
        for _ in range(100):
            out.write(b"x" * 2**20)
        out.write(b"\nafter\n")
    read = list(files.lines(path))
    assert [number for number, _ in read] == [1, 2, 3]
    assert isinstance(read[1][1], files.TooLong)
    assert len(read[1][1]) == 200
    assert read[2][1] == b"after\n"


def test_a_line_of_just_the_limit_is_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_LINE", 8)
    (tmp_path / "a").write_bytes(b"1234567\n12345678\nlast")
    read = list(files.lines(tmp_path / "a"))
    assert [type(line) is files.TooLong for _, line in read] == [False, True, False]
    assert read[2] == (3, b"last")


def test_a_byte_order_mark_is_no_content(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"\xef\xbb\xbf{}")
    assert files.json_of(tmp_path / "a.json") == {}
    assert list(files.lines(tmp_path / "a.json")) == [(1, b"{}")]
    assert files.head(tmp_path / "a.json") == b"{}"


@pytest.mark.parametrize(("ending", "pack"), [(".gz", gzip.compress), (".zst", zstandard.ZstdCompressor().compress)])
def test_a_broken_pack_is_an_error_that_says_so(tmp_path: Path, ending: str, pack: type[bytes]) -> None:
    path = tmp_path / f"a.jsonl{ending}"
    path.write_bytes(pack(LINES * 100)[:-9])
    with pytest.raises(BadInput, match=r"cannot be unpacked|is not"):
        list(files.lines(path))
    path.write_bytes(b"no pack at all")
    with pytest.raises(BadInput, match="cannot be unpacked"):
        list(files.lines(path))
    assert files.head(path) == b""


def test_a_broken_json_file_is_an_error_that_says_where(tmp_path: Path) -> None:
    for raw, told in ((b"", "empty"), (b"{", "not JSON"), (b"\xff", "not JSON"), (b"[" * 100_000, "not JSON")):
        (tmp_path / "a.json").write_bytes(raw)
        with pytest.raises(BadInput, match=told):
            files.json_of(tmp_path / "a.json")


def test_no_bar_of_a_long_query_stands_on_stdout_beside_a_commands_json(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.duckdb") as store:
        assert store._connection.execute("select current_setting('enable_progress_bar')").fetchone() == (False,)
