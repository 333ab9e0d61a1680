"""The command line. Every heavy import is inside a command, so that `--help` answers at once; docs/cli.md says what each promises."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from flows import (
    auditing,
    comparing,
    dosing,
    estimating,
    evaluating,
    exporting,
    fronts,
    labelling,
    pages,
    probing,
    releasing,
    showing,
    studying,
)
from flows.console import Fields, answer, usage_error
from flows.model_options import model_options
from flows.options import (
    STORE,
    Algorithm,
    AsJson,
    Batch,
    Dataset,
    EventsFile,
    Generations,
    Panel,
    Population,
    Racing,
    RecommenderName,
    Releases,
    Seed,
    SettingName,
    StoreFile,
    Surface,
    Weights,
    Without,
    pairs_of,
    search_of,
    text_of,
)
from understudy.parameters import Caps, Models, PanelSize

app = typer.Typer(
    name="understudy",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Simulated seekers for conversational recommender systems: tuned, measured against humans, published as training sets.",
)


@app.command()
def ingest(
    reader: Annotated[str, typer.Argument(help="The reader of the log's format.")],
    paths: Annotated[list[Path], typer.Argument(help="Files, or the data set's folder in its original layout.")],
    dataset: Annotated[str | None, typer.Option(help="Name in the store. Default: the reader's.")] = None,
    split: Annotated[str | None, typer.Option(help="Official split of the files, where their names do not say it.")] = None,
    roles: Annotated[str | None, typer.Option(help="Who speaks under which name in the files: `customer=seeker,bot=recommender`.")] = None,
    store: StoreFile = STORE,
    events: EventsFile = None,
    as_json: AsJson = False,
) -> None:
    """Read human logs into the store."""

    def work() -> Fields:
        from flows import stages

        named = [str(path) for path in paths]
        return stages.ingest(reader, named, dataset=dataset or reader, split=split, roles=pairs_of(roles, "--roles"), store=str(store))

    answer(work, pages.ingest, as_json=as_json, events=events)


@app.command()
def profile(
    dataset: Dataset,
    at: Annotated[str | None, typer.Option(help="Anchors at this size too: contexts a stratum, dialogues, free runs; `40,24,60`.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the drawings. Default: STORE-profile/DATASET beside the store.")] = None,
    store: StoreFile = STORE,
    events: EventsFile = None,
    as_json: AsJson = False,
) -> None:
    """Split the humans, cut their needs and contexts, measure and draw their anchors."""

    def work() -> Fields:
        from flows import stages

        return stages.profile(dataset, store=str(store), at=PanelSize.parsed(at) if at is not None else None, out=text_of(out))

    answer(work, pages.profile, as_json=as_json, events=events)


@app.command()
@model_options
def optimize(
    dataset: Dataset,
    setting: SettingName = "zero_shot",
    algorithm: Algorithm = "unsga3",
    population: Population = 12,
    generations: Generations = 5,
    weights: Weights = None,
    panel: Panel = None,
    without: Without = None,
    racing: Racing = False,
    surface: Surface = "0",
    recommender: RecommenderName = "retrieval",
    seed: Seed = 0,
    models: Models = Models(),
    caps: Caps = Caps(),
    store: StoreFile = STORE,
    events: EventsFile = None,
    as_json: AsJson = False,
) -> None:
    """Search for a better prompt; a search that was stopped goes on where it was."""

    def work() -> Fields:
        # what cannot be used is said before anything heavy is imported
        search = search_of(algorithm, population, generations, weights, panel, without=without, racing=racing)
        from flows import stages

        return stages.optimize(
            dataset,
            store=str(store),
            setting=setting,
            surface=surface,
            recommender=recommender,
            seed=seed,
            search=search,
            models=models,
            caps=caps,
        )

    answer(work, pages.optimize, as_json=as_json, events=events)


@app.command()
@model_options
def simulate(
    dataset: Dataset,
    setting: Annotated[str | None, typer.Option(help="Play a setting as it is.")] = None,
    genome: Annotated[Path | None, typer.Option(help="Play a genome file, as `optimize` names it.")] = None,
    n: Annotated[int, typer.Option(min=1, help="Dialogues to play.")] = 800,
    recommender: RecommenderName = "retrieval",
    batch: Batch = None,
    surface: Surface = "0",
    seed: Seed = 0,
    models: Models = Models(),
    caps: Caps = Caps(),
    store: StoreFile = STORE,
    events: EventsFile = None,
    as_json: AsJson = False,
) -> None:
    """Play a batch of dialogues with one prompt."""
    if (setting is None) == (genome is None):
        usage_error("simulate takes either --setting or --genome", as_json=as_json)

    def work() -> Fields:
        from flows import stages

        return stages.simulate(
            dataset,
            store=str(store),
            setting=setting,
            genome_file=str(genome) if genome else None,
            n=n,
            recommender=recommender,
            batch=batch,
            surface=surface,
            seed=seed,
            models=models,
            caps=caps,
        )

    answer(work, pages.simulate, as_json=as_json, events=events)


@app.command()
@model_options
def nightly(
    dataset: Dataset,
    data: Annotated[Path, typer.Option(help="The human logs: a file or the data set's folder.")],
    reader: Annotated[str | None, typer.Option(help="Default: the reader with the data set's name.")] = None,
    setting: SettingName = "zero_shot",
    surface: Surface = "0",
    algorithm: Algorithm = "unsga3",
    population: Population = 12,
    generations: Generations = 5,
    weights: Weights = None,
    panel: Panel = None,
    recommender: RecommenderName = "retrieval",
    batch: Batch = None,
    n: Annotated[int, typer.Option(min=1, help="Dialogues of the batch.")] = 800,
    name: Annotated[str | None, typer.Option(help="Name of the release. Default: DATASET-seekers.")] = None,
    releases: Releases = None,
    seed: Seed = 0,
    models: Models = Models(),
    caps: Caps = Caps(),
    store: StoreFile = STORE,
    events: EventsFile = None,
    as_json: AsJson = False,
) -> None:
    """From human logs to a published training set, as one Prefect flow."""

    def work() -> Fields:
        search = search_of(algorithm, population, generations, weights, panel)
        from flows.nightly import nightly

        return nightly(
            dataset,
            str(data),
            store=str(store),
            reader=reader,
            setting=setting,
            surface=surface,
            recommender=recommender,
            batch=batch,
            n=n,
            name=name,
            releases=text_of(releases),
            seed=seed,
            search=search,
            models=models,
            caps=caps,
        )

    answer(work, pages.nightly, as_json=as_json, events=events)


@app.command()
def status(store: StoreFile = STORE, as_json: AsJson = False) -> None:
    """What is in the store."""

    def work() -> Fields:
        from tasks.status import store_status

        return store_status(store)

    answer(work, pages.status, as_json=as_json)


@app.command()
def devserver(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one and prints it.")] = 8099,
    faults: Annotated[Path | None, typer.Option(help="TOML of fault rates.")] = None,
    latency_ms: Annotated[int, typer.Option(min=0, help="Wait before each answer.")] = 0,
    log: Annotated[Path | None, typer.Option(help="Append one JSON line per request to this file.")] = None,
) -> None:
    """A loopback server that speaks the OpenAI protocol and answers with rehearsal, for tests and rehearsals."""
    from understudy.doors.devserver import serve

    serve(port, faults=faults, latency_ms=latency_ms, log=log)


app.command()(labelling.label)
app.command("audit")(auditing.audit)
app.command("dose")(dosing.dose)
app.command("compare")(comparing.compare)
app.command("estimate")(estimating.estimate)
app.command("evaluate")(evaluating.evaluate)
app.command("export")(exporting.export)
app.command("front")(fronts.front)
app.command("probe")(probing.probe)
app.command("publish")(releasing.publish)
app.command("pull")(releasing.pull)
app.command("show")(showing.show)
app.command("study")(studying.study)
app.command("validate")(releasing.validate)


def main() -> NoReturn:
    """The console script: usage errors end with 2, as JSON where JSON was asked for."""
    try:
        code = app(standalone_mode=False)
    except typer.TyperException as error:
        usage_error(error.format_message(), as_json="--json" in sys.argv)
    except typer.Abort:
        code = 1
    raise SystemExit(code or 0)
