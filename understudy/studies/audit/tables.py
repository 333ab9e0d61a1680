"""The figures of an audit as tables: cells for a page, LaTeX for a paper, and one row for each figure as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from understudy.records import FigureFields
from understudy.report.figures import NOT_MEASURED, Form, figure, p_value
from understudy.report.tabular import Cell, csv_table, latex_table
from understudy.studies.audit.reported import WHAT

VERSION = 1
Fields = Mapping[str, Any]
HEADER = (
    "file", "section", "name", "part", "value", "lo", "hi", "n", "human", "human_lo", "human_hi", "human_n", "floor", "floor_lo",
    "floor_hi", "difference", "difference_lo", "difference_hi", "p", "p_holm", "other", "reason",
)  # fmt: skip
_SHARES = ("questions", "acceptance_any", "negative_reactions", "first_turn_disclosure", "stop_tokens", "act_")


def objective_rows(files: Sequence[Fields]) -> list[tuple[str, ...]]:
    """A row for each objective: its name, each file's value, and the floor of the first file."""
    return [
        (_plain(name), *(_objective(one["objectives"][name]) for one in files), figure(first["floor"]))
        for name, first in files[0]["objectives"].items()
    ]


def reported_rows(files: Sequence[Fields]) -> list[tuple[str, ...]]:
    """A row for each figure that papers report: what it is, each file's figure, and the humans' of the first file."""
    return [
        (WHAT[name], *(figure(one["reported"][name]["simulated"], form=form) for one in files), figure(first["human"], form=form))
        for name, first in files[0]["reported"].items()
        for form in _form(name)
    ]


def _form(name: str) -> tuple[Form]:
    return (".1%",) if name.startswith(_SHARES) else (".3f",)


def pair_rows(pairs: Sequence[Fields]) -> list[tuple[str, ...]]:
    """A row for each pair and objective: the two files, their difference, and p after Holm's adjustment."""
    return [
        (_plain(one["objective"]), one["a"], one["b"], figure(one["difference"], form="+.3f", reason=True), p_value(one["p_holm"]))
        for one in pairs
    ]


def as_latex(fields: Fields) -> str:
    """Tables of objectives, of the figures that papers report, and of several files of their differences."""
    files = files_of(fields)
    names = [one["name"] for one in files]
    about = f"{fields['dataset']}, split {fields['split']}, 95 % confidence intervals"
    pairs = pair_rows(fields.get("pairs", ()))
    told = (
        ("objectives", "Objectives, lower is better", ("objective", *names, "floor"), objective_rows(files)),
        ("figures", "What the seekers say", ("figure", *names, "humans"), reported_rows(files)),
        ("pairs", "Differences between files", ("objective", "a", "b", "a less b", "p (Holm)"), pairs),
    )
    parts = (
        latex_table(header, rows, caption=f"{what} ({about}).", label=f"tab:audit-{name}") for name, what, header, rows in told if rows
    )
    return "% needs \\usepackage{booktabs}\n" + "\n".join(parts)


def as_csv(fields: Fields) -> str:
    """Every figure as a row (HEADER); a difference of two files names the second as `other`."""
    rows = [row for one in files_of(fields) for row in _of_file(one)]
    return csv_table(HEADER, [*rows, *(_pair(one) for one in fields.get("pairs", ()))])


def files_of(fields: Fields) -> list[Fields]:
    """The fields of each file, of an answer about one or several."""
    return list(fields["files"]) if "files" in fields else [fields]


def _of_file(one: Fields) -> Iterator[list[Cell]]:
    for name, found in one["objectives"].items():
        yield _row(one["name"], "objective", name, "", found, floor=found["floor"])
        for part, figures in found["parts"].items():
            yield _row(one["name"], "objective", name, part, figures, human=found["human"].get(part), floor=found["floors"].get(part))
    for name, rate in one["leakage"].items():
        yield _row(one["name"], "leakage", name, "", rate)
    for section in ("reported", "doses"):
        for name, found in one[section].items():
            own, difference = (found["simulated"], found.get("difference")) if section == "reported" else (found["simulated"], found)
            yield _row(one["name"], section, name, "", own, human=found["human"], difference=difference)


def _pair(one: Fields) -> list[Cell]:
    row = _row(one["a"], "pair", one["objective"], "", None, difference=one["difference"])
    told: dict[str, Cell] = {"p": one["p"], "p_holm": one["p_holm"], "other": one["b"], "reason": one["difference"].get("reason", "")}
    return [told.get(name, cell) for name, cell in zip(HEADER, row, strict=True)]


def _row(
    file: str, section: str, name: str, part: str, own: FigureFields | None, *, human: FigureFields | None = None,
    floor: FigureFields | None = None, difference: FigureFields | None = None,
) -> list[Cell]:  # fmt: skip
    sides = [*_ends(own), _n(own), *_ends(human), _n(human), *_ends(floor), *_ends(difference)]
    reason = own.get("reason", "") if own else ""
    return [file, section, name, part, *sides, None, None, "", reason]


def _ends(one: FigureFields | None) -> list[Cell]:
    if one is None or one["value"] is None:
        return [None, None, None]
    return [one["value"], *(one.get("ci") or (None, None))]


def _n(one: FigureFields | None) -> Cell:
    return None if one is None else one["n"]


def _objective(one: Fields) -> str:
    if one["value"] is None and "partial" in one:
        return f"{NOT_MEASURED} ({figure(one['partial'])} over {', '.join(map(_plain, one['partial']['over']))} alone)"
    return figure(one)


def _plain(name: str) -> str:
    return name.replace("_", " ")
