"""Options that several commands share, and what they come to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from understudy.errors import BadInput
from understudy.parameters import PanelSize, Search, checked

StoreFile = Annotated[Path, typer.Option("--store", help="The DuckDB file that holds everything.")]
Seed = Annotated[int, typer.Option(help="Seed of every draw on our side.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout and nothing else there.")]
EventsFile = Annotated[Path | None, typer.Option("--events", help="Append one JSON line per event to this file.")]
Dataset = Annotated[str, typer.Option(help="Name of an ingested data set.")]
SettingName = Annotated[str, typer.Option("--setting", help="A shipped prompt setting, or a TOML file of your own.")]
Surface = Annotated[str, typer.Option(help="Rehearsal's response surface: a seed, `null`, `adverse` or a TOML file.")]
RecommenderName = Annotated[str, typer.Option("--recommender", help="The CRS that the seekers talk to.")]
Batch = Annotated[str | None, typer.Option(help="Name of the batch; the same batch again is a no-op. Default: the date.")]
Algorithm = Annotated[str, typer.Option(help="unsga3, nsga2, smsemoa or ctaea.")]
Population = Annotated[int, typer.Option(help="Individuals of a generation.")]
Generations = Annotated[int, typer.Option(help="Generations after the first; 0 plays the seed as it is.")]
Weights = Annotated[str | None, typer.Option(help="Of the pick, as `positive_bias=2,diversity_gap=1`; without, the knee of the front.")]
Panel = Annotated[str | None, typer.Option(help="What an evaluation plays: contexts a stratum, dialogues, free runs; `20,14,16`.")]
Without = Annotated[str | None, typer.Option(help="Mechanisms to leave out, as `critic,adaptation`; docs/search.md names them.")]
Racing = Annotated[bool, typer.Option("--racing", help="Drop candidates that are dominated with confidence after half of the panel.")]
Releases = Annotated[Path | None, typer.Option(help="Folder of the releases. Default: `releases` beside the store.")]

STORE = Path("understudy.duckdb")


def search_of(
    algorithm: str, population: int, generations: int, weights: str | None, panel: str | None, *, without: str | None = None,
    racing: bool = False,
) -> Search:  # fmt: skip
    """How the options say that the prompt is searched for. Raises BadInput."""
    chosen: dict[str, Any] = {"algorithm": algorithm, "population": population, "generations": generations, "racing": racing}
    if without is not None:
        chosen["without"] = tuple(name.strip() for name in without.split(","))
    if weights is not None:
        chosen["weights"] = pairs_of(weights, "--weights")
    if panel is not None:
        chosen["panel"] = PanelSize.parsed(panel)
    return checked(Search, chosen)


def pairs_of(text: str | None, option: str) -> dict[str, str] | None:
    """What `NAME=VALUE,NAME=VALUE` says; None where nothing is. Raises BadInput that names the option."""
    if text is None:
        return None
    pairs = [pair.strip().partition("=") for pair in text.split(",")]
    if any(not name or not equals for name, equals, _ in pairs):
        raise BadInput(f"{option} {text!r} is not NAME=VALUE pairs", hint="write them as NAME=VALUE,NAME=VALUE")
    return {name.strip(): value.strip() for name, _, value in pairs}


def text_of(path: Path | None) -> str | None:
    """The path as flows take it."""
    return str(path) if path else None
