"""How the command line writes figures: a value with its interval, or that it was not measured."""

from __future__ import annotations

from typing import Any

from rich.table import Column, Table

Fields = dict[str, Any]
_COLOURS = {"better": "green", "worse": "red", "inconclusive": "yellow", "not_measured": "dim"}
REHEARSAL_NOTE = (
    "engine: rehearsal. It is not a language model: these figures show that the pipeline works, "
    "they say nothing about any LLM."
)


def objectives_table(objectives: Fields) -> Table:
    """Seed, optimized and human floor per objective, with the difference, its interval and the outcome."""
    table = Table(
        Column("objective", no_wrap=True), "seed", "optimized", "humans", "floor", "difference", "n", "outcome",
        title="Before and after (lower is better)", title_justify="left",
    )  # fmt: skip
    for name, row in objectives.items():
        colour = _COLOURS[row["outcome"]]
        outcome = row["outcome"].replace("_", " ")
        n = str(row["n"])
        cells = (figure(row[column]) for column in ("seed", "optimized", "human"))
        table.add_row(name, *cells, number(row["floor"]), figure(row["difference"]), n, f"[{colour}]{outcome}[/]")
    return table


def figure(value: Fields | None) -> str:
    """A figure with its interval, or that it was not measured."""
    if value is None:
        return ""
    if value["value"] is None:
        return "not measured"
    interval = value.get("ci")
    if not interval or interval[0] is None:
        return f"{value['value']:.3f}"
    return f"{value['value']:.3f} [{interval[0]:.3f}, {interval[1]:.3f}]"


def number(value: float | None) -> str:
    """Three decimals, or that it was not measured."""
    return "not measured" if value is None else f"{value:.3f}"


def counted(n: int | None) -> str:
    """A count, or that nobody counted then."""
    return "not counted" if n is None else str(n)


def money(usd: float | None) -> str:
    """An amount, or that the price is not known."""
    return "price unknown" if usd is None else f"{usd:.4f} USD"
