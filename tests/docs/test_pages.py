"""The generated pages say what the commands and decisions are now, and the site is laid out from pages that are there."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "docs" / "site"))

import pages
import paper
from links import targets


def test_every_generated_page_is_current() -> None:
    generated = pages.generated()
    assert set(generated) == {pages.COMMANDS, pages.DECISIONS, pages.PACKAGES, paper.PAGE}
    stored = {name: (pages.DOCS / name).read_text(encoding="utf-8") for name in generated}
    assert [name for name, text in generated.items() if text != stored[name]] == [], "run `python docs/site/pages.py`"


def test_the_reference_has_arguments_options_defaults_and_groups() -> None:
    app, group = typer.Typer(), typer.Typer()
    app.add_typer(group, name="group")

    @app.command()
    def plain(
        place: Annotated[Path, typer.Argument(help="Where | from.")], n: Annotated[int, typer.Option(min=1, help="How many.")] = 3
    ) -> None:
        """Does it.

        More of it.
        """

    @group.command()
    def inner(name: Annotated[list[str], typer.Option(help="Whose.")], loud: Annotated[bool, typer.Option("--loud")] = False) -> None:
        """Does another thing."""

    told = pages.commands_page(app)
    assert "- [`group inner`](#group-inner): Does another thing." in told
    assert "understudy plain PLACE [OPTIONS]" in told
    assert "| `PLACE` |  | required | Where \\| from. |" in told
    assert "| `--n` | integer, at least 1 | `3` | How many. |" in told
    assert "| `--name` | repeatable | required | Whose. |" in told
    assert "| `--loud` | flag |  |  |" in told


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the site is built from."""
    folder = tmp_path_factory.mktemp("site") / "staged"
    pages.stage(folder)
    return folder


def test_the_site_has_every_page_in_its_navigation(staged: Path) -> None:
    config = yaml.safe_load((staged / "mkdocs.yml").read_text(encoding="utf-8"))
    there = {path.relative_to(staged / "pages").as_posix() for path in (staged / "pages").rglob("*.md")}
    named = list(leaves(config["nav"]))
    assert sorted(named) == sorted(there)
    assert not any(name.endswith("/*") for name in named)
    assert "reference/python/understudy.md" in named


def leaves(nav: Any) -> list[str]:
    """The pages of a navigation."""
    if isinstance(nav, str):
        return [nav]
    inner = nav.values() if isinstance(nav, dict) else nav
    return [name for one in inner for name in leaves(one)]


def test_no_link_of_a_staged_page_leaves_the_site(staged: Path) -> None:
    inside = (staged / "pages").resolve()
    for page in inside.rglob("*.md"):
        for target in targets(page.read_text(encoding="utf-8")):
            if "://" not in target and not target.startswith("#"):
                to = (page.parent / target.partition("#")[0]).resolve()
                assert to.is_file(), (page.name, target)
                assert to.is_relative_to(inside), (page.name, target)


def test_a_list_below_a_paragraph_is_set_apart_but_not_in_code() -> None:
    text = "As follows:\n- one\n- two\n  more\n- three\n\n```\nx\n- y\n```"
    assert pages._lists_apart(text) == text.replace("follows:\n- one", "follows:\n\n- one")


def test_nothing_of_the_site_is_loaded_from_elsewhere() -> None:
    config = yaml.safe_load(pages.CONFIG.read_text(encoding="utf-8"))
    assert config["theme"]["font"] is False
    assert config["extra"]["polyfills"] == ["assets/iframe-worker.js"]
