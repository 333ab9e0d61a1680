"""The door to files of human logs: opened, streamed, decompressed and hashed here and nowhere else.

`.gz` and `.zst` files are read as what they hold; the name without that ending says which format it is.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import orjson
import polars as pl
import zstandard

from understudy.errors import BadInput

MAX_LINE = 16 * 2**20  # bytes; the longest line of any log we know is below 200,000
PACKED = (".gz", ".zst")

_SPDX = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")
_RESTORE = "restore the file from the data set's own archive"
_BROKEN = (gzip.BadGzipFile, zstandard.ZstdError, EOFError, zlib.error)


class TooLong(bytes):
    """The beginning of a line that is longer than MAX_LINE; the rest of it was skipped."""


def plain_name(path: Path) -> str:
    """The file's name without `.gz` or `.zst`."""
    return path.stem if path.suffix in PACKED else path.name


def beside(folder: Path, name: str) -> Path | None:
    """The file called `name` in a folder, packed or not; None where there is none."""
    candidates = (folder / f"{name}{ending}" for ending in ("", *PACKED))
    return next((path for path in candidates if path.is_file()), None)


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The unpacked bytes of a file as a stream. Raises BadInput where the packing is broken or the file cannot be read."""
    try:
        with path.open("rb") as raw:
            if path.suffix == ".gz":
                with gzip.open(raw) as stream:
                    yield io.BufferedReader(stream)
            elif path.suffix == ".zst":
                yield io.BufferedReader(_Zst(raw))
            else:
                yield raw
    except _BROKEN as error:
        raise BadInput(f"{path} cannot be unpacked: {error}", hint=_RESTORE) from error
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}") from error


def lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a file that are not blank, each with its number from 1. The file is streamed, never held whole.

    Of a line longer than MAX_LINE only the beginning comes, as TooLong.
    """
    for number, line in all_lines(path):
        if line.strip():
            yield number, line


def all_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The same with blank lines, for formats in which they mean something."""
    with opened(path) as stream:
        number = 0
        while line := stream.readline(MAX_LINE):
            number += 1
            if len(line) == MAX_LINE and not line.endswith(b"\n"):
                _skip_line(stream)
                line = TooLong(line[:200])
            yield number, line.removeprefix(b"\xef\xbb\xbf") if number == 1 and not isinstance(line, TooLong) else line


def head(path: Path, size: int = 65_536) -> bytes:
    """The first bytes of a file, unpacked; empty where it cannot be read."""
    try:
        with opened(path) as stream:
            return stream.read(size).removeprefix(b"\xef\xbb\xbf")
    except BadInput:
        return b""


def json_of(path: Path) -> Any:
    """The JSON value of a whole file. Raises BadInput that says where it breaks."""
    return json_in(bytes_of(path), path)


def bytes_of(path: Path) -> bytes:
    """The whole file, unpacked, without a byte-order mark. Raises BadInput."""
    with opened(path) as stream:
        return stream.read().removeprefix(b"\xef\xbb\xbf")


def json_in(raw: bytes, path: Path) -> Any:
    """The JSON value of a file's bytes; `path` is named in the BadInput that says where it breaks."""
    if not raw.strip():
        raise BadInput(f"{path} is empty", hint=_RESTORE)
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        # the standard library reads a little more (half surrogate pairs, deeper nests) and says where it breaks
        return _slowly_read(raw, path)


def _slowly_read(raw: bytes, path: Path) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path} is not JSON: {error}", hint=_RESTORE) from error


def parquet_rows(path: Path, *, size: int = 10_000) -> Iterator[dict[str, Any]]:
    """The rows of a Parquet file as mappings, `size` at a time in memory. Raises BadInput where it is none."""
    try:
        scan = pl.scan_parquet(path)
        n = int(scan.select(pl.len()).collect().item())
        for start in range(0, n, size):
            yield from scan.slice(start, size).collect().iter_rows(named=True)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise BadInput(f"{path} is not Parquet: {error}", hint=_RESTORE) from error


def sha256(paths: Sequence[Path]) -> str:
    """SHA-256 over the names and the content of the files, 64 hex digits; folders are not part of it."""
    total = hashlib.sha256()
    for path in sorted(paths, key=lambda one: one.name):
        with path.open("rb") as stream:
            total.update(f"{path.name}={hashlib.file_digest(stream, 'sha256').hexdigest()};".encode())
    return total.hexdigest()


def licence_beside(path: Path) -> str | None:
    """The SPDX identifier in the one-line file LICENCE of the data's folder, None where there is no such file."""
    file = (path if path.is_dir() else path.parent) / "LICENCE"
    if not file.is_file():
        return None
    text = file.read_text(encoding="utf-8", errors="replace").strip()
    if not _SPDX.fullmatch(text):
        raise BadInput(
            f"{file} does not hold exactly one SPDX licence identifier", hint="write one line such as CC-BY-4.0, or remove the file"
        )
    return text


class _Zst(io.RawIOBase):
    """The unpacked bytes of a .zst file. Raises ZstdError where it ends in the middle: the library's own stream ends silently there."""

    def __init__(self, packed: IO[bytes]) -> None:
        self._packed = packed
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._is_open = False
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left and (chunk := self._packed.read(2**16)):
            self._left = self._unpacked(chunk)
        if not self._left and self._is_open:
            raise zstandard.ZstdError("it ends in the middle of a frame")
        part, self._left = self._left[: len(buffer)], self._left[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)

    def _unpacked(self, chunk: bytes) -> bytes:
        parts = []
        while chunk:
            parts.append(self._frame.decompress(chunk))
            self._is_open = not self._frame.eof
            chunk = b"" if self._is_open else self._frame.unused_data
            if not self._is_open:
                self._frame = zstandard.ZstdDecompressor().decompressobj()
        return b"".join(parts)


def _skip_line(stream: IO[bytes]) -> None:
    while (part := stream.readline(2**20)) and not part.endswith(b"\n"):
        pass
