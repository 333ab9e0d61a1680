"""docs/architecture.md is true: its code blocks, written into a copy of the repository, pass the contract tests that it names."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree, ignore_patterns

from markdown_it import MarkdownIt

from tests.house import architecture

ROOT = architecture.ROOT
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
HIDDEN = ignore_patterns(".*", "__pycache__")
AT_THE_END = ", at the end"
_TITLE = re.compile(r'title="([^"]+)"')
_CONTRACT = re.compile(r"-m pytest (\S+) -k (\w+)")
_TABLE_NAME = re.compile(r"^\| `(\w+)` \|", re.MULTILINE)
_PLACE = re.compile(r"`((?:understudy|tasks|flows|sql|expectations|deployments|tests|docs)/[\w/.]*)`")


def files_of(text: str) -> dict[str, str]:
    """The code blocks of a page that bear the name of a file."""
    fences = (token for token in MarkdownIt("commonmark").parse(text) if token.type == "fence")
    return {title[1]: token.content for token in fences if (title := _TITLE.search(token.info))}


def write(files: dict[str, str], folder: Path) -> list[str]:
    """Writes the files below a folder, or adds to the end of one that is there; the names of the new ones."""
    for name, content in files.items():
        path = folder / name.removesuffix(AT_THE_END)
        assert path.exists() == name.endswith(AT_THE_END), f"{name}: the page adds new files, or says that it adds to the end of one"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as opened:
            opened.write(f"\n{content}" if name.endswith(AT_THE_END) else content)
    return [name for name in files if not name.endswith(AT_THE_END)]


def passed(report: str) -> Iterator[tuple[str, str]]:
    """File and parameters of each test that passed, from pytest's short summary."""
    yield from re.findall(r"^PASSED ([^:\s]+)::\w+\[(.+)\]$", report, re.MULTILINE)


def test_a_person_new_to_the_code_adds_one_of_each_by_the_page_alone(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    # hidden folders hold environments and caches, `site` the documentation as `make docs` builds it
    copytree(ROOT, copy, symlinks=True, ignore=lambda folder, names: [*HIDDEN(folder, names), *({"site"} if folder == str(ROOT) else ())])
    added = write(files_of(TEXT), copy)
    contracts = _CONTRACT.findall(TEXT)
    assert {path.split("/")[1] for path, _ in contracts} == {"readers", "recommenders", "objectives", "expectations"}
    chosen = " or ".join(name for _, name in contracts)
    words = ["-m", "pytest", *(path for path, _ in contracts), "-k", chosen, "-q", "-rA", "-p", "no:cacheprovider", "--tb=short"]
    # the copy shares nothing with the test processes of this run
    alone = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}
    done = subprocess.run([sys.executable, *words], cwd=copy, env=alone, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    kept = list(passed(done.stdout))
    for path, name in contracts:
        assert any(where == path and name in parameters.split("-") for where, parameters in kept), f"{path} has no case {name}"
    modules = [name for name in added if name.endswith(".py")]
    assert [line for name in modules for line in architecture.violations(name, (copy / name).read_text(encoding="utf-8"))] == []
    ruff = subprocess.run([sys.executable, "-m", "ruff", "check", *modules], cwd=copy, capture_output=True, text=True, check=False)
    assert ruff.returncode == 0, ruff.stdout


def test_the_page_names_every_package_in_its_order() -> None:
    table = TEXT.partition("| package | what it holds |")[2].partition("\n\n")[0]
    assert _TABLE_NAME.findall(table) == ["flows", "tasks", *reversed(architecture.ORDER)]


def test_the_page_names_every_door() -> None:
    table = TEXT.partition("| what is opened | where |")[2].partition("\n\n")[0]
    doors = {place for door in architecture.DOORS.values() for place in (door if isinstance(door, tuple) else (door,))}
    named = _PLACE.findall(table)
    assert {door for door in doors if not any(place.startswith(door) or door.startswith(place) for place in named)} == set()


def test_every_place_that_the_page_names_is_there() -> None:
    places = _PLACE.findall(TEXT)
    assert len(places) > 30
    assert [place for place in places if not (ROOT / place).exists()] == []
