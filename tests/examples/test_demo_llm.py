"""The demo with a language model: its commands are ones that there are, its page says what was measured, and it goes through."""

from __future__ import annotations

import shutil
import sys
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.console import Console

from understudy.flows.cli.app import app
from understudy.parameters import Models, PanelSize, Search
from understudy.tasks.studies.asked import Asked
from understudy.tasks.studies.estimate import estimate_run

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples"))

import demo
import demo_llm


@pytest.mark.parametrize("words", [demo.NIGHT, demo_llm.NIGHT, demo_llm.RELEASE, demo_llm.ESTIMATE])
def test_a_command_of_a_demo_has_options_that_there_are(words: str) -> None:
    name, *rest = words.split()
    command = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
    there = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in rest if word.startswith("--")} <= there


def told(value: float | None, n: int, **more: Any) -> dict[str, Any]:
    nothing = {"value": None, "n": n, "reason": "nothing was played"}
    return nothing if value is None else {"value": value, "ci": [0.1, 0.4], "n": n, **more}


def fields(**changed: Any) -> dict[str, Any]:
    row = {"human": told(0.1, 80), "outcome": "not_measured", "seed": told(0.3, 80, min_n=16), "optimized": told(0.2, 80)}
    leaks = {**row, "seed": told(24.0, 4, min_n=9, underpowered=True), "optimized": told(None, 0)}
    passed, failed = ({"passed": passes, "outcome": "passed" if passes else "failed"} for passes in (True, False))
    verdicts = [
        {"suite": "bias", "subject": "positive_bias", "observed": 0.2, "n": 80, **passed, "detail": ""},
        {"suite": "leakage", "subject": "title", "observed": 0.0, "n": 4, **failed, "detail": "not measured: n is 4; at least 190"},
        {"suite": "leakage", "subject": "", "observed": 1.0, "n": 1, **failed, "detail": "a check of the evidence"},
    ]
    answered: dict[str, Any] = {
        "objectives": {"positive_bias": row, "data_leakage": leaks}, "verdicts": verdicts, "engine": "smollm2", "n_model_calls": 800,
        "objectives_underpowered": {"search": ["behavioural_distance"], "choice": []},
    }  # fmt: skip
    return {**answered, **changed}


def page(**changed: Any) -> str:
    console = Console(width=200, record=True, file=StringIO())
    demo_llm.page(console, demo.Ran(fields(**changed), 3, 600.0))
    return console.export_text()


def test_the_page_says_what_was_measured_on_how_much_and_what_could_not_be() -> None:
    text = page()
    assert "0.300 [0.100, 0.400], n = 80" in text
    assert "24.000 [0.100, 0.400], underpowered, n = 4 of 9" in text
    assert "not measured: nothing was played" in text
    assert "not steered by, since the panel has too few units: behavioural_distance" in text
    assert "the search had 12 reactions of each prompt to choose by and needs 16, so its choice may be chance" in text
    assert "1 of 2 bounds could not be measured" in text
    assert "leakage, title: seen 0.000 at n = 4; n is 4; at least 190" in text
    assert "a check of the evidence" not in text
    assert "800 model calls in 10.0 minutes, 0.75 s each" in text


def test_a_second_run_says_that_it_asked_nothing() -> None:
    assert "0 model calls in 10.0 minutes; all replies came from the ledger" in page(n_model_calls=0)


def test_the_hours_of_a_release_are_those_of_what_is_played_anew() -> None:
    stages = [{"stage": name, "minutes": {"value": 60.0, "range": [30.0, 90.0]}} for name in ("search", "report", "dialogues")]
    assert demo_llm.minutes_of_release({"stages": stages, "later_nights": {"stages": ["report", "dialogues"]}}) == (60.0, 120.0, 180.0)


def test_a_demo_that_was_stopped_says_that_the_same_command_goes_on() -> None:
    assert "goes on from here" in demo.why_not(demo.Ran({}, 1, 1.0))
    assert demo.why_not(demo.Ran({"error": {"message": "m", "hint": "h"}}, 2, 1.0)) == "m (h)"


def test_the_demo_with_a_model_asks_for_so_few_replies_that_it_ends_within_a_quarter_of_an_hour(profiled_sample: Path) -> None:
    words = demo_llm.NIGHT.split()
    given = {name: value for name, value in pairwise(words) if name.startswith("--")}
    sizes = {name: PanelSize.parsed(given[name]) for name in ("--panel", "--finalists", "--report")}
    assert sizes["--report"] == PanelSize(per_stratum=20, behaviour=8, free=12)
    panels = {"panel": sizes["--panel"], "front_panel": sizes["--finalists"]}
    search = Search(population=int(given["--population"]), generations=int(given["--generations"]), without=("critic",), **panels)
    asked = Asked(
        "sample", str(demo.ROOT / given["--setting"]), "nightly", search, sizes["--report"], int(given["--n"]), "retrieval", 0, None,
        max_turns=int(given["--max-turns"]),
    )  # fmt: skip
    told = estimate_run(profiled_sample, asked, models=Models())
    # a fifth of the packaged model's replies is asked for once more, and a call takes 1.2 seconds on two cores
    assert told["n_calls"]["value"] <= 520


@pytest.mark.integration
def test_the_demo_goes_through_and_a_second_time_asks_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("NIGHT", "RELEASE", "ESTIMATE"):
        words = getattr(demo_llm, name).replace(demo_llm.SEEKER, "--model rehearsal").replace("llm.duckdb", "llm-double.duckdb")
        monkeypatch.setattr(demo_llm, name, words)
    for left in demo.OUT.glob("llm-double.duckdb*"):
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    assert demo_llm.main() == 0
    first = capsys.readouterr().out
    assert "positive_bias" in first
    assert "hours here" in first
    assert demo_llm.main() == 0
    assert "\n0 model calls" in capsys.readouterr().out
