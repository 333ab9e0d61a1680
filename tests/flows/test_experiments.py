"""compare and study on the bundled sample: the table twice, on the test split, elsewhere; a study that is killed and goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest

from understudy.doors.store import Store
from understudy.errors import BadInput, BudgetExhausted
from understudy.flows.experiments import compare_settings, study
from understudy.objectives import NAMES
from understudy.parameters import Caps, Models, PanelSize, RunOptions, Search
from understudy.prompt.setting import setting_names
from understudy.tasks.studies.asked import Asked
from understudy.tasks.studies.compare import settings_asked, written
from understudy.tasks.studies.estimate import estimate_run
from understudy.tasks.studies.lineage import show_run
from understudy.tasks.studies.study import written as written_study

ROOT = Path(__file__).resolve().parents[2]
UNDERSTUDY = str(Path(sys.executable).with_name("understudy"))
TINY = PanelSize(per_stratum=2, behaviour=4, free=2)
SEARCH = Search(population=4, generations=1, n_front=1, panel=TINY, front_panel=TINY)
CONCURRENCY = 8


@pytest.fixture
def store(profiled_sample: Path, tmp_path: Path) -> str:
    """A store with the profiled sample, of a test's own."""
    return str(copyfile(profiled_sample, tmp_path / "sample.duckdb"))


@pytest.mark.prove
@pytest.mark.usefixtures("prefect_server")
def test_the_table_twice_then_on_test_and_with_another_recommender(store: str, tmp_path: Path) -> None:
    asked: dict[str, Any] = {"search": SEARCH, "report": TINY}
    options = RunOptions(store=Path(store))
    first = compare_settings("sample", ["zero_shot"], **asked, options=options)
    assert {row["objective"] for row in first["rows"]} == set(NAMES)
    told = {"setting", "objective", "before", "after", "floor", "difference", "p_holm", "outcome"}
    assert all(told <= set(row) for row in first["rows"])
    assert (first["split"], first["engine"], first["n_test_uses"]) == ("select", "rehearsal", 0)
    (setting,) = first["settings"]
    assert setting["search"]["n_calls"]["value"] > 100
    assert setting["search"]["usd"] == {"value": 0.0}
    assert setting["prompt_tokens"]["before"]["value"] > 100
    assert setting["dialogue_tokens"]["before"]["value"] > setting["prompt_tokens"]["before"]["value"]
    assert setting["minutes"]["before"]["value"] is None

    again = compare_settings("sample", ["zero_shot"], **asked, options=options)
    assert again["n_model_calls"] == 0
    assert {**again, "n_model_calls": 0, "tokens": 0} == {**first, "n_model_calls": 0, "tokens": 0}

    moved = compare_settings("sample", ["zero_shot"], **asked, to_recommender="contrarian", final=True, options=options)
    assert moved["split"] == "test"
    assert moved["transfer"]["recommender"].startswith("contrarian")
    assert {"home_difference", "carried"} <= set(moved["rows"][0])
    with Store.open(store) as opened:
        uses = opened.rows("optimize/n_test_uses")[0]["n"]
    # seed and pick, at home and with the other recommender; at home the best shipped prompt as well, where it is neither of the two
    digests, best = setting["genome_digest"].values(), first["best_shipped"]
    assert best is not None
    assert moved["n_test_uses"] == uses == 4 + (best["genome_digest"] not in digests)
    assert {row["objective"] for row in first["versus_best_shipped"]} == set(NAMES)
    assert best["setting"] in setting_names()
    assert best["n_rounds"] == 1

    files = written(moved, html=str(tmp_path / "t.html"), markdown=str(tmp_path / "t.md"))
    for path in files.values():
        text = Path(path).read_text()
        assert "not a language model" in text
        assert "aligned with humans" not in text
        assert f"opened {uses} times" in text
    shown = show_run(store, setting["run"][:10], genome=None)
    assert shown["genome_digest"] == setting["genome_digest"]["after"]
    assert sum(one["objectives"]["diversity_gap"]["gain"]["value"] is not None for one in shown["steps"]) == len(shown["steps"])


@pytest.mark.usefixtures("prefect_server", "few_halvings")
def test_a_comparison_makes_as_many_calls_as_were_expected(store: str) -> None:
    search = SEARCH.model_copy(update={"generations": 0})
    told, made = expected_and_made(store, "compare", search)
    assert told["range"][0] <= made <= told["range"][1]
    assert made == pytest.approx(told["value"], rel=0.4)


@pytest.mark.prove
@pytest.mark.usefixtures("prefect_server")
@pytest.mark.parametrize("run", ["compare", "study"])
def test_a_search_within_makes_about_as_many_calls_as_were_expected(store: str, run: str) -> None:
    told, made = expected_and_made(store, run, SEARCH)
    assert told["range"][0] <= made <= told["range"][1]
    assert made == pytest.approx(told["value"], rel=0.5)


def expected_and_made(store: str, run: str, search: Search) -> tuple[dict[str, Any], int]:
    """The calls that a comparison or study of one setting is expected to make, and those that it then makes."""
    asked = Asked("sample", "zero_shot", run, search, TINY, 1, "retrieval", 0, None, n_probed=4)
    told = estimate_run(store, asked, models=Models())["n_calls"]
    flow = partial(compare_settings if run == "compare" else partial(study, n_probed=4), best_shipped=False)
    options = RunOptions(store=Path(store))
    return told, flow("sample", ["zero_shot"], search=search, report=TINY, options=options)["n_model_calls"]


def test_settings_that_cannot_be_compared_are_bad_input(tmp_path: Path) -> None:
    own = tmp_path / "zero_shot.toml"
    own.write_text((ROOT / "understudy" / "prompt" / "settings" / "zero_shot.toml").read_text())
    for asked, told in (
        ("nothing", "no prompt setting called"),
        (",", "no prompt setting was named"),
        (f"zero_shot,{own}", "have the same name"),
    ):
        with pytest.raises(BadInput, match=told):
            settings_asked(asked)
    assert len(settings_asked("all")) == 12


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The address of a devserver, and its log."""
    log = tmp_path / "served.jsonl"
    program = f"from pathlib import Path; from understudy.doors.devserver import serve; serve(0, log=Path({str(log)!r}), latency_ms=5)"
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield json.loads(process.stdout.readline())["api_base"], log
    process.terminate()
    process.wait(30)


def seen(log: Path) -> list[str]:
    """The key of each request that the server saw."""
    return [json.loads(line)["key"] for line in log.read_text().splitlines()] if log.exists() else []


@pytest.mark.prove
@pytest.mark.usefixtures("prefect_server")
def test_a_study_that_is_killed_goes_on_and_pays_again_only_for_calls_in_flight(store: str, server: tuple[str, Path]) -> None:
    from prefect.settings import PREFECT_API_URL

    address, log = server
    words = [
        *("study", "--dataset", "sample", "--settings", "zero_shot", "--model", "openai/anything", "--api-base", address),
        *("--price", "1,1", "--usd", "5", "--concurrency", str(CONCURRENCY), "--population", "4", "--generations", "1", "--probes", "4"),
        *("--panel", "2,4,2", "--finalists", "2,4,2", "--report", "2,4,2", "--store", store, "--json"),
    ]
    environment = {**os.environ, "PREFECT_API_URL": PREFECT_API_URL.value() or ""}
    told = store + ".err"
    with Path(told).open("w") as errors:
        process = subprocess.Popen([UNDERSTUDY, *words], env=environment, stdout=errors, stderr=errors)
    while len(seen(log)) < 120:
        assert process.poll() is None, Path(told).read_text()
        time.sleep(0.05)
    process.kill()
    process.communicate()
    n_before = len(seen(log))
    # what is expected is said before anything is spent
    assert "estimate if nothing has been played yet" in Path(told).read_text()

    models = Models(seeker="openai/anything", api_base=address, prices={"*": (1.0, 1.0)}, concurrency=CONCURRENCY)
    asked: dict[str, Any] = {
        "search": SEARCH.model_copy(update={"n_front": 3}),
        "report": TINY,
        "n_probed": 4,
    }

    def within(calls: int) -> RunOptions:
        return RunOptions(store=Path(store), models=models, caps=Caps(calls=calls))

    # the cap is one of the whole study: what the process that was killed spent counts
    with pytest.raises(BudgetExhausted, match="has reached a cap"):
        study("sample", ["zero_shot"], **asked, options=within(100))
    with pytest.raises(BudgetExhausted):
        study("sample", ["zero_shot"], **asked, options=within(n_before + 60))
    fields = study("sample", ["zero_shot"], **asked, options=within(5000))
    requests = Counter(seen(log))
    assert requests.total() > n_before + 60
    assert requests.total() - len(requests) <= CONCURRENCY
    assert (fields["engine"], fields["probe"]["outcome"], fields["n_stages"]) == ("rehearsal", "not_measured", 4)
    files = written_study(fields, store, out=None)
    assert "They are no part of the README" in Path(files["table"]).read_text()
    # calls that the server saw and that were not reserved, or the other way round, were in flight
    assert abs(fields["n_model_calls"] - requests.total()) <= CONCURRENCY
    with Store.open(store) as opened:
        ledger = opened.rows("play/ledger_totals")[0]
    assert ledger["n_duplicate_keys"] == 0
    assert fields["n_unknown"] == ledger["n_unknown"] <= CONCURRENCY
    # a study that has ended is told from its rows, whatever is left of its caps
    assert study("sample", ["zero_shot"], **asked, options=within(1)) == fields
    assert Counter(seen(log)) == requests
