"""How a turn is written, not what it says: length, punctuation, casing. What the feature classifier sees."""

from __future__ import annotations

import polars as pl

from understudy.instruments.text import MASK

VERSION = 1

_RARE = (r"\?", "!", ",", r"\.\.+", "[:;]", "['’]", r"[()\"“”]", "-", r"[0-9]")
_BINS = ((-1, 2), (2, 4), (4, 7), (7, 10), (10, 14), (14, 20))  # tokens, upper ends included


def features(raw: str, count: str) -> list[pl.Expr]:
    """Expressions named `f_*` over a masked column `raw` and its token count `count`; all finite.

    Counts enter as logarithms and as shares of the words, length also in bins, so a linear classifier sees a length
    distribution that is too narrow as well as one that is shifted.
    """
    text, n = pl.col(raw), pl.col(count)
    size = text.str.len_chars().clip(1)
    log_n = (n + 1).log()
    marks = [text.str.count_matches(pattern).clip(0, 5).cast(pl.Float64).alias(f"f_mark_{i}") for i, pattern in enumerate(_RARE)]
    bins = [((n > low) & (n <= high)).cast(pl.Float64).alias(f"f_bin_{high}") for low, high in _BINS]
    return [
        log_n.alias("f_log_tokens"),
        (log_n**2).alias("f_log_tokens_2"),
        (size / (n + 1)).alias("f_chars_per_token"),
        text.str.contains(r"^\s*\p{Lu}").cast(pl.Float64).alias("f_capital_start"),
        (text.str.count_matches(r"\p{Lu}") / size).alias("f_capitals"),
        text.str.contains(r"\bi\b").cast(pl.Float64).alias("f_small_i"),
        text.str.contains(r"\.\s*$").cast(pl.Float64).alias("f_full_stop"),
        text.str.contains(r"[!?]\s*$").cast(pl.Float64).alias("f_loud_end"),
        (text.str.count_matches(r"[.!?]+") / (n + 1)).alias("f_sentences"),
        text.str.count_matches(MASK).clip(0, 4).cast(pl.Float64).alias("f_titles"),
        *marks,
        *bins,
    ]
