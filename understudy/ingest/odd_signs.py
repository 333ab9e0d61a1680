"""Signs in logs that cannot be stored, shown or read by lines: replaced or removed before anything is stored, and counted."""

from __future__ import annotations

import polars as pl

from understudy.text import clean

# what is worth a closer look, for every text of a batch at once; most texts hold none
_SUSPECT = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\x{2028}-\x{202e}\x{2066}-\x{206f}\x{fdd0}-\x{fdef}\x{fffe}\x{ffff}\x{e0000}-\x{e007f}]"
_COLUMNS = {"turns": ("text",), "items": ("title", "plot"), "labels": ("value",), "ratings": ("text",), "rejects": ("excerpt",)}


def normalised(table: str, rows: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """The rows of a table of schema `ingest` with well-formed text, and how many characters were replaced or removed."""
    n = 0
    for name in _COLUMNS.get(table, ()):
        texts = rows[name]
        odd = texts.str.contains(_SUSPECT).fill_null(False)
        if odd.any():
            found = [clean(text) for text in texts.gather(odd.arg_true())]
            rows = rows.with_columns(texts.clone().scatter(odd.arg_true(), [one.text for one in found]))
            n += sum(one.n_normalised for one in found)
    return rows, n
