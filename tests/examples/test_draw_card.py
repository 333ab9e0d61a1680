"""The page of a card has what the hub shows of it, and what stands in titles and turns stays text there."""

from __future__ import annotations

import re
import shutil
import sys
from html import escape
from pathlib import Path

import pytest
import yaml

from tests.publish.made import TRAPS, on_shelf
from understudy.errors import BadInput, UnderstudyError

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "examples"))

import draw_card  # noqa: E402


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return on_shelf(tmp_path_factory.mktemp("card") / "r") / "small" / "v1"


def test_the_page_has_the_header_the_first_rows_and_every_section(folder: Path) -> None:
    html = draw_card.page(folder)
    card = (folder / "README.md").read_text(encoding="utf-8")
    header = yaml.safe_load(card.split("---\n")[1])
    for value in (header["license"], *header["task_categories"], *header["size_categories"], *header["tags"]):
        assert f'<span class="tag">{escape(value)}</span>' in html
    assert html.count("<li><b>") == len(header["configs"]) == 4
    assert "split train" in html
    for title in re.findall(r"^## (.+)$", card, re.MULTILINE):
        assert f"<h2>{title}</h2>" in html or title == "not a heading"
    assert "<h2>not a heading</h2>" not in html


def test_the_page_loads_nothing_and_text_stays_text(folder: Path) -> None:
    html = draw_card.page(folder, owner="<b>owner")
    assert re.search(r"<(?:script|img|link|iframe)\b|<[^>]*\son\w+\s*=|javascript:1", html, re.IGNORECASE) is None
    assert "<b>owner" not in html
    assert TRAPS[3][:25] not in html


def test_what_is_no_card_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="does not begin with a YAML header"):
        draw_card.Card.of("# a heading\n")
    with pytest.raises(UnderstudyError):
        draw_card.page(tmp_path)


def test_without_a_browser_there_is_no_picture(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draw_card, "BROWSERS", ("no-such-browser",))
    with pytest.raises(BadInput, match="none of no-such-browser is installed"):
        draw_card.main(str(folder), str(tmp_path / "card.png"))
    assert (tmp_path / "card.html").is_file()
    assert not (tmp_path / "card.png").exists()


@pytest.mark.integration
@pytest.mark.skipif(not any(map(shutil.which, draw_card.BROWSERS)), reason="no Chromium is installed, which the lock cannot hold")
def test_a_browser_takes_the_picture(folder: Path, tmp_path: Path) -> None:
    draw_card.main(str(folder), str(tmp_path / "card.png"))
    content = (tmp_path / "card.png").read_bytes()
    assert content.startswith(b"\x89PNG")
    assert (int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")) == (draw_card.WIDTH, draw_card.HEIGHT)
    # a page of nothing is a few kilobytes
    assert len(content) > 30_000
