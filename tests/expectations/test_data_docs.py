"""The library's own pages of a judgement can be read without a network, and what was judged cannot act in them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest

from understudy.doors import checks, data_docs

LOADS = re.compile(r"<(?:script|link|img|iframe)\b|@import|url\(\s*['\"]?(?:https?:)?//|<[^>]*\son\w+\s*=", re.IGNORECASE)


def test_a_page_of_the_library_loads_nothing_and_keeps_what_it_says() -> None:
    html = (
        '<html><head><link rel="stylesheet" href="https://cdn.example/x.css"><script src="https://cdn.example/x.js"></script>'
        "<style>@import url(https://cdn.example/y.css); body { background: url('//cdn.example/z.png') }</style></head>"
        "<body><img src='https://cdn.example/logo.png'><h1 onclick=\"go()\" id='a'>leakage</h1><script>go()</script>it is on x = 1"
        "<footer><a href='https://cdn.example/buy'>Subscribe</a></footer></body></html>"
    )
    bare = data_docs.offline(html)
    assert LOADS.search(bare) is None
    assert "cdn.example" not in bare
    assert "<h1 id='a'>leakage</h1>" in bare
    # what is said is left alone
    assert "it is on x = 1" in bare


def test_the_index_leads_to_every_page(tmp_path: Path) -> None:
    index = data_docs.written(tmp_path / "docs", {"leakage": "<p>one</p>", "bias": "<p>two</p>"}, title="Judgement 1 of batch <b>")
    text = index.read_text(encoding="utf-8")
    assert "<b>" not in text
    for name in re.findall(r'href="([^"]+)"', text):
        assert (index.parent / name).is_file()
    assert LOADS.search(text) is None


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of a suite of two expectations, one of which a row breaks."""
    folder = tmp_path_factory.mktemp("suites")
    meta = {"why": "as a test", "source": "here", "false_alarm": "0", "power": "1"}
    count = {"type": checks.ROW_COUNT, "kwargs": {"min_value": 1}, "meta": {"name": "rows", **meta}}
    known = {"column": "role", "value_set": ["seeker"]}
    one = {"type": "expect_column_values_to_be_in_set", "kwargs": known, "meta": {"name": "spoken", **meta}}
    (folder / "said.json").write_text(json.dumps({"name": "said", "expectations": [count, one]}), encoding="utf-8")
    frame = pl.DataFrame({"play_key": ["d1", "<script>alert(1)</script>"], "role": ["seeker", "<img src=x onerror=alert(1)>"]})
    pages: dict[str, str] = {}
    found = checks.run_suite("said", frame, key="play_key", folder=folder, pages=pages)
    assert [one.passed for one in found] == [True, False]
    return pages["said"]


def test_a_real_page_says_what_was_expected_and_loads_nothing(page: str) -> None:
    assert LOADS.search(page) is None
    assert "Expectation" in page
    assert "alert(1)</script>" not in page
