"""The command `audit`: somebody's simulated dialogues, measured against the humans of a data set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer
from rich.console import Console

from understudy.flows.cli.arguments import LayoutArguments, LimitArguments
from understudy.flows.cli.beforehand import Means
from understudy.flows.cli.console import answer, then
from understudy.flows.cli.files import print_files
from understudy.flows.cli.options import RUN, STORE, AsJson, Dataset, Seed, StoreFile
from understudy.flows.cli.speech import print_speech
from understudy.flows.cli.tables import PageTable
from understudy.report.figures import REHEARSAL_WARNING, figure, without_misreading

if TYPE_CHECKING:
    from understudy.studies.audit.sources import AuditedFile
    from understudy.tasks.studies.results.audits import AuditAnswer, AuditFields, AuditsFields


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedArguments:
    """The simulated dialogues, and what their files do not say themselves."""

    simulated: Annotated[
        list[Path],
        typer.Option(help="File or folder of simulated dialogues, which is only read. Several files are also ranked."),
        Means.INPUT,
    ]
    reader: Annotated[
        list[str], typer.Option(help="Name of the reader for the format of the files: one for all, or one for each in their order.")
    ]
    same_setting: Annotated[
        bool, typer.Option("--same-setting", help="State that the simulated seekers talked to the same recommender as the humans.")
    ] = False
    by_id: Annotated[
        bool, typer.Option("--by-id", help="State that the id of each dialogue is that of the human dialogue it stands for.")
    ] = False
    drop_turn: Annotated[
        list[str] | None,
        typer.Option(help="Regular expression of seekers' turns that are taken out, such as `(?i)hello`. It matches whole turns."),
    ] = None
    layout: LayoutArguments
    reading: LimitArguments

    def __post_init__(self) -> None:
        """Raises BadInput for a file that is given twice, and for readers that do not fit the number of files."""
        self.files()
        if self.drop_turn:
            from understudy.measure.frequent import checked_patterns

            checked_patterns(self.drop_turn)

    def files(self) -> list[AuditedFile]:
        """The files with their names and readers. Raises BadInput."""
        from understudy.studies.audit.sources import audited_files

        return audited_files([str(one) for one in self.simulated], self.reader)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPages:
    """Files that are written beside the answer."""

    html: Annotated[Path | None, typer.Option(help="File for the report as one self-contained HTML page."), Means.OUTPUT] = None
    latex: Annotated[Path | None, typer.Option(help="File for the tables as LaTeX with the package booktabs."), Means.OUTPUT] = None
    csv: Annotated[Path | None, typer.Option(help="File for every figure as a row of a CSV table."), Means.OUTPUT] = None


def audit(
    *,
    dataset: Dataset,
    file: SimulatedArguments,
    split: Annotated[
        str | None,
        typer.Option(
            help="Split of the humans; `open` is all splits but `test`, whose use is counted. "
            "Default: the split of most humans that the files name, otherwise `select`."
        ),
    ] = None,
    pages: AuditPages,
    seed: Seed = RUN.seed,
    store: StoreFile = STORE,
    as_json: AsJson = False,
) -> None:
    """Measure simulated dialogues from any source against the humans of a data set. No model is called, and nothing is ingested."""

    def work() -> AuditAnswer:
        from understudy.flows import api

        return api.audit(
            file.simulated, dataset=dataset, reader=file.reader, split=split, same_setting=file.same_setting, by_id=file.by_id,
            drop_turns=file.drop_turn or (), layout=file.layout.options(), limits=file.reading.limits(), seed=seed, html=pages.html,
            latex=pages.latex, csv=pages.csv, store=store,
        )  # fmt: skip

    answer(work, page, as_json=as_json)


def page(console: Console, fields: AuditAnswer) -> None:
    """The findings, then the figures; of several files their ranking first."""
    if "files" in fields:
        several = cast("AuditsFields", fields)
        _together(console, several)
        for one in several["files"]:
            console.rule(one.get("name", ""))
            _file(console, one)
    else:
        _file(console, fields)
    for name, path in (("page", fields.get("html")), ("LaTeX", fields.get("latex")), ("CSV", fields.get("csv"))):
        if path:
            console.print(f"{name}: {path}", markup=False, soft_wrap=True)
    then(console, f"understudy dose --dataset {fields['dataset']} --kind acceptance --share 0.2 --out FILE")


def _together(console: Console, fields: AuditsFields) -> None:
    from understudy.studies.audit.tables import objective_rows, pair_rows
    from understudy.studies.audit.telling import paired_in_words

    names = [one.get("name", "") for one in fields["files"]]
    for ranking in fields["ranking"]:
        ties = "".join(f"; not told apart: {' = '.join(group)}" for group in ranking["ties"])
        told = f"{ranking['objective']}: {' < '.join(ranking['order']) or 'no file is ranked'}{ties}. {ranking['told']}"
        console.print(told, markup=False)
        for name, why in ranking["not_ranked"].items():
            console.print(f"  {name} is not ranked: {why}", markup=False)
    for title, header, rows in (
        ("Objectives (lower is better)", ("objective", *names, "floor"), objective_rows(fields["files"])),
        ("Differences", ("objective", "a", "b", "a less b", "p (Holm)"), pair_rows(fields["pairs"])),
    ):
        table = PageTable(*header, title=title, n_names=3 if title == "Differences" else 1)
        for row in rows:
            table.add_row(*row)
        console.print(table)
    for pairing in fields["pairings"]:
        console.print(paired_in_words(pairing), markup=False)


def _file(console: Console, fields: AuditFields) -> None:
    console.print(
        f"{fields['n_dialogues']} dialogues, {fields['n_paired']} compared with their humans of {fields['split']}, "
        f"{fields['n_targets']} with a target, {fields['n_rejects']} records rejected, {fields.get('n_duplicates', 0)} duplicates dropped; "
        f"experimental setting: {fields['setting']['kind']}"
    )
    print_files(console, fields)
    print_speech(console, fields["languages"], ())
    for pattern, n in fields["dropped_turns"].items():
        console.print(f"  taken out {n} turns that match {pattern!r}", markup=False)
    if fields["n_unknown"]:
        console.print(f"  {fields['n_unknown']} name a human dialogue or scenario that is in no open split")
    if "rehearsal" in fields["engines"]:
        console.print(f"[dim]{REHEARSAL_WARNING}[/]")
    for reason, n in fields["rejects_by_reason"].items():
        console.print(f"  rejected {n}: {reason}", markup=False)
    for place, finding in enumerate(fields["findings"], 1):
        console.print(f"{place:>3}. {finding['told']}", markup=False)
    if not fields["findings"]:
        console.print("No figure is farther from the humans than humans are from each other.")
    for table in (_objectives(fields), _reported(fields), _leakage(fields), _doses(fields)):
        console.print(table)
    console.print(without_misreading(fields["corrected"]), markup=False)
    why = {one.get("reason", "") for one in (*fields["objectives"].values(), *fields["leakage"].values()) if one["value"] is None}
    for reason in sorted(why):
        console.print(f"  not measured: {reason}", markup=False)


def _reported(fields: AuditFields) -> PageTable:
    from understudy.studies.audit.tables import reported_rows

    table = PageTable("figure", "simulated", "humans", title="What the seekers say")
    for row in reported_rows([fields]):
        table.add_row(*row)
    return table


def _leakage(fields: AuditFields) -> PageTable:
    leaks = PageTable("kind", "rate", "n", title="Leakage")
    for name, rate in fields["leakage"].items():
        leaks.add_row(name, figure(rate), str(rate["n"]))
    return leaks


def _objectives(fields: AuditFields) -> PageTable:
    objectives = PageTable("objective", "value", "floor", "n", title="Objectives (lower is better)")
    for name, one in fields["objectives"].items():
        objectives.add_row(name, figure(one), figure(one["floor"]), str(one["n"]))
    return objectives


def _doses(fields: AuditFields) -> PageTable:
    doses = PageTable("fault", "share", "simulated", "humans", title="Doses of known faults")
    for name, one in fields["doses"].items():
        doses.add_row(name, figure(one), figure(one["simulated"]), figure(one["human"]))
    return doses
