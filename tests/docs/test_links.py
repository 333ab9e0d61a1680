"""Every link of README.md and of docs/ leads to a file and a heading that exist, and every page is reached from docs/index.md."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "docs" / "site"))

from links import anchors, slug_of, targets, title

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md") if DOCS / "site" not in path.parents)


def broken(page: Path) -> Iterator[str]:
    """What is wrong with the links of a page."""
    for target in targets(page.read_text(encoding="utf-8")):
        name, _, anchor = target.partition("#")
        if "://" in target or target.startswith("mailto:"):
            continue
        to = (page.parent / name).resolve() if name else page
        if not to.exists():
            yield f"{page.name}: {target}: there is no such file"
        elif anchor and (to.suffix != ".md" or anchor not in anchors(to.read_text(encoding="utf-8"))):
            yield f"{page.name}: {target}: there is no such heading"


def orphans(texts: Mapping[Path, str], start: Path) -> list[Path]:
    """The pages to which no link leads from `start`, over any number of pages."""
    reached, left = {start}, [start]
    while left:
        page = left.pop()
        for target in targets(texts[page]):
            to = (page.parent / target.partition("#")[0]).resolve()
            if to in texts and to not in reached:
                reached.add(to)
                left.append(to)
    return sorted(set(texts) - reached)


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    assert list(broken(page)) == []


def test_every_page_is_reached_from_the_index() -> None:
    assert len(PAGES) > 40
    assert orphans({page: page.read_text(encoding="utf-8") for page in PAGES}, DOCS / "index.md") == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# Other\n\n## A heading, `coded`\n\n## A heading, `coded`\n\n<a id='here'></a>\n")
    page = tmp_path / "page.md"
    good = "[a](other.md) [b](other.md#a-heading-coded-1) [c](other.md#here) [d](#page) [e](https://example.org/x#y) `[no](link.md)`"
    page.write_text(f"# Page\n\n{good}\n\n| [f](gone.md) | ![g](gone.svg) |\n|---|---|\n| [h](other.md#gone) | [i](#gone) |\n")
    assert [line.split(": ")[1] for line in broken(page)] == ["gone.md", "gone.svg", "other.md#gone", "#gone"]


def test_an_orphan_is_found() -> None:
    texts = {Path("/d/index.md"): "[a](a.md)", Path("/d/a.md"): "[b](sub/b.md#x)", Path("/d/sub/b.md"): "", Path("/d/c.md"): "[a](a.md)"}
    assert orphans(texts, Path("/d/index.md")) == [Path("/d/c.md")]


@pytest.mark.parametrize(
    ("heading", "slug"),
    [("1. Humans against humans", "1-humans-against-humans"), ("Games, and what guards", "games-and-what-guards"), ("A & b_c", "a--b_c")],
)
def test_anchors_are_those_of_code_hosts(heading: str, slug: str) -> None:
    assert slug_of(heading) == slug


def test_the_title_of_a_page_is_its_first_heading() -> None:
    assert title("text\n\n# The `code` of it\n\n## More\n") == "The code of it"
