"""E-mail addresses and telephone numbers are masked, films and numbers are not."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.ingest.personal import masked, masked_text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("write to jo.smith@example.com.", "write to [email]."),
        ("JO+x@EXAMPLE.CO.UK, please", "[email], please"),
        ("jo (at) example.org", "[email]"),
        ("jo[at]example.org", "[email]"),
        ("call 415-555-2671 now", "call [phone] now"),
        ("(415) 555 2671", "[phone]"),
        ("+44 20 7946 0958 or +49 30 901820", "[phone] or [phone]"),
        ("tel 4155552671; mail a.b@example.org", "tel [phone]; mail [email]"),
    ],
)
def test_addresses_and_numbers_are_masked(text: str, told: str) -> None:
    assert masked_text(text) == told


@pytest.mark.parametrize(
    "text",
    [
        "2001 1968 1999 2003",
        "I saw 300 (2006) and 2012 (2009) and 1984",
        "@111776 @204334 @134643",
        "it is 1234567890123456789",
        "see me @ the movies",
        "rated 10/10, 9.5 of 10",
        "",
    ],
)
def test_titles_years_and_ids_are_left(text: str) -> None:
    assert masked_text(text) == text


@given(st.lists(st.text(max_size=30)))
def test_masking_a_column_is_masking_each_text(texts: list[str]) -> None:
    column = pl.Series("text", [*texts, "jo@example.com", None], dtype=pl.String)
    assert masked(column).to_list() == [*(masked_text(text) for text in texts), "[email]", None]


@given(st.text(max_size=60))
def test_masking_twice_is_masking_once(text: str) -> None:
    assert masked_text(masked_text(text)) == masked_text(text)
