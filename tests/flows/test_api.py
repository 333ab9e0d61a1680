"""The face of the package: its names are there, are the ones that are explained, and cost nothing until they are used."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

import understudy
from tests.publish.made import on_shelf
from understudy.errors import BadInput
from understudy.flows import api

ROOT = Path(__file__).resolve().parents[2]
CALLS = [name for name in understudy.__all__ if name.islower()]


def test_every_name_is_there_and_no_other() -> None:
    assert CALLS == [
        "audit", "evaluate", "ingest_logs", "nightly", "optimize", "profile_logs", "publish", "pull", "releases", "retract", "simulate",
        "validate", "verify",
    ]  # fmt: skip
    for name in understudy.__all__:
        assert getattr(understudy, name).__doc__
    assert all(getattr(understudy, name) is getattr(api, name) for name in CALLS)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        understudy.nothing  # noqa: B018


def test_the_names_for_type_checkers_are_those_that_are_there() -> None:
    tree = ast.parse((ROOT / "understudy" / "__init__.py").read_text(encoding="utf-8"))
    checked = next(node for node in tree.body if isinstance(node, ast.If))
    named = {alias.name for node in checked.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert named == set(understudy.__all__)


def test_each_call_is_explained() -> None:
    guide = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    table = guide.partition("| call | does |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+)\(", table)) == set(CALLS)


@pytest.mark.parametrize("name", CALLS)
def test_the_command_of_the_same_name_calls_it(name: str) -> None:
    command = (ROOT / "flows" / "cli" / f"{name.removesuffix('_logs')}.py").read_text(encoding="utf-8")
    assert f"api.{name}(" in command


def test_no_call_has_the_name_of_a_package() -> None:
    packages = {path.parent.name for path in (ROOT / "understudy").glob("*/__init__.py")}
    modules = {path.stem for path in (ROOT / "understudy").glob("*.py")}
    assert not (packages | modules) & set(understudy.__all__)


def test_importing_costs_nothing() -> None:
    words = "import sys, understudy; print([one for one in ('prefect', 'polars', 'duckdb', 'pydantic', 'litellm') if one in sys.modules])"
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_release_is_pulled_as_a_frame_a_table_and_a_file(tmp_path: Path) -> None:
    releases = on_shelf(tmp_path / "r")
    frame = understudy.pull(form="rows", where={"replicate": 0, "dialogue_id": ["d0", "d1"]}, releases=releases)
    assert isinstance(frame, pl.DataFrame)
    assert frame["dialogue_id"].unique().sort().to_list() == ["d0", "d1"]
    table = understudy.pull(to="arrow", split="validation", releases=releases)
    assert isinstance(table, pa.Table)
    assert table.num_rows == 1
    fields = understudy.pull(to=tmp_path / "x.parquet", form="parquet", releases=releases)
    assert (fields["n_examples"], fields["form"]) == (4, "parquet")
    assert understudy.releases(releases)["releases"][0]["state"] == "published"
    assert understudy.verify(releases=releases)["mismatches"] == []


def test_a_library_that_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(BadInput, match="datasets is not installed"):
        understudy.pull(to="datasets", releases=on_shelf(tmp_path / "r"))
