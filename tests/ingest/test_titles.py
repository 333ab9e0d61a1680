"""One form for a title, however logs and catalogues write it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.titles import tidy, titled


@pytest.mark.parametrize(
    ("name", "title", "year"),
    [
        ("Amber  Ferry (1999)", "Amber Ferry", 1999),
        ("Salt &amp; Ledger", "Salt & Ledger", None),
        ("Quiet Lantern, The (1962)", "The Quiet Lantern", 1962),
        ("Heure Lente, L' (1987)", "L'Heure Lente", 1987),
        ("Amber Ferry [1999]", "Amber Ferry", 1999),
        ("(1999)", "(1999)", None),
        ("1999 (1999)", "1999", 1999),
        ("Ferry (part 2)", "Ferry (part 2)", None),
        ("Me, a Ferry", "Me, a Ferry", None),
        ("", "", None),
    ],
)
def test_a_name_is_title_and_year(name: str, title: str, year: int | None) -> None:
    assert titled(name) == (title, year)


@given(st.text(max_size=40))
def test_tidy_text_has_single_spaces(text: str) -> None:
    assert tidy(text) == " ".join(tidy(text).split())
