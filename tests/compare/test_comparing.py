"""The headline table: one family of tests, what is unchanged is not tested, what carries over has an honest interval, text is text."""

from __future__ import annotations

from dataclasses import replace
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from understudy.measure.values import ObjectiveValue
from understudy.objectives import NAMES
from understudy.records import Measured
from understudy.report.document import Diff, Document, Grid, Paragraph, as_html, as_markdown
from understudy.studies.compare import first_table, page
from understudy.studies.compare.table import Floor, Pair, against, carried, rows_of, with_carried

FLOORS = {name: Floor(0.05, 0.01, 0.1, 40) for name in NAMES}
N = 200


def values(centre: float, *, seed: int, n: int = 80, spread: float = 0.05) -> dict[str, ObjectiveValue]:
    """All objectives at one value, with replicates around it."""
    rng = np.random.default_rng(seed)
    return {
        name: ObjectiveValue(
            name, Measured(centre, centre - 0.1, centre + 0.1, n), {}, {}, replicates=tuple(centre + spread * rng.standard_normal(N))
        )
        for name in NAMES
    }


def pair(setting: str, before: float, after: float, seed: int = 0) -> Pair:
    return Pair(setting, values(before, seed=seed), values(after, seed=seed + 100))


def test_holm_is_over_the_whole_table() -> None:
    alone, family = rows_of([pair("a", 0.8, 0.6)], FLOORS)
    crowded, whole = rows_of([pair("a", 0.8, 0.6), *(pair(f"b{i}", 0.8, 0.79, seed=i + 1) for i in range(5))], FLOORS)
    assert (family["n_tests"], whole["n_tests"]) == (len(NAMES), 6 * len(NAMES))
    for one, other in zip(alone, crowded, strict=False):
        assert one["p"] == other["p"]
        assert one["p_holm"] < other["p_holm"]
    assert {row["outcome"] for row in alone} == {"better"}
    assert alone[0]["difference"]["value"] == pytest.approx(-0.2)


def test_a_pick_that_is_its_seed_is_no_test() -> None:
    same = values(0.5, seed=1)
    rows, family = rows_of([Pair("kept", same, same), pair("a", 0.8, 0.6)], FLOORS)
    assert family["n_tests"] == len(NAMES)
    kept = [row for row in rows if row["setting"] == "kept"]
    assert {(row["outcome"], row["p"], row["p_holm"]) for row in kept} == {("inconclusive", None, None)}
    assert all("nothing is tested" in row["reason"] for row in kept)


def test_what_is_within_the_humans_floor_is_no_gain_and_too_few_units_are_not_measured() -> None:
    near, _ = rows_of([pair("a", 0.09, 0.02)], FLOORS)
    assert {row["outcome"] for row in near} == {"inconclusive"}
    few, family = rows_of([Pair("a", values(0.8, seed=1, n=5), values(0.2, seed=2, n=5))], FLOORS)
    assert {row["outcome"] for row in few} == {"not_measured"}
    assert family["n_tests"] == 0
    assert all(row["p_holm"] is None for row in few)


def test_worse_is_told_as_worse() -> None:
    rows, _ = rows_of([pair("a", 0.3, 0.9)], FLOORS)
    assert {row["outcome"] for row in rows} == {"worse"}


@pytest.mark.parametrize(("p", "outcome"), [(0.04, "better"), (0.06, "inconclusive"), (0.2, "inconclusive"), (0.49, "inconclusive")])
def test_a_difference_that_chance_would_show_once_in_twenty_is_none(p: float, outcome: str) -> None:
    """`p` is Holm's, of a table in which all differences are as sure as each other."""
    gain = 0.05 * NormalDist().inv_cdf(1 - p / len(NAMES) / 2)
    before, after = values(0.8, seed=0), values(0.8 - gain, seed=0)
    exact = (0.05, -0.05) * (N // 2)
    sides = [
        {name: replace(one, replicates=tuple(one.measured.value + apart * by for by in exact)) for name, one in side.items()}
        for side, apart in ((before, 0.0), (after, 1.0))
    ]
    rows, _ = rows_of([Pair("a", *sides)], FLOORS)
    assert [row["p_holm"] for row in rows] == [pytest.approx(p)] * len(NAMES)
    assert {row["outcome"] for row in rows} == {outcome}


def test_picks_are_held_against_the_hand_written_prompt_where_it_is_in_the_table() -> None:
    pairs = [pair("zero_shot", 0.9, 0.3), pair("expert", 0.6, 0.6, seed=7)]
    rows, family = against(pairs, "expert", FLOORS)
    own = [row for row in rows if row["setting"] == "zero_shot"]
    assert own[0]["before"]["value"] == 0.6
    assert own[0]["after"]["value"] == 0.3
    assert family["n_tests"] == 2 * len(NAMES)
    assert against(pairs[:1], "expert", FLOORS)[0] == []


def measured(value: float, sd: float) -> Measured:
    return Measured(value, value - 1.959964 * sd, value + 1.959964 * sd, 80)


def test_the_share_that_carries_over_is_a_quotient_with_fieller_s_interval() -> None:
    share = carried(measured(-0.2, 0.02), measured(-0.4, 0.02), "better")
    assert share.value == pytest.approx(0.5)
    assert share.lo is not None
    assert share.hi is not None
    assert share.lo < 0.5 < share.hi
    # what is worse there is a negative share
    assert (carried(measured(0.1, 0.02), measured(-0.4, 0.02), "better").value or 0) < 0
    for outcome in ("inconclusive", "worse", "not_measured"):
        assert carried(measured(-0.2, 0.02), measured(-0.4, 0.02), outcome).value is None
    assert carried(measured(-0.2, 0.02), measured(-0.04, 0.05), "better").value is None


def test_the_share_s_interval_covers() -> None:
    rng = np.random.default_rng(3)
    hits, n = 0, 400
    for _ in range(n):
        share = carried(measured(-0.1 + 0.05 * rng.standard_normal(), 0.05), measured(-0.4 + 0.06 * rng.standard_normal(), 0.06), "better")
        assert share.lo is not None
        assert share.hi is not None
        hits += share.lo <= 0.25 <= share.hi
    assert 0.92 <= hits / n <= 0.98


def fields(setting: str = "a", engine: str = "rehearsal") -> dict[str, Any]:
    rows, family = rows_of([pair(setting, 0.8, 0.6)], FLOORS)
    figure = {"value": 3.0, "ci": [2.0, 4.0], "n": 20}
    both = {"before": figure, "after": {"value": None, "reason": "no free runs", "n": 0}}
    told = dict.fromkeys(("heldout", "prompt_tokens", "dialogue_tokens", "dialogue_usd"), both)
    search = {"n_calls": {"value": 10}, "tokens": {"value": 5}, "usd": {"value": None, "reason": "unpriced"}, "n_dialogues": 4}
    minutes = {"before": {"value": 0.3}, "search": 0.0}
    return {
        "dataset": "d", "split": "select", "engine": engine, "recommender": "r", "surface": "0", "models": {"seeker": "m"}, "seed": 0,
        "n_test_uses": 7, "rows": rows, "family": family, "transfer": None, "outcomes": {"better": 4},
        "search": {"population": 4, "generations": 1, "algorithm": "unsga3"},
        "report_panel": {"per_stratum": 1, "behaviour": 4, "free": 1},
        "settings": [{"setting": setting, **told, "search": search, "minutes": minutes, "pick_is_seed": False}],
        "usage": {
            "n_calls": 120, "n_contexts": 24, "n_free_runs": 6, "prompt_tokens_computed": {"value": None, "reason": "not said"},
            "prompt_tokens_cached": {"value": 1000}, "reply_tokens": 333, "minutes": {"value": 2.5},
            "machines": ["a processor, 1 cores, 8 GB"] if engine != "gpt" or setting == "a" else {"value": None, "reason": "not recorded"},
        },
        "heldout": {"what": "AUC", "human": figure}, "versus_expert": rows, "minutes_note": "Nobody was timed.",
    }  # fmt: skip


def test_the_report_says_which_engine_and_escapes_what_it_is_given() -> None:
    evil = '<script>alert("x")</script>|*b*'
    document = page.document(fields(evil))
    html, markdown = as_html(document), as_markdown(document)
    for text in (html, markdown):
        assert "<script>" not in text
        assert "not a language model" in text
        assert "aligned with humans" not in text.lower()
        assert "opened 7 times" in text
        assert "unknown: unpriced" in text
        assert "Nobody was timed" in text
    assert "<svg" in html
    assert "http" not in html.replace("http://www.w3.org", "")
    lines = [line for line in markdown.splitlines() if line.startswith("|")]
    assert lines
    assert "not a language model" not in as_html(page.document(fields(engine="gpt")))


def test_the_readme_s_table_of_rehearsal_replaces_nothing() -> None:
    assert "They are no part of the README" in as_markdown(first_table.document([fields()]))
    assert "They are no part of the README" not in as_markdown(first_table.document([fields(engine="gpt")]))


def test_the_first_table_says_how_much_of_a_plan_was_said() -> None:
    measured = fields("a", "gpt")
    assert "said as planned" not in as_markdown(first_table.document([measured]))
    share = {"value": 0.24, "ci": [0.19, 0.3], "n": 240}
    measured["settings"][0]["realised"] = {"acts": {"before": share, "after": share}}
    measured["search"] = {**measured["search"], "generations": 0}
    text = as_markdown(first_table.document([measured]))
    assert "share of planned turns that were said as planned, before a search: acts 0.240 \\[0.190, 0.300]" in text


def cells_of(text: str) -> list[list[str]]:
    """The cells of every row of the tables in a page."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]


def test_the_first_table_has_every_objective_with_intervals_and_what_it_took() -> None:
    text = as_markdown(first_table.document([fields("a", "gpt"), {**fields("<b>", "gpt"), "models": {"seeker": "other"}}]))
    rows = cells_of(text)
    results = [row for row in rows if len(row) == len(NAMES) + 3]
    assert [cell.replace("\\", "") for cell in results[0]] == ["model", "setting", *NAMES, "held-out AUC"]
    assert {row[0] for row in results[2:]} == {"m", "other"}
    assert all("→" in cell and ", n = " in cell for cell in results[2][2:6])
    assert results[2][6].startswith("3.000 \\[2.000, 4.000] → not measured")
    assert results[3][:2] == ["m", "humans against humans"]
    assert results[3][6] == "3.000 \\[2.000, 4.000]"
    costs = [row for row in rows if len(row) == 11][2:]
    assert costs[0] == ["m", "a", "d, split select", "6", "24", "120", "unknown", "1,000", "333", "2.5", "a processor, 1 cores, 8 GB"]
    assert costs[1][10] == "not recorded"
    assert "2 models (m, other) on one data set (d, split select)" in text
    assert "<b>" not in text


def test_a_model_that_is_the_same_in_all_rows_is_named_once_above_them() -> None:
    rows = cells_of(as_markdown(first_table.document([fields("a", "gpt"), fields("b", "gpt")])))
    assert {row[0] for row in rows if len(row) == len(NAMES) + 2} == {"setting", "---", "a", "b", "humans against humans"}
    assert sum(row[0] == "humans against humans" for row in rows) == 1


def test_a_pick_that_is_the_seed_has_one_value_and_no_outcome() -> None:
    measured = fields("a", "gpt")
    measured["settings"] = [{**measured["settings"][0], "pick_is_seed": True}]
    cells = next(row for row in cells_of(as_markdown(first_table.document([measured]))) if "the pick is the seed" in row[0])
    assert not [cell for cell in cells if "→" in cell or "inconclusive" in cell or "better" in cell]


def test_a_seed_prompt_that_no_search_went_out_from_has_no_tuned_figures_and_no_outcome() -> None:
    measured = {**fields("a", "gpt"), "search": {**fields()["search"], "generations": 0}}
    cells = next(row for row in cells_of(as_markdown(first_table.document([measured]))) if "(no search)" in row[0])
    assert len(cells) == len(NAMES) + 2
    assert not [cell for cell in cells if "→" in cell or not cell]


def test_what_carries_over_is_told_beside_the_home_difference() -> None:
    home, _ = rows_of([pair("a", 0.8, 0.4)], FLOORS)
    away, _ = rows_of([pair("a", 0.8, 0.6)], FLOORS)
    row = with_carried(away, home)[0]
    assert row["home_outcome"] == "better"
    assert row["carried"]["value"] == pytest.approx(0.5)


def test_a_document_marks_what_went_and_what_came() -> None:
    pieces = (("same", "be "), ("gone", "<kind> "), ("new", "brief* "))
    document = Document("t", [Diff("style", pieces), Grid(["a|b"], [["c\nd"]]), Paragraph("x", is_note=True)])
    assert "<del>&lt;kind&gt; </del><ins>brief* </ins>" in as_html(document)
    told = as_markdown(document)
    assert "~~&lt;kind&gt;~~ **brief\\*** " in told
    assert "| c d |" in told


def test_the_report_says_which_objectives_steered_and_which_were_underpowered() -> None:
    weak = {"search": ["diversity_gap"], "choice": []}
    told = page.steering({"settings": [{"setting": "a", "objectives_underpowered": weak}, {"setting": "b"}]})
    others = ", ".join(name for name in NAMES if name != "diversity_gap")
    assert told == [
        f"a: The search was steered by {others}, and the pick was chosen by {', '.join(NAMES)}. "
        "The search was not steered by diversity_gap: measured on too few units for a choice (underpowered)."
    ]
