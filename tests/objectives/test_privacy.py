from __future__ import annotations

import re
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import sparse

from tests import suites
from understudy.doors import checks
from understudy.measure.privacy import CANARY, FIGURES, Sources, closeness, closest, exposed, plant
from understudy.measure.reference import Reference
from understudy.objectives import measure_all
from understudy.records import Measured
from understudy.release import gates, verdicts

WORDS = np.array([f"word{i}" for i in range(80)])


def _turns(n: int, split: str, seed: int, *, prefix: str = "") -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    rows = [(f"{prefix or split}{i}", f"w{split}{i % 30}", split, rng.choice(WORDS, 12).tolist()) for i in range(n)]
    return pl.DataFrame(rows, schema=["dialogue_id", "worker", "split", "tokens"], orient="row")


@pytest.fixture(scope="module")
def humans() -> Sources:
    return Sources(pl.concat([_turns(120, "search", 1), _turns(120, "select", 2), _turns(60, "exemplar", 3)]), 1)


def test_strangers_lie_as_near_as_held_out_people(humans: Sources) -> None:
    found = closeness(_turns(150, "played", 9), humans, seed=1)
    assert found["dcr_share"].lo < 0.5 < found["dcr_share"].hi
    assert found["dcr_share_human"].lo < 0.5 < found["dcr_share_human"].hi
    for name in FIGURES:
        assert found[name].value == pytest.approx(found[f"{name}_human"].value, abs=0.12)
        assert found[name].lo <= found[name].value <= found[name].hi
        assert found[name].n > 0


def test_a_simulator_that_recites_its_sources_is_seen(humans: Sources) -> None:
    recited = _turns(120, "search", 1, prefix="played")
    found = closeness(recited, humans, seed=1)
    assert found["dcr"].value == pytest.approx(0, abs=1e-9)
    assert found["nndr_5"].value == pytest.approx(0, abs=1e-9)
    assert found["dcr_share"].lo > 0.55
    half = closeness(pl.concat([recited.head(30), _turns(90, "new", 9)]), humans, seed=1)
    assert half["nndr_5"].hi < half["nndr_5_human"].lo


def judged(turns: pl.DataFrame, humans: Sources) -> dict[str, verdicts.Verdict]:
    """The verdicts of the gate on a batch of these dialogues."""
    seen = {name: one.as_json() for name, one in closeness(turns, humans, seed=1).items()}
    facts, data = ({"canaries": Measured(value, n=1)} for value in (0.0, 1.0))
    found = gates.figures({"objectives": {}, "leakage": {}, "diagnostics": seen}, [], facts, data)
    rows = gates.evidence(checks.suite("privacy"), found)
    done = suites.run_suite("privacy", gates.frame(rows), gates.parameters(rows), key="subject")
    return {one.expectation: one for one in verdicts.verdicts_on("privacy", done, rows)}


def test_the_gate_lets_strangers_pass_and_refuses_who_recites_a_tenth_or_has_no_sources(humans: Sources) -> None:
    clean = _turns(200, "played", 9)
    assert [name for name, one in judged(clean, humans).items() if not one.passed] == []
    recited = pl.concat([_turns(120, "search", 1, prefix="recited").head(20), clean.head(180)])
    told = judged(recited, humans)
    assert [name for name, one in told.items() if not one.passed] == ["nndr_5"]
    everything = pl.concat([_turns(120, "search", 1, prefix="recited"), _turns(60, "exemplar", 3, prefix="also"), clean.head(20)])
    assert [name for name, one in judged(everything, humans).items() if not one.passed] == ["dcr", "nndr_5"]
    alone = judged(clean, Sources(_turns(90, "select", 2), 1))
    assert alone["dcr"].detail == "not measured: at least 40 dialogues are needed; there are 0 source dialogues"
    assert not any(alone[name].passed for name in ("measured", "dcr", "nndr_5"))


def test_the_test_split_is_not_looked_at(humans: Sources) -> None:
    more = Sources(pl.concat([humans.turns, _turns(90, "test", 1)]), 1)
    asked = _turns(50, "played", 9)
    assert closeness(asked, more, seed=1) == closeness(asked, humans, seed=1)


def test_too_few_of_either_are_not_measured(humans: Sources) -> None:
    few = closeness(_turns(19, "played", 9), humans, seed=1)
    assert {one.value for one in few.values()} == {None}
    assert few["dcr"].reason == "at least 20 free runs are needed; there are 19"
    alone = closeness(_turns(50, "played", 9), Sources(_turns(90, "select", 2), 1), seed=1)
    assert "at least 40 dialogues are needed; there are 0 source dialogues" in alone["dcr_share"].reason


def test_canaries_that_come_back_are_counted() -> None:
    turns = pl.DataFrame({"text": [f"i would like something quiet {i}" for i in range(50)]})
    sown, canaries = plant(turns, n=10, seed=4)
    assert len(set(canaries)) == 10
    assert sum(one != other for one, other in zip(sown["text"], turns["text"], strict=True)) == 10
    assert plant(turns, n=10, seed=4)[1] == canaries
    assert plant(turns, n=10, seed=5)[1] != canaries
    assert exposed(canaries, turns["text"]).value == 0
    assert exposed(canaries, [f"ok {canaries[3].split()[1].upper()} it is"]).value == pytest.approx(0.1)
    # whatever stands beside it
    assert exposed(canaries, [f"ok ({canaries[3].split()[1]}), thanks", f"{canaries[4].split()[0]}."]).value == pytest.approx(0.2)
    assert exposed(canaries, sown["text"]).value == 1.0
    # people write about wine
    assert exposed(canaries, ["a zinfandel, please"]).value == 0
    assert [re.search(CANARY, text) is not None for text in (*sown["text"][:2], f"{canaries[0]}!", "zinfandel zinfandel")] == [
        *(text != other for text, other in zip(sown["text"][:2], turns["text"][:2], strict=True)), True, False,
    ]  # fmt: skip
    assert exposed((), ["hi"]).value is None


def test_the_figures_stand_among_the_diagnostics(reference: Reference, world: dict[str, Any]) -> None:
    found = measure_all(world["simulator"](), reference, seed=3).diagnostics
    assert found["dcr"].value is None
    assert "0 source dialogues" in found["dcr"].reason


def test_the_closest_source_is_that_of_all_at_once_also_where_there_are_more_records_than_are_looked_up_at_once() -> None:
    asked, sources = (sparse.random(n, 500, 0.02, format="csr", random_state=n) for n in (600, 90))
    whole = np.asarray((asked @ sources.T).max(axis=1).toarray()).ravel()
    assert closest(asked, sources).tolist() == whole.tolist()
