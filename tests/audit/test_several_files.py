"""Several files in one audit: paired differences, a ranking with ties and what makes it, and one table in every form."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from understudy.errors import BadInput
from understudy.measure.values import ObjectiveValue, Term
from understudy.records import Measured
from understudy.studies.audit.page import _ranking
from understudy.studies.audit.ranking import Ranked, standings
from understudy.studies.audit.sources import audited_files
from understudy.studies.audit.telling import standings_fields

N = 60
KEYS = {"objective", "a", "b", "difference", "p", "p_holm", "outcome", "reason", "parts"}


def objective(values: dict[str, float], *, noise: float, seed: int, n: int = N, pooled: Any = "mean") -> ObjectiveValue:
    """An objective over parts, whose half-samples spread by `noise`; of the same seed they go together."""
    drawn = {name: tuple((value + noise * np.random.default_rng([seed, at]).standard_normal(200)).tolist())
             for at, (name, value) in enumerate(values.items())}  # fmt: skip
    terms = {name: Term(value, drawn[name], n) for name, value in values.items()}
    parts = {name: Measured(value, n=n) for name, value in values.items()}
    told = ObjectiveValue("distance", Measured(0.0, n=n), parts, parts, terms=terms, pooled=pooled)
    whole = told.over(list(values)) if values else told
    return whole if values else ObjectiveValue("distance", Measured(None, reason="nothing"), {}, {})


def ranked(name: str, value: ObjectiveValue, *, floor: float | None = None, dialogues: Any = range(N)) -> Ranked:
    names = frozenset(map(str, dialogues))
    return Ranked(name, {"distance": value}, {"distance": floor}, names, names)


def fields(*files: Ranked) -> dict[str, Any]:
    return standings_fields(standings(files))


def test_paired_files_are_told_apart_where_unpaired_ones_are_not() -> None:
    together = fields(*(ranked(name, objective({"acts": value}, noise=0.1, seed=0)) for name, value in (("a", 0.30), ("b", 0.35))))
    alone = fields(ranked("a", objective({"acts": 0.30}, noise=0.1, seed=0)), ranked("b", objective({"acts": 0.35}, noise=0.1, seed=1)))
    assert (together["ranking"][0]["order"], together["ranking"][0]["ties"]) == (["a", "b"], [])
    assert (alone["ranking"][0]["order"], alone["ranking"][0]["ties"]) == (["a", "b"], [["a", "b"]])
    pair = together["pairs"][0]
    assert set(pair) == KEYS
    assert pair["difference"]["value"] == pytest.approx(-0.05)
    assert pair["outcome"] == "better"
    assert pair["p_holm"] < 0.05 < alone["pairs"][0]["p_holm"]


def test_holm_counts_all_pairs_and_a_tie_need_not_be_carried_over() -> None:
    values = {"a": 0.30, "b": 0.34, "c": 0.38, "d": 0.70}
    found = fields(*(ranked(name, objective({"acts": value}, noise=0.02, seed=at)) for at, (name, value) in enumerate(values.items())))
    # a and b, b and c are tied, a and c are not; d is nobody's
    assert found["ranking"][0]["ties"] == [["a", "b"], ["b", "c"]]
    assert len(found["pairs"]) == 6
    assert all(one["p_holm"] >= one["p"] for one in found["pairs"])
    assert found["ranking"][0]["told"] == "a and b are nearest, and no two of them differ."


def test_the_ranking_says_which_part_makes_it_and_what_it_is_without() -> None:
    agenda = objective({"acts": 0.60, "tokens": 0.05}, noise=0.01, seed=1)
    llm = objective({"acts": 0.30, "tokens": 0.50}, noise=0.01, seed=2)
    found = fields(ranked("agenda", agenda), ranked("llm", llm))
    ranking, pair = found["ranking"][0], found["pairs"][0]
    assert ranking["order"] == ["agenda", "llm"]
    assert ranking["without"]["tokens"] == {"order": ["llm", "agenda"], "ties": [], "is_other_order": True, "is_other_first": True}
    assert ranking["parts"]["tokens"] == {"agenda": 0.05, "llm": 0.50}
    assert ranking["told"] == (
        "agenda is nearest to the humans. llm is 0.075 farther: tokens +0.225, acts -0.150. Without tokens, llm is."
    )
    assert sum(pair["parts"].values()) == pytest.approx(pair["difference"]["value"])
    assert pair["parts"]["tokens"] < 0 < pair["parts"]["acts"]


def test_files_are_ranked_on_the_parts_that_all_of_them_have() -> None:
    whole = objective({"title": 0.9, "copying": 0.1}, noise=0.01, seed=1)
    less = objective({"copying": 0.2}, noise=0.01, seed=2)
    found = fields(ranked("whole", whole), ranked("less", less), ranked("none", objective({}, noise=0, seed=3)))
    ranking = found["ranking"][0]
    assert ranking["over"] == ["copying"]
    assert ranking["order"] == ["whole", "less"]
    assert ranking["not_ranked"] == {"none": "nothing"}
    pair = next(one for one in found["pairs"] if (one["a"], one["b"]) == ("whole", "none"))
    assert pair["difference"]["value"] is None
    assert pair["difference"]["reason"] == "none: nothing"


def test_where_no_file_can_be_ranked_the_page_has_the_reasons_alone() -> None:
    found = fields(*(ranked(name, objective({}, noise=0, seed=0)) for name in ("a", "b")))
    shown = _ranking(found["ranking"][0])
    assert shown.count("<li>") == 2
    assert "<li>a is not ranked: nothing</li>" in shown


def test_two_files_within_what_humans_differ_by_are_tied() -> None:
    found = fields(*(ranked(name, objective({"acts": value}, noise=0.001, seed=0), floor=0.4) for name, value in (("a", 0.1), ("b", 0.3))))
    assert found["ranking"][0]["ties"] == [["a", "b"]]
    assert "baseline" in found["pairs"][0]["reason"]


def test_how_two_files_are_paired_is_said() -> None:
    one = objective({"acts": 0.3}, noise=0.1, seed=0)
    sets = {"a": range(60), "b": range(30, 90), "c": range(100, 160)}
    found = fields(*(ranked(name, one, dialogues=names) for name, names in sets.items()))
    assert [(pair["by"], pair["n_shared"]) for pair in found["pairings"]] == [("human", 30), ("none", 0), ("none", 0)]


def test_files_are_named_by_what_tells_them_apart(tmp_path: Path) -> None:
    paths = [str(tmp_path / name) for name in ("a/run.jsonl", "b/run.jsonl", "other.jsonl.gz")]
    assert [one.name for one in audited_files(paths, ["messages"])] == ["a/run", "b/run", f"{tmp_path.name}/other"]
    assert [one.reader for one in audited_files(paths[:2], ["messages", "uss"])] == ["messages", "uss"]
    for wrong, readers in ((paths[:1] * 2, ["messages"]), (paths, ["messages", "uss"])):
        with pytest.raises(BadInput):
            audited_files(wrong, readers)


@pytest.mark.usefixtures("valid_drawings")
def test_three_files_are_ranked_and_written_as_page_latex_and_csv(world: Any, tmp_path: Path) -> None:
    bad = '=cmd|"/c calc"!A1<script>&_%$#{}~^'
    doses = [world.dose(kind, share, name=name) for kind, share, name in (
        ("titles", 0, "clean.jsonl"), ("length", 0.4, "drawn_out.jsonl"), ("repeated", 0.4, f"{bad.replace('/', '')}.jsonl"))]  # fmt: skip
    paths = {name: tmp_path / f"audit.{name}" for name in ("html", "latex", "csv")}
    found = world.audit(*(one["path"] for one in doses), **{name: str(path) for name, path in paths.items()})
    assert {one["name"] for one in found["files"]} >= {"clean", "drawn_out"}
    assert all(one["n_paired"] == one["n_dialogues"] for one in found["files"])
    assert {one["by"] for one in found["pairings"]} == {"human"}
    order = {one["objective"]: one["order"] for one in found["ranking"]}
    assert order["behavioural_distance"][0] == order["diversity_gap"][0] == "clean"
    assert order["behavioural_distance"].index("drawn_out") > 0
    apart = [one for one in found["pairs"] if one["objective"] == "diversity_gap" and {one["a"], one["b"]} == {"clean", "drawn_out"}]
    assert apart[0]["p_holm"] < 0.05
    page, latex, rows = (path.read_text("utf-8") for path in paths.values())
    assert "<script" not in page
    assert 'name="viewport"' in page
    assert "prefers-color-scheme:dark" in page
    assert "Languages of the dialogues, told by py3langid" in page
    assert "<h2>Instruments</h2>" in page
    assert page.count("<svg") == page.count('role="img"><title>') > 3
    assert latex.count("\\begin{tabular}") == latex.count("\\end{tabular}") == 3
    assert "\\textless{}script\\textgreater{}\\&\\_\\%\\$\\#\\{\\}\\textasciitilde{}\\textasciicircum{}" in latex
    read = list(csv.DictReader(io.StringIO(rows)))
    assert {row["section"] for row in read} == {"objective", "leakage", "reported", "doses", "pair"}
    assert not any(cell.startswith(("=", "@", "+", "|")) for row in read for cell in row.values())
    assert sum(row["section"] == "pair" and float(row["difference"]) == pytest.approx(apart[0]["difference"]["value"]) for row in read) == 1
    json.dumps(found)
