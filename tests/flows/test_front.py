"""`front --true`: the enumerated front of a surface, by name or from a reviewer's file."""

from __future__ import annotations

import json
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from understudy.flows.cli.app import app
from understudy.objectives import NAMES
from understudy.rehearsal import FAULTS


def run(*words: str, cwd: Path) -> Result:
    with chdir(cwd):
        return CliRunner().invoke(app, ["front", *words])


def fields(*words: str, cwd: Path) -> dict[str, Any]:
    done = run("--true", *words, "--json", cwd=cwd)
    assert done.exit_code == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_a_nonconvex_front_is_told_and_drawn(tmp_path: Path) -> None:
    told = fields("--surface", "nonconvex-2", "--svg", "front.svg", cwd=tmp_path)
    assert told["ok"]
    assert len(told["points"]) == told["n_points"] > told["n_supported"] > 0
    assert 0 < told["hypervolume_supported"] < told["hypervolume"] < 1
    assert set(told["reference"]) == set(told["bare"]) == set(NAMES)
    for point in told["points"]:
        assert all(0 <= point["objectives"][name] < told["reference"][name] for name in NAMES)
        assert point["sections"]["role"]
    assert (tmp_path / "front.svg").read_text().startswith("<svg")
    assert list(tmp_path.iterdir()) == [tmp_path / "front.svg"], "no store is opened"


def test_a_reviewer_s_surface_is_enumerated(tmp_path: Path) -> None:
    base = "\n".join(f"{fault} = {3.0 if fault == 'positivity' else -9.0}" for fault in FAULTS)
    (tmp_path / "mine.toml").write_text(f'name = "mine"\n[base]\n{base}\n[main.positivity]\neager = -8.0\n')
    told = fields("--surface", "mine.toml", cwd=tmp_path)
    assert told["surface"].startswith("mine-")
    assert told["n_points"] == 1
    assert told["points"][0]["levers"]["eager"].startswith("up")
    assert told["bare"]["positive_bias"] > told["points"][0]["objectives"]["positive_bias"] + 0.1


@pytest.mark.parametrize("words", [("--true", "--surface", "best"), ("--surface", "0"), ("--true", "--surface", "none.toml")])
def test_what_there_is_not_ends_with_two(words: tuple[str, ...], tmp_path: Path) -> None:
    done = run(*words, "--json", cwd=tmp_path)
    assert done.exit_code == 2
    assert not json.loads(done.stdout)["ok"]


def test_the_page_says_what_it_is(tmp_path: Path) -> None:
    done = run("--true", "--surface", "null", cwd=tmp_path)
    assert "not a language model" in " ".join(done.stdout.split())
    assert "1 points" in done.stdout
