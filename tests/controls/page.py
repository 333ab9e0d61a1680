"""The section of the controls in docs/objectives-appendix.md, generated from results.json, declared.toml and notes.toml."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from declared import OBJECTIVES, declared
from intervals import METHODS

from understudy.report import markdown

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "objectives-appendix.md"
RESULTS, NOTES = HERE / "results.json", HERE / "notes.toml"
START, END = "<!-- controls -->", "<!-- /controls -->"
Fields = dict[str, Any]
_METHODS = ("shipped", *METHODS)
TITLES = {
    "1": "Humans against humans",
    "2": "Dose and response",
    "3": "Invariance",
    "4": "Coverage of the intervals",
    "5": "A held-out evaluator",
    "6": "Nearness to the sources",
}


def results() -> Fields:
    """What the controls showed last, by number; none where they have never run."""
    return dict(json.loads(RESULTS.read_text(encoding="utf-8"))) if RESULTS.is_file() else {}


def written(text: str, found: Fields) -> str:
    """The page with the section of the controls made anew. Raises ValueError for a page without its two marks."""
    if text.count(START) != 1 or text.count(END) != 1:
        raise ValueError(f"{PAGE.name} needs {START} and {END} once each")
    before, rest = text.split(START)
    return f"{before}{START}\n{section(found)}{END}{rest.split(END)[1]}"


def section(found: Fields) -> str:
    """The section between the marks."""
    notes = tomllib.loads(NOTES.read_text(encoding="utf-8"))
    made = {"1": _humans, "2": _doses, "3": _invariance, "4": _coverage, "5": _held_out, "6": _sources}
    parts = ["## Controls\n", notes["about"]]
    for number, title in TITLES.items():
        parts.append(f"### {number}. {title}\n")
        if number not in found:
            parts.append("Not run yet.\n")
            continue
        one = found[number]
        command = f"Command: `make controls ONLY={number}`, at commit `{one['commit']}`.\n"
        parts += [notes[number], command, made[number](one), _failed(one["failures"])]
        parts.append(notes.get(f"{number}_after", ""))
    return "\n".join(part.rstrip("\n") + "\n" for part in parts if part)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table with its last newline; cells are Markdown."""
    return markdown.table(header, list(rows), escaped=str) + "\n"


def _failed(failures: list[str]) -> str:
    if not failures:
        return "**Passed**: no declared expectation failed.\n"
    return "**Failed**, " + f"{len(failures)}:\n\n" + "".join(f"- {one}\n" for one in failures)


def _share(one: Fields | None) -> str:
    if one is None:
        return ""
    ends = one.get("ci")
    told = f"{one['value']:.1%}"
    return told if ends is None else f"{told} ({100 * ends[0]:.1f}–{100 * ends[1]:.1f})"


def _number(value: float, digits: int = 3) -> str:
    return f"{value:.{digits}f}"


def _humans(one: Fields) -> str:
    whole = [
        [name, _with_points(row["mean"], row["points"]), _with_points(row["floor"][0], row["floor"][1:]), _share(row["above"])]
        for name, row in one["floors"].items()
        if "above" in row
    ]
    parts = [
        [name, _with_points(row["mean"], row["points"]), _number(row["sd"]), _share(row["covers"]), _share(row["by_speaker"])]
        for name, row in one["floors"].items()
        if "above" not in row
    ]
    n = one["n"]
    return "\n".join(
        (
            table([f"objective, {n} divisions", "mean (95 % points)", "floor of the profile, 40 divisions", "above its upper end"], whole),
            table(["signed part", "mean (95 % points)", "sd", "interval contains 0", "the same by speakers"], parts),
            _bounds(one["bounds"]),
        )
    )


def _bounds(found: Fields) -> str:
    rows = [[name, _alarms(row), row["effect"], _share(row["power"]), row["how"]] for name, row in found.items()]
    return table(["bound", "false alarms", "stated effect", "power", "method"], rows)


def _doses(one: Fields) -> str:
    roles = declared()["response"]
    percents = [f"{share:.0%}" for share in one["shares"][1:]]
    shifts = [
        [fault, name, roles[fault][name], *(_number(value, 1) for value in row["shifts"][name][1:])]
        for fault, row in one["faults"].items()
        for name in OBJECTIVES
    ]
    back = [
        [fault, f"{dose['dose']:.0%}", f"{dose['mean']:.1%}", f"{dose['sd']:.1%}", _share(dose["covers"])]
        for fault, row in one["faults"].items()
        for dose in row["recovered"]
    ]
    sds = ", ".join(f"{name} {_number(value)}" for name, value in one["floor_sd"].items())
    monotone = ", ".join(f"{fault} {_share(row['monotone'])}" for fault, row in one["faults"].items())
    return "\n".join(
        (
            f"Difference to the half without a fault, mean of {one['n']} divisions, in standard deviations of the floor ({sds}):\n",
            table(["fault", "objective", "declared", *percents], shifts),
            f"Share of the divisions in which the own objective rises with every dose: {monotone}.\n",
            table(["fault", "dose", "estimated dose, mean", "sd", "dose within its interval"], back),
        )
    )


def _invariance(one: Fields) -> str:
    rows = [[name, _share(half), _share(one["within"]["double"].get(name))] for name, half in one["within"]["half"].items()]
    exact = ", ".join(f"{name} {value:.1g}" for name, value in one["exact"].items())
    return "\n".join(
        (
            table([f"value within the interval at the report's size, {one['n']} divisions", "half the size", "double"], rows),
            f"Largest difference in any value or end of an interval, {one['n_exact']} divisions: {exact}.\n",
        )
    )


def _coverage(one: Fields) -> str:
    tables = []
    for case in ("signed", "null"):
        found = one["cases"][case]
        rows = [
            [part, _number(row["truth"]), _number(row["mean"]), *(_covers(row["methods"][name]) for name in _METHODS)]
            for part, row in found["parts"].items()
        ]
        low, high = found["band"]
        named = "A prompt with faults" if case == "signed" else "The null"
        tables += [
            f"{named}, {one['n']} repetitions. A cell holds coverage and mean width; {low:.0%} to {high:.0%} of coverage was declared:\n",
            table(["signed part", "truth", "mean", *_METHODS], rows),
        ]
    return "\n".join(tables)


def _covers(one: Fields) -> str:
    return f"{one['value']:.1%}, {one['width']:.3f}"


def _held_out(one: Fields) -> str:
    rows = [
        [row["name"], f"{row['score']:.3f}", f"{row['rank']:.1f}", *(_number(row[name]) for name in OBJECTIVES)]
        for row in sorted(one["batches"], key=lambda row: row["rank"])
    ]
    taus = [[name, f"{row['mean']:.2f} ({_span(row['points'], 2)})"] for name, row in one["tau"].items()]
    told = "- *{}* is nearer to humans than *{}* by the objectives, and farther by the evaluator\n"
    apart = "".join(told.format(*pair) for pair in one["disagreements"])
    return "\n".join(
        (
            table([f"batch, mean of {one['n']} divisions", "evaluator's AUC", "mean rank", *OBJECTIVES], rows),
            table(["evaluator against", "Kendall's tau (95 % points)"], taus),
            f"Disagreements in the order of the means: {len(one['disagreements'])} of {len(rows) * (len(rows) - 1) // 2} pairs:\n\n{apart}",
        )
    )


def _sources(one: Fields) -> str:
    names = ("seen", "human", "apart")
    rows = [
        [name, *(_with_points(row[side]["mean"], row[side]["points"]) for side in names), _number(row["apart"]["sd"])]
        for name, row in one["figures"].items()
    ]
    header = [f"figure, {one['n']} divisions", "a half (95 % points)", "held-out people", "difference", "sd of the difference"]
    return "\n".join((table(header, rows), _bounds(one["bounds"])))


def _alarms(row: Fields) -> str:
    return f"{_share(row['false_alarms'])} at {row['clean']:.2%}" if "clean" in row else _share(row["false_alarms"])


def _with_points(mean: float, points: Sequence[float]) -> str:
    return f"{_number(mean)} ({_span(points)})"


def _span(ends: Sequence[float], digits: int = 3) -> str:
    return f"{_number(ends[0], digits)} to {_number(ends[1], digits)}"
