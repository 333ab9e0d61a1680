"""The command `audit`: somebody's simulated dialogues, measured against the humans of a data set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from understudy.doors.limits import reading_within
from understudy.flows.cli.arguments import LimitArguments
from understudy.flows.cli.beforehand import Means
from understudy.flows.cli.console import answer, then
from understudy.flows.cli.options import RUN, STORE, AsJson, Dataset, Roles, Seed, StoreFile, pairs_of, text_of
from understudy.flows.cli.tables import PageTable
from understudy.report.figures import REHEARSAL_WARNING, figure

if TYPE_CHECKING:
    from understudy.tasks.studies.results.audits import AuditFields


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedArguments:
    """The simulated dialogues, and what their file does not say itself."""

    simulated: Annotated[Path, typer.Option(help="File or folder of the simulated dialogues. It is only read."), Means.INPUT]
    reader: Annotated[str, typer.Option(help="Name of the reader for the format of the file.")]
    same_setting: Annotated[
        bool, typer.Option("--same-setting", help="State that the simulated seekers talked to the same recommender as the humans.")
    ] = False
    by_id: Annotated[
        bool, typer.Option("--by-id", help="State that the id of each dialogue is that of the human dialogue it stands for.")
    ] = False
    roles: Roles = None
    reading: LimitArguments


def audit(
    *,
    dataset: Dataset,
    file: SimulatedArguments,
    split: Annotated[
        str | None, typer.Option(help="Split of the humans. Default: the split of most humans that the file names, otherwise `select`.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="File for the report as one self-contained HTML page."), Means.OUTPUT] = None,
    seed: Seed = RUN.seed,
    store: StoreFile = STORE,
    as_json: AsJson = False,
) -> None:
    """Measure simulated dialogues from any source against the humans of a data set. No model is called, and nothing is ingested."""

    def work() -> AuditFields:
        from understudy.tasks.studies.audit import audit_file

        with reading_within(file.reading.limits()):
            return audit_file(
                str(store), dataset, simulated=str(file.simulated), reader=file.reader, roles=pairs_of(file.roles, "--roles"),
                same_setting=file.same_setting, by_id=file.by_id, split=split, html=text_of(html), seed=seed,
            )  # fmt: skip

    answer(work, page, as_json=as_json)


def page(console: Console, fields: AuditFields) -> None:
    """The findings, then the figures."""
    console.print(
        f"{fields['n_dialogues']} dialogues, {fields['n_paired']} compared with their humans of {fields['split']}, "
        f"{fields['n_targets']} with a target, {fields['n_rejects']} records rejected; experimental setting: {fields['setting']['kind']}"
    )
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
    console.print(_objectives(fields))
    leaks = PageTable("kind", "rate", "n", title="Leakage")
    for name, rate in fields["leakage"].items():
        leaks.add_row(name, figure(rate), str(rate["n"]))
    console.print(leaks)
    console.print(_doses(fields))
    why = {one.get("reason", "") for one in (*fields["objectives"].values(), *fields["leakage"].values()) if one["value"] is None}
    for reason in sorted(why):
        console.print(f"  not measured: {reason}", markup=False)
    if "html" in fields:
        console.print(f"page: {fields['html']}", markup=False, soft_wrap=True)
    then(console, f"understudy dose --dataset {fields['dataset']} --kind acceptance --share 0.2 --out FILE")


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
