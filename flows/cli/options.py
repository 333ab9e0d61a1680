"""Every option that more than one command has, declared once; and what the text of an option says."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from understudy.errors import BadInput
from understudy.parameters import RunOptions, Search

# the defaults of the command line are those of the flows
RUN, SEARCH = RunOptions(), Search()
STORE = RUN.store
SETTING = "zero_shot"

StoreFile = Annotated[Path, typer.Option("--store", help="The DuckDB file that holds everything.")]
Seed = Annotated[int, typer.Option(help="Seed of every draw on our side.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout and nothing else there.")]
EventsFile = Annotated[Path | None, typer.Option("--events", help="Append one JSON line per event to this file.")]
Dataset = Annotated[str, typer.Option(help="Name of an ingested data set.")]
OfDataset = Annotated[str | None, typer.Option("--dataset", help="Where two data sets have a batch of this name.")]
Roles = Annotated[str | None, typer.Option(help="Who speaks under which name in the files: `customer=seeker,bot=recommender`.")]
SettingName = Annotated[str, typer.Option("--setting", help="A shipped prompt setting, or a TOML file of your own.")]
Surface = Annotated[str, typer.Option(help="Rehearsal's response surface: a seed, `null`, `adverse` or a TOML file.")]
RecommenderName = Annotated[str, typer.Option("--recommender", help="The CRS that the seekers talk to; `llm` calls a model too.")]
Batch = Annotated[str | None, typer.Option(help="Name of the batch; the same batch again is a no-op. Default: the date.")]
Releases = Annotated[Path | None, typer.Option(help="Folder of the releases. Default: `releases` beside the store.")]

Algorithm = Annotated[str, typer.Option(help="unsga3, nsga2, smsemoa or ctaea.")]
Population = Annotated[int, typer.Option(help="Individuals of a generation.")]
Generations = Annotated[int, typer.Option(help="Generations after the first; 0 plays the seed as it is.")]
Weights = Annotated[str | None, typer.Option(help="Of the pick, as `positive_bias=2,diversity_gap=1`; without, the knee of the front.")]
Panel = Annotated[str | None, typer.Option(help="What an evaluation plays: contexts a stratum, dialogues, free runs; `20,14,16`.")]
Finalists = Annotated[str | None, typer.Option(help="What finalists play on `select`, for the pick: `40,24,60`, said as --panel.")]
Report = Annotated[
    str | None, typer.Option(help="What both sides play for the table: contexts a stratum, dialogues, free runs; `150,80,60`.")
]
Final = Annotated[bool, typer.Option("--final", help="Measure on `test`; every prompt that is measured there is written down and counted.")]
Probes = Annotated[int, typer.Option(min=1, help="Contexts that the contamination probe of a study asks about.")]
N_PROBES = 200


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
