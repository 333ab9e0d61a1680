"""The command `profile`: what the human dialogues of a data set say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from understudy.flows.cli.arguments import OutputArguments
from understudy.flows.cli.beforehand import Means
from understudy.flows.cli.console import answer, then
from understudy.flows.cli.options import STORE, IngestedDataset, StoreFile
from understudy.flows.cli.speech import print_speech
from understudy.flows.cli.tables import PageTable
from understudy.parameters import PanelSize
from understudy.report.figures import figure

if TYPE_CHECKING:
    from understudy.tasks.profile.results import PartFields, ProfileFields, StratumFields


def profile(
    *,
    dataset: IngestedDataset,
    at: Annotated[
        str | None,
        typer.Option(help="Also measure the anchors at this size: contexts per stratum, dialogues, free runs, such as `40,24,60`."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the plots. Default: STORE-profile/DATASET beside the store."), Means.FOLDER
    ] = None,
    store: StoreFile = STORE,
    output: OutputArguments,
) -> None:
    """Split the human dialogues, derive needs and contexts, fit the instruments, and measure and plot the human reference values."""

    def work() -> ProfileFields:
        from understudy.flows import api

        return api.profile_logs(dataset, at=PanelSize.parsed(at) if at is not None else None, out=out, store=store)

    answer(work, page, as_json=output.as_json, events=output.events, verbose=output.verbose)


def page(console: Console, fields: ProfileFields) -> None:
    """Splits, strata and the human floors."""
    table = PageTable("split", "dialogues", "seekers", "shared targets", title="Splits")
    for name, split in fields["splits"].items():
        table.add_row(name, str(split["n_dialogues"]), str(split["n_seekers"]), str(split["n_shared_targets"]))
    console.print(table)
    strata = PageTable("stratum", "contexts", title="Reaction contexts")
    for name, n in fields["strata"].items():
        strata.add_row(name, str(n))
    console.print(strata)
    console.print(_parts(fields["parts"]))
    anchors = PageTable(
        "anchor", "human", "floor", title="Human reference values (--json also has the floors of the parts)"
    )
    for name, anchor in fields["anchors"].items():
        if "." not in name:
            anchors.add_row(name, figure(anchor), figure(anchor.get("floor")))
    console.print(anchors)
    instruments = PageTable("instrument", "kind", "fitted on", "macro-F1", title="Instruments")
    for name, one in fields["instruments"].items():
        instruments.add_row(name, one.get("kind", ""), ", ".join(one["fitted_on"]) or "nothing", figure(one.get("macro_f1")))
    console.print(instruments)
    print_speech(console, fields["languages"], fields["frequent_turns"])
    console.print(f"page with the plots: {fields['pictures']['page']}", markup=False, soft_wrap=True)
    then(console, f"understudy optimize --dataset {fields['dataset']}")


def _parts(parts: dict[str, PartFields]) -> PageTable:
    """The strata of both parts of `select`, a row for each stratum."""
    title = "Reaction contexts of the split select: finalists are chosen on one part, results are reported on the other"
    table = PageTable("stratum", *parts, title=title)
    for name in next(iter(parts.values()))["strata"]:
        table.add_row(name, *(_contexts(part["strata"][name]) for part in parts.values()))
    return table


def _contexts(stratum: StratumFields) -> Text:
    """How many contexts there are, and whether they are too few."""
    few = f" (underpowered: {stratum['needed']} needed)" if stratum["underpowered"] else ""
    return Text(str(stratum["n"])) + Text(few, style="yellow")
