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

from understudy.doors.limits import limits
from understudy.errors import BadInput

PACKED = (".gz", ".zst")
LICENCE = "LICENCE"

_BEGINNING = 200
# four bytes of zstd say a block of 128 KB: more at once could unpack to more than a line
_ZST_CHUNK = 512
_MAX_WINDOW = 2**27
_CHUNK = 2**18
_ROWS_COPIED = 16

_SPDX = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")
_RESTORE = "restore the file from the data set's own archive"
_BROKEN = (gzip.BadGzipFile, zstandard.ZstdError, EOFError, zlib.error)


class TooLong(bytes):
    """The beginning of what is longer than it may be, a line or the rest of a file; what follows was skipped. `reason` says why."""

    reason: str

    def __new__(cls, beginning: bytes, reason: str) -> TooLong:
        """The beginning with its reason."""
        made = super().__new__(cls, beginning)
        made.reason = reason
        return made


def plain_name(path: Path) -> str:
    """The file's name without `.gz` or `.zst`."""
    return path.stem if path.suffix in PACKED else path.name


def beside(folder: Path, name: str) -> Path | None:
    """The file called `name` in a folder, packed or not; None where there is none."""
    candidates = (folder / f"{name}{ending}" for ending in ("", *PACKED))
    return next((path for path in candidates if path.is_file()), None)


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The unpacked bytes of a file as a stream. Raises BadInput where the packing is broken or the file cannot be read.

    Of a packed file only as much comes as `limits` allow; a stream that was cut says so in `_is_cut`.
    """
    try:
        with path.open("rb") as raw:
            if path.suffix in PACKED:
                allowed = limits().unpacked(path.stat().st_size)
                unpacked = gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else _Zst(raw)
                yield io.BufferedReader(_Bounded(unpacked, allowed), _CHUNK)
            else:
                yield raw
    except _BROKEN as error:
        raise BadInput(f"{path} cannot be unpacked: {error}", hint=_RESTORE) from error
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}", hint="check its permissions") from error


def lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a file that are not blank, each with its number from 1. The file is streamed, never held whole.

    Of a line longer than `limits` allow only the beginning comes, as TooLong, as it does of the rest of a file that unpacks to too much.
    """
    for number, line in all_lines(path):
        if line.strip() or isinstance(line, TooLong):
            yield number, line


def all_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The same with blank lines, for formats in which they mean something."""
    longest = limits().line
    with opened(path) as stream:
        number, is_whole = 0, True
        while is_whole and (line := stream.readline(longest)):
            number += 1
            if len(line) == longest and not line.endswith(b"\n"):
                _skip_line(stream, longest)
                line = TooLong(line[:_BEGINNING], f"a line of more than {longest} bytes")
            is_whole = line.endswith(b"\n") or not _is_cut(stream)
            if not is_whole:
                line = TooLong(line[:_BEGINNING], _cut_reason())
            yield number, line.removeprefix(b"\xef\xbb\xbf") if number == 1 and not isinstance(line, TooLong) else line
        if is_whole and _is_cut(stream):
            yield number + 1, TooLong(b"", _cut_reason())


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
    most = limits().document
    with opened(path) as stream:
        raw = stream.read(most + 1)
    if len(raw) > most:
        raise BadInput(
            f"{path} is one JSON value of more than {limits().document} bytes, which is held whole while it is read",
            hint="raise --max-document where the file is meant to be that large, or write its records as JSON lines",
        )
    return raw.removeprefix(b"\xef\xbb\xbf")


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
        _refuse_bomb(path)
        scan = pl.scan_parquet(path)
        n = int(scan.select(pl.len()).collect().item())
        for start in range(0, n, size):
            # few at a time: one text may stand in every row of a small file, and is copied for each
            yield from scan.slice(start, size).collect().iter_rows(named=True, buffer_size=_ROWS_COPIED)
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
    file = (path if path.is_dir() else path.parent) / LICENCE
    if not file.is_file():
        return None
    text = file.read_text(encoding="utf-8", errors="replace").strip()
    if not _SPDX.fullmatch(text):
        raise BadInput(
            f"{file} does not hold exactly one SPDX licence identifier", hint="write one line such as CC-BY-4.0, or remove the file"
        )
    return text


def _refuse_bomb(path: Path) -> None:
    # imported here, since only tables need it
    import pyarrow.parquet as parquet
    from pyarrow import ArrowInvalid

    try:
        about = parquet.read_metadata(path)
    except ArrowInvalid:
        return  # polars says what is wrong with it
    n_unpacked = sum(about.row_group(place).total_byte_size for place in range(about.num_row_groups))
    if n_unpacked > limits().unpacked(path.stat().st_size):
        raise BadInput(f"{path}: {_cut_reason()}", hint="raise --max-ratio where the file is meant to be that large")


class _Bounded(io.RawIOBase):
    """The first `allowed` bytes of a stream; `is_cut` says whether there were more."""

    def __init__(self, stream: gzip.GzipFile | _Zst, allowed: int) -> None:
        self._stream, self._left, self.is_cut = stream, allowed, False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        # one byte more than is allowed says whether there is more
        part = self._stream.read(min(len(view), self._left + 1)) or b""
        if len(part) > self._left:
            self.is_cut, part = True, part[: self._left]
        self._left -= len(part)
        view[: len(part)] = part
        return len(part)


def _is_cut(stream: IO[bytes]) -> bool:
    raw = getattr(stream, "raw", None)
    return isinstance(raw, _Bounded) and raw.is_cut


def _cut_reason() -> str:
    return f"the file unpacks to more than {limits().ratio} times its size and {limits().document} bytes; the rest was not read"


class _Zst(io.RawIOBase):
    """The unpacked bytes of a .zst file. Raises ZstdError where it ends in the middle: the library's own stream ends silently there."""

    def __init__(self, packed: IO[bytes]) -> None:
        self._packed = packed
        self._frame = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW).decompressobj()
        self._is_open = False
        self._left = io.BytesIO()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        n = self._left.readinto(buffer)
        while not n and (chunk := self._packed.read(_ZST_CHUNK)):
            self._left = io.BytesIO(self._unpacked(chunk))
            n = self._left.readinto(buffer)
        if not n and self._is_open:
            raise zstandard.ZstdError("it ends in the middle of a frame")
        return n

    def _unpacked(self, chunk: bytes) -> bytes:
        parts = []
        while chunk:
            parts.append(self._frame.decompress(chunk))
            self._is_open = not self._frame.eof
            chunk = b"" if self._is_open else self._frame.unused_data
            if not self._is_open:
                self._frame = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW).decompressobj()
        return b"".join(parts)


def _skip_line(stream: IO[bytes], size: int) -> None:
    while (part := stream.readline(size)) and not part.endswith(b"\n"):
        pass
