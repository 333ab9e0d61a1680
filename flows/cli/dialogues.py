"""The command `dialogues`: what was played for a batch, or what is behind a bound that it failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from understudy.flows.cli.console import answer, snapshot_read, then
from understudy.flows.cli.options import STORE, AsJson, OfDataset, StoreFile

if TYPE_CHECKING:
    from understudy.tasks.validate.dialogues import DialogueFields, DialoguesFields


def dialogues(
    *,
    batch: Annotated[str, typer.Argument(help="Name of the batch.")],
    failing: Annotated[
        str | None, typer.Option(help="SUITE/EXPECTATION, such as leakage/title: show the dialogues behind this bound, the worst first.")
    ] = None,
    n: Annotated[int, typer.Option(min=1, help="Number of dialogues to show.")] = 10,
    dataset: OfDataset = None,
    store: StoreFile = STORE,
    as_json: AsJson = False,
) -> None:
    """Show the dialogues of a batch, with the turns marked that a gate is about."""

    def work() -> DialoguesFields:
        from understudy.tasks.validate.dialogues import batch_dialogues

        return batch_dialogues(store, batch, dataset=dataset, failing=failing, n=n)

    answer(work, page, as_json=as_json)


def page(console: Console, fields: DialoguesFields) -> None:
    """Every dialogue with its turns; a mark stands under the turn that it is about."""
    snapshot_read(console, fields["snapshot"])
    about = f" behind {fields['failing']}" if fields["failing"] else ""
    console.print(f"batch {fields['batch']}: {len(fields['dialogues'])} of {fields['n_matching']} dialogues{about}", markup=False)
    for one in fields["dialogues"]:
        _dialogue(console, one)
    then(console, f"understudy validate --batch {fields['batch']}")


def _dialogue(console: Console, one: DialogueFields) -> None:
    console.print()
    console.print(Text(f"{one['id']}  {one['kind']}, {one['status']}, {one['engine']}", style="bold"))
    for reason in one["reasons"]:
        console.print(Text(f"  because: {reason}"))
    for turn in one["turns"]:
        speaker = f"{turn['speaker']} (human)" if turn["of_log"] else turn["speaker"]
        console.print(Text(f"  {speaker}: {turn['text']}", style="dim" if turn["of_log"] else ""))
        for mark in turn["marks"]:
            console.print(Text(f"    ^ {mark}", style="red"))
