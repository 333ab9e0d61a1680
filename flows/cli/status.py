"""The command `status`: what is in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from understudy.flows.cli.console import answer, then
from understudy.flows.cli.options import STORE, AsJson, StoreFile
from understudy.flows.cli.tables import PageTable
from understudy.report.figures import money

if TYPE_CHECKING:
    from understudy.tasks.status import StatusFields


def status(*, store: StoreFile = STORE, as_json: AsJson = False) -> None:
    """Report the rows, model replies, searches and releases of the store."""

    def work() -> StatusFields:
        from understudy.tasks.status import store_status

        return store_status(store)

    answer(work, page, as_json=as_json)


def page(console: Console, fields: StatusFields) -> None:
    """The rows, the ledger and the releases."""
    table = PageTable("table", "rows", title="Store")
    for name, n in fields["tables"].items():
        if n:
            table.add_row(name, str(n))
    console.print(table)
    ledger = fields["ledger"]
    console.print(f"ledger: {ledger['n']} completions, {ledger['tokens']} tokens, {money(ledger['usd'])}, {ledger['n_unknown']} unknown")
    if ledger["n_prompts_cut"]:
        console.print(f"the prompts of {ledger['n_prompts_cut']} completions were cut by the server; raise the model's context")
    for one in fields["adaptations"]:
        left_out = f"{one['parameter']} {one['value']}".strip()
        successor = f"; {one['instead']} takes its place" if one["instead"] else ""
        console.print(f"requests to {one['model']} are sent without {left_out}{successor}", markup=False)
    for release in fields["releases"]:
        note = f" RETRACTED: {release['retracted']}" if release["retracted"] else ""
        told = f"release {release['name']} v{release['version']}: {release['n_dialogues']} dialogues, {release['path']}{note}"
        console.print(told, markup=False, soft_wrap=True)
    console.print(f"the test split has been opened {fields['n_test_uses']} times; store digest {fields['store_digest']}")
    then(console, "understudy pull" if fields["releases"] else "understudy nightly --dataset NAME --data PATH")
