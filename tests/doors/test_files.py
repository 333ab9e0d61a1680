"""The door to files: packed or not, long lines, byte-order marks, broken packs."""

from __future__ import annotations

import gzip
import resource
from pathlib import Path

import polars as pl
import pytest
import zstandard

from understudy.doors import files
from understudy.doors.limits import MB, ReadingLimits, reading_within
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


def test_a_line_of_just_the_limit_is_a_line(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1234567\n12345678\nlast")
    with reading_within(ReadingLimits(line=8)):
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


PACKS = [(".gz", gzip.compress), (".zst", zstandard.ZstdCompressor().compress)]


@pytest.mark.parametrize(("ending", "pack"), PACKS)
def test_a_file_that_unpacks_to_too_much_ends_in_a_reject_with_its_reason(tmp_path: Path, ending: str, pack: type[bytes]) -> None:
    path = tmp_path / f"a.jsonl{ending}"
    path.write_bytes(pack(b"before\n" + b"x" * 4 * MB))
    with reading_within(ReadingLimits(document=MB, ratio=2)):
        read = list(files.lines(path))
    assert read[0] == (1, b"before\n")
    (number, rest) = read[1]
    assert (number, len(rest)) == (2, 200)
    assert isinstance(rest, files.TooLong)
    assert rest.reason.startswith("the file unpacks to more than 2 times its size")
    assert len(read) == 2
    with reading_within(ReadingLimits(document=8 * MB, ratio=2)):
        assert not any(isinstance(line, files.TooLong) for _, line in files.lines(path))


@pytest.mark.parametrize(("ending", "pack"), PACKS)
def test_a_file_cut_at_the_end_of_a_line_has_a_reject_too(tmp_path: Path, ending: str, pack: type[bytes]) -> None:
    path = tmp_path / f"a.jsonl{ending}"
    path.write_bytes(pack((b"x" * 1023 + b"\n") * 2048))
    with reading_within(ReadingLimits(document=MB, ratio=1)):
        read = list(files.lines(path))
    assert [isinstance(line, files.TooLong) for _, line in read] == [False] * 1024 + [True]


@pytest.mark.parametrize(("ending", "pack"), PACKS)
def test_a_line_of_gigabytes_is_refused_in_bounded_memory(tmp_path: Path, ending: str, pack: type[bytes]) -> None:
    path = tmp_path / f"bomb.jsonl{ending}"
    if ending == ".zst":
        # a frame without a size, whose blocks say 128 KB each in four bytes: 6 GB in 197 KB
        block = (1 << 1 | 131_072 << 3).to_bytes(3, "little") + b"x"
        path.write_bytes(b"\x28\xb5\x2f\xfd\x00\x58" + block * 49_000)
    else:
        path.write_bytes(pack(b"x" * 100 * MB))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with reading_within(ReadingLimits(line=MB, document=32 * MB)):
        read = list(files.lines(path))
    assert [type(line) for _, line in read] == [files.TooLong]
    # in KB: a chunk, a line and what they are put together in, however large the file says it is
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150_000


def test_a_document_beyond_the_bound_is_refused_and_the_message_names_the_option(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"[" + b" " * MB + b"]")
    assert files.json_of(tmp_path / "a.json") == []
    with reading_within(ReadingLimits(document=MB)), pytest.raises(BadInput, match="one JSON value of more than 1048576 bytes") as seen:
        files.json_of(tmp_path / "a.json")
    assert "--max-document" in seen.value.hint


def test_a_table_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pl.DataFrame({"text": ["x" * MB + str(n) for n in range(4)]}).write_parquet(path)
    assert len(list(files.parquet_rows(path))) == 4
    with reading_within(ReadingLimits(document=MB, ratio=2)), pytest.raises(BadInput, match="unpacks to more than 2 times"):
        list(files.parquet_rows(path))
