"""How much of a file of human logs is read at most, so that a file that was made to be too large is refused in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

MB = 2**20


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """The bounds of reading, in bytes. `ratio` is how many times its packed size a file may unpack to; `document` is always allowed."""

    line: int = 16 * MB
    """A line, or the lines of one dialogue; the longest line of any log we know is below 0.2 MB."""

    document: int = 256 * MB
    """A file that is one JSON value, which is held whole while it is read."""

    ratio: int = 200
    """Packed logs that we know unpack to 3 to 40 times their size."""

    def unpacked(self, n_packed: int) -> int:
        """Bytes that a packed file of `n_packed` bytes may unpack to."""
        return max(self.document, self.ratio * n_packed)


_USUAL = ReadingLimits()
_limits: ContextVar[ReadingLimits] = ContextVar("limits", default=_USUAL)


def limits() -> ReadingLimits:
    """The bounds that hold here."""
    return _limits.get()


@contextmanager
def reading_within(chosen: ReadingLimits) -> Iterator[None]:
    """In the block, files are read within `chosen`. Readers need not know, so that no reader can forget to pass it on."""
    token = _limits.set(chosen)
    try:
        yield
    finally:
        _limits.reset(token)
