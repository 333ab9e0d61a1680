"""Every option that more than one command has, declared once; and what the text of an option says."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from understudy.errors import BadInput
from understudy.flows.cli.beforehand import Means
from understudy.parameters import RunOptions, Search

# the defaults of the command line are those of the flows
RUN, SEARCH = RunOptions(), Search()
STORE = RUN.store
SETTING = "zero_shot"

StoreFile = Annotated[
    Path, typer.Option("--store", help="DuckDB file of the store, or `ducklake:FOLDER`, or `ducklake:postgres://…`."), Means.STORE
]
Runner = Annotated[
    str,
    typer.Option(
        help="What runs mapped tasks: `threads`, or the workers of `dask` or `ray` on this machine; of a cluster by its address, "
        "`dask=tcp://HOST:PORT` or `ray=ray://HOST:PORT`."
    ),
    Means.RUNNER,
]
Seed = Annotated[int, typer.Option(help="Seed from which all random choices are derived.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output and nothing else.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Name keys and digests in the progress on standard error.")]
EventsFile = Annotated[
    Path | None, typer.Option("--events", help="File to which one JSON line is appended for each event."), Means.APPENDED
]
Dataset = Annotated[str, typer.Option(help="Name of an ingested data set."), Means.PROFILED]
IngestedDataset = Annotated[str, typer.Option("--dataset", help="Name of an ingested data set."), Means.INGESTED]
NewDataset = Annotated[str, typer.Option("--dataset", help="Name of the data set in the store."), Means.NEW_DATASET]
OfDataset = Annotated[str | None, typer.Option("--dataset", help="Data set of the batch, if several have a batch of this name.")]
Roles = Annotated[str | None, typer.Option(help="Names of the speakers in the files and their roles: `customer=seeker,bot=recommender`.")]
FieldsFile = Annotated[
    Path | None,
    typer.Option("--fields", help="Map of the fields of the files, for the reader `fields`: a TOML or JSON file."),
    Means.INPUT,
]
SettingName = Annotated[str, typer.Option("--setting", help="Prompt setting: a shipped name or a TOML file."), Means.SETTING]
Surface = Annotated[str, typer.Option(help="Rehearsal surface: a seed, `null`, `adverse`, `nonconvex-SEED` or a TOML file."), Means.SURFACE]
RecommenderName = Annotated[
    str, typer.Option("--recommender", help="Recommender (CRS) that the seekers talk to; `llm` calls a model."), Means.RECOMMENDER
]
Batch = Annotated[
    str | None,
    typer.Option(help="Name of the batch. A batch that was played before is not played again. Default: the date."),
    Means.NEW_BATCH,
]
ReleasesPlace = Annotated[
    str | None,
    typer.Option(
        "--releases",
        help="Folder of the releases, or their address on an object store: s3://BUCKET/PREFIX. Default: `releases` beside the store.",
    ),
]
Releases = Annotated[Path | None, typer.Option(help="Folder of the releases. Default: `releases` beside the store."), Means.FOLDER]

Algorithm = Annotated[str, typer.Option(help="Selection method of the search: unsga3, nsga2, smsemoa or ctaea.")]
Population = Annotated[int, typer.Option(help="Number of candidates per generation.")]
Generations = Annotated[int, typer.Option(help="Number of generations after the first; with 0 the seed prompt is not changed.")]
Weights = Annotated[
    str | None,
    typer.Option(help="Weights of the objectives: `positive_bias=2,diversity_gap=1`. Default: the pick is the knee of the front."),
]
Panel = Annotated[
    str | None,
    typer.Option(help="Size of each evaluation: contexts per stratum, dialogues (0, or 4 and more), free runs. Default: `20,14,16`."),
]
Finalists = Annotated[
    str | None, typer.Option(help="Size of the evaluation of each finalist on `select`, as --panel. Default: `40,24,60`.")
]
Report = Annotated[str | None, typer.Option(help="Size of the evaluation of each prompt for the table, as --panel. Default: `150,80,60`.")]
Final = Annotated[
    bool, typer.Option("--final", help="Measure on the split `test`. Every prompt that is measured there is recorded and counted.")
]
Tstr = Annotated[
    bool,
    typer.Option(
        "--tstr",
        help="Measure what small models learn from the released dialogues: the seed prompt plays as many for it, which costs extra.",
    ),
]
Probes = Annotated[int, typer.Option(min=1, help="Number of contexts that the contamination probe of a study asks about.")]
N_PROBES = 200


def pairs_of(text: str | None, option: str) -> dict[str, str] | None:
    """What `NAME=VALUE,NAME=VALUE` says; None where nothing is. Raises BadInput that names the option."""
    if text is None:
        return None
    pairs = [pair.strip().partition("=") for pair in text.split(",")]
    if any(not name or not equals for name, equals, _ in pairs):
        raise BadInput(f"{option} {text!r} is not a list of NAME=VALUE pairs", hint="write it as NAME=VALUE,NAME=VALUE")
    return {name.strip(): value.strip() for name, _, value in pairs}


def text_of(path: Path | None) -> str | None:
    """The path as flows take it."""
    return str(path) if path else None
