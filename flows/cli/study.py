"""The command `study`: the whole experiment for one real model, within a budget, resumable."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from understudy.flows.cli import auto, compare
from understudy.flows.cli.arguments import (
    OutputArguments,
    PlaceArguments,
    RunArguments,
    SettingsArguments,
    TableArguments,
)
from understudy.flows.cli.beforehand import Means
from understudy.flows.cli.console import answer
from understudy.flows.cli.options import N_PROBES, Dataset, Probes, text_of
from understudy.parameters import Caps
from understudy.report.figures import estimated

if TYPE_CHECKING:
    from understudy.tasks.studies.results.estimates import EstimatedFields, Extent
    from understudy.tasks.studies.results.tables import StudyAnswer


def study(
    *,
    dataset: Dataset,
    asked: SettingsArguments,
    table: TableArguments,
    probes: Probes = N_PROBES,
    place: PlaceArguments,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the table, the report and the JSON fields. Default: STORE-study/KEY."), Means.FOLDER
    ] = None,
    run: RunArguments,
    output: OutputArguments,
) -> None:
    """Run the whole experiment for one model. The caps hold for all processes that work on it together."""

    def work() -> StudyAnswer:
        search, size = table.search(), table.size()
        options, sized = run.options(surface=place.surface, recommender=place.recommender), None
        if table.searching.auto:
            from understudy.tasks.studies.asked import Asked

            planned = Asked(
                dataset, asked.settings, "study", search, size, 1, place.recommender, run.seed, latency_s=None, final=asked.final,
                n_probed=probes, best_shipped=asked.best_shipped, max_turns=run.max_turns,
            )  # fmt: skip
            search, size, sized = auto.sized(planned, options, keeps_report=table.report is not None)
        from understudy.flows import experiments
        from understudy.flows.cli import running
        from understudy.tasks.studies import study as tasks_study
        from understudy.tasks.studies.compare import settings_asked

        settings = settings_asked(asked.settings)
        expected = tasks_study.estimate(
            dataset, options, settings=settings, search=search, report=size, final=asked.final, n_probed=probes,
            best_shipped=asked.best_shipped,
        )  # fmt: skip
        _announce(Console(stderr=True, highlight=False), expected, options.caps)
        fields = running.run(
            experiments.study, dataset, settings, final=asked.final, search=search, report=size, n_probed=probes,
            best_shipped=asked.best_shipped, options=options,
        )  # fmt: skip
        files = tasks_study.written(fields, str(run.store), out=text_of(out))
        return {**fields, "estimate": expected, "files": files, "sized": sized}

    answer(work, page, as_json=output.as_json, events=output.events, verbose=output.verbose)


def page(console: Console, fields: StudyAnswer) -> None:
    """What the probe said, then the table."""
    probe = fields["probe"]
    console.print(f"contamination: {probe['outcome'].replace('_', ' ')} {probe['reason']}", markup=False)
    compare.page(console, fields)


def _announce(console: Console, expected: EstimatedFields, caps: Caps) -> None:
    """The estimate, before anything is spent."""
    names: tuple[Extent, ...] = ("n_dialogues", "n_calls", "tokens", "usd", "minutes")
    told = ", ".join(f"{name} {estimated(expected[name], reason=True)}" for name in names)
    console.print(f"estimate if nothing has been played yet: {told}; caps: usd {caps.usd}, tokens {caps.tokens}", markup=False)
