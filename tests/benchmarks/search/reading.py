"""Every different text is read by the instruments once a run: what they say of a text depends on nothing else.

Most of the time of a small measurement goes into setting up the instruments' patterns, so texts of several prompts are read at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import polars as pl

from understudy.instruments.chosen import Instruments
from understudy.instruments.text import Titles
from understudy.measure import reading

_plain_read = reading.read


class Readings:
    """The texts read so far."""

    def __init__(self) -> None:
        self._known: pl.DataFrame | None = None
        self._texts: set[str] = set()

    def read(self, texts: list[pl.Series], titles: Titles, instruments: Instruments) -> pl.DataFrame:
        """What `understudy.measure.reading.read` says of the texts, in the order that it has them in."""
        wanted = pl.concat([one.alias("text") for one in texts]).unique().sort()
        if missing := [text for text in wanted if text not in self._texts]:
            fresh = _plain_read([pl.Series("text", missing)], titles, instruments)
            self._texts.update(missing)
            self._known = fresh if self._known is None else pl.concat([self._known, fresh])
        assert self._known is not None
        return wanted.to_frame().join(self._known, on="text", how="left", maintain_order="left")


@contextmanager
def remembered(readings: Readings) -> Iterator[None]:
    """Reads through `readings` inside the block."""
    reading.read = readings.read
    try:
        yield
    finally:
        reading.read = _plain_read
