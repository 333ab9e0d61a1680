"""Functions shared by readers of logs in rows: a dialogue is a block of lines, of bounded size even in broken files."""

from __future__ import annotations

import csv
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field

from understudy.doors.limits import limits
from understudy.readers._kit import Broken, utf8

MAX_ROWS = 5_000  # the longest dialogue of any log we know has fewer than 200


@dataclass(slots=True)
class Block:
    """The lines of one dialogue, in order. `is_cut`: a part of more lines than a dialogue may have; the other parts are blocks too."""

    lines: list[bytes] = field(default_factory=list)
    n_bytes: int = 0
    is_cut: bool = False

    def __repr__(self) -> str:
        return self.lines[0][:200].decode("utf-8", "replace") if self.lines else ""

    def rows(self, fields: Callable[[bytes], list[str]] | None = None) -> list[list[str]]:
        """The fields of each line, by `fields`, or between tabs. Raises Broken where a line is none, or the block was cut."""
        if self.is_cut:
            raise Broken(f"more than {MAX_ROWS} rows or {limits().line} bytes without an end")
        return [(fields or between_tabs)(line) for line in self.lines]


def between_tabs(line: bytes) -> list[str]:
    """The fields of a line of a tab-separated file. Raises Broken."""
    return utf8(line).split("\t")


def csv_cells(line: bytes) -> list[str]:
    """The cells of a row of CSV that is one line, so that a lost quotation mark costs one row. Raises Broken."""
    csv.field_size_limit(limits().line)  # of the whole process; the default is below what a long dialogue takes
    try:
        return next(csv.reader([utf8(line)], strict=True), [])
    except csv.Error:
        raise Broken("not a row of CSV") from None


def blocks(keyed: Iterable[tuple[Hashable, bytes]]) -> Iterator[tuple[int, Block]]:
    """Lines that follow each other under the same key, numbered from 1. A line under None belongs to the block before it."""
    number, block, current = 1, Block(), None
    for key, line in keyed:
        is_full = len(block.lines) >= MAX_ROWS or block.n_bytes + len(line) > limits().line
        if block.lines and (is_full or (key is not None and key != current)):
            goes_on = key in (None, current)
            block.is_cut |= goes_on
            yield number, block
            number, block = number + 1, Block(is_cut=goes_on)
        current = current if key is None else key
        block.lines.append(line)
        block.n_bytes += len(line)
    if block.lines:
        yield number, block
