"""The command `dose`: human dialogues with a known fault in a known dose, to try an audit on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from understudy.flows.cli.beforehand import Means
from understudy.flows.cli.console import answer, then
from understudy.flows.cli.options import RUN, STORE, AsJson, Dataset, Seed, StoreFile

if TYPE_CHECKING:
    from understudy.tasks.studies.results.audits import DoseFields


def dose(
    *,
    dataset: Dataset,
    kind: Annotated[str, typer.Option(help="Fault to inject: acceptance, titles, copied, repeated or length.")],
    share: Annotated[
        float, typer.Option(help="Share of the units that get the fault, from 0 to 1: of dialogues for `titles`, of turns for the others.")
    ],
    out: Annotated[Path, typer.Option(help="File to write, in the format of the reader `messages`."), Means.OUTPUT],
    split: Annotated[str, typer.Option(help="Split of the dialogues: exemplar, search or select.")] = "select",
    seed: Seed = RUN.seed,
    store: StoreFile = STORE,
    as_json: AsJson = False,
) -> None:
    """Inject a known fault into human dialogues to test an audit. The file contains text of the humans."""

    def work() -> DoseFields:
        from understudy.tasks.studies.dose import write_dose

        return write_dose(str(store), dataset, kind=kind, share=share, out=str(out), split=split, seed=seed)

    answer(work, page, as_json=as_json)


def page(console: Console, fields: DoseFields) -> None:
    """What was changed, where it lies, and what to do with it."""
    console.print(
        f"{fields['kind']}: {fields['n_changed']} of {fields['n_units']} units changed ({fields['unit']}), "
        f"{fields['n_dialogues']} dialogues of {fields['split']}: {fields['path']}",
        markup=False,
        soft_wrap=True,
    )
    then(console, f"understudy audit --dataset {fields['dataset']} --simulated {fields['path']} --reader messages")
