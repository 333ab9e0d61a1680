"""The drawn profile: readable SVG, the same bytes for the same counts, text escaped, nothing drawn from nothing."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import polars as pl
import pytest

from understudy.doors.folders import folder_name, written
from understudy.errors import BadInput
from understudy.instruments import acts
from understudy.profile.distributions import AFTER
from understudy.profile.pictures import entropy_bits, page, pictures

pytestmark = pytest.mark.usefixtures("valid_drawings")
SCHEMA = {"name": pl.String, "position": pl.Int32, "label": pl.String, "n": pl.Int64, "k": pl.Int64}
COUNTS: list[tuple[str, int, str, int, int | None]] = [
    *(("turns", n, str(n), 20 - n, None) for n in range(4, 12)),
    *(("seeker_turns", n, str(n), 9 - n, None) for n in range(2, 7)),
    *(("lengths", n, str(n), 40 - n, None) for n in range(1, 30)),
    *(("acts", at, act, 5 + at, None) for at, act in enumerate(acts.ACTS)),
    *(
        ("act_pairs", at, f"{before}{AFTER}{now}", at % 3, None)
        for at, (before, now) in enumerate((before, now) for before in acts.PREVIOUS for now in acts.ACTS)
    ),
    *(("accept", at, name, 40, 10 * at) for at, name in enumerate(("liked_seen", "liked_unseen"))),
    *(("reject", at, name, 40, 3) for at, name in enumerate(("liked_seen", "liked_unseen"))),
    *(("popularity", rank, str(rank), max(1, 64 // rank), None) for rank in range(1, 90)),
]
FRAME = pl.DataFrame(COUNTS, schema=SCHEMA, orient="row")
NAMES = ["turns", "lengths", "acts", "act_pairs", "acceptance", "popularity"]
HOSTILE = "<script>alert('x')</script>"


def words(svg: str) -> str:
    return " ".join(text for text in ElementTree.fromstring(svg).itertext() if text.strip())


def test_every_part_of_the_profile_is_drawn_and_the_same_counts_give_the_same_bytes() -> None:
    drawn = pictures(FRAME, dataset="sample")
    assert list(drawn) == NAMES
    assert drawn == pictures(FRAME.sample(fraction=1, shuffle=True, seed=1), dataset="sample")
    assert "mean 7.08" in words(drawn["turns"])
    assert "liked, unseen (n = 40)" in words(drawn["acceptance"])
    assert "25.0%" in words(drawn["acceptance"])
    counts = FRAME.filter(pl.col("name") == "popularity")["n"].to_list()
    assert f"entropy {entropy_bits(counts):.2f} bits" in words(drawn["popularity"])


def test_entropy_is_in_bits() -> None:
    assert entropy_bits([5, 5, 0, 5, 5]) == pytest.approx(2.0)
    assert entropy_bits([9]) == pytest.approx(0.0)


def test_what_has_no_counts_is_not_drawn() -> None:
    assert pictures(FRAME.clear(), dataset="sample") == {}
    none = FRAME.with_columns(n=pl.when(pl.col("name").is_in(["acts", "accept", "reject"])).then(0).otherwise("n"))
    assert list(pictures(none, dataset="sample")) == ["turns", "lengths", "popularity"]


def test_the_page_is_self_contained_and_escapes_what_it_is_given() -> None:
    drawn = pictures(FRAME, dataset=HOSTILE)
    html = page(drawn, dataset=HOSTILE)
    assert "<script" not in html
    assert HOSTILE in unescape(html)
    assert html.count("<svg") == len(NAMES)
    assert not re.findall(r"(?:src|href)=[\"']?https?://", html)


def test_files_are_replaced_as_a_whole_and_a_name_leads_nowhere_else(tmp_path: Path) -> None:
    folder = tmp_path / folder_name("../a/b")
    assert folder.parent == tmp_path
    assert {folder_name(name) for name in ("..", ".", "")} == {"%2E%2E", "%2E", ""}
    assert written(folder, {"x.svg": "one"}) == {"x.svg": folder / "x.svg"}
    written(folder, {"x.svg": "two"})
    assert [path.name for path in folder.iterdir()] == ["x.svg"]
    assert (folder / "x.svg").read_text() == "two"
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="cannot be written"):
        written(tmp_path / "file", {"x.svg": "one"})
