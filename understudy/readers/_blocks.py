"""Functions shared by readers of tab-separated logs: a dialogue is a block of rows, of bounded size even in broken files."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
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

    def rows(self) -> list[list[str]]:
        """The fields of each line. Raises Broken where a line is none, or the block was cut."""
        if self.is_cut:
            raise Broken(f"more than {MAX_ROWS} rows or {limits().line} bytes without an end")
        return [utf8(line).split("\t") for line in self.lines]


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
