"""The command `status`: what is in the store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from rich.console import Console

from understudy.flows.cli.console import answer, snapshot_read, then
from understudy.flows.cli.options import STORE, AsJson, StoreFile
from understudy.flows.cli.tables import PageTable, cached_share
from understudy.names import shown_model
from understudy.report.figures import counted, money, reactions_read_by

if TYPE_CHECKING:
    from understudy.tasks.status import LedgerFields, NightRow, StatusFields

N_NIGHTS = 14
# whose reason says no more than their name
PLAIN = ("published", "running", "killed", "interrupted")


def status(*, store: StoreFile = STORE, as_json: AsJson = False) -> None:
    """Report the nights, rows, model replies, searches and releases of the store, also while a night is at work."""

    def work() -> StatusFields:
        from understudy.tasks.status import store_status

        return store_status(store)

    answer(work, page, as_json=as_json)


def _odd(ledger: LedgerFields) -> list[tuple[int, str]]:
    """What happened to replies and calls that is worth a line, and how often; what never happened has none."""
    failed = f"calls ended without a reply and cost {ledger['failed_tokens']} tokens, {money(ledger['failed_usd'])}"
    told = [
        (ledger["n_cut"], "replies were cut at the limit on their tokens"),
        (ledger["n_normalised"], "replies held characters that were replaced or removed"),
        (ledger["n_overlong"], "replies were longer than the limit on their tokens allows"),
        (ledger["n_tokens_counted"], "replies came without a report of their tokens, which were counted here"),
        (ledger["n_tokens_clamped"], "replies came with an impossible report of their tokens, which was clamped"),
        (ledger["n_failed"], f"{failed}; the cost of {ledger['n_failed_unknown']} of them is unknown"),
    ]
    return [(n, text) for n, text in told if n]


def page(console: Console, fields: StatusFields) -> None:
    """The nights, the rows, the ledger and the releases."""
    snapshot_read(console, fields["snapshot"])
    if fields["nights"]:
        console.print(_nights(fields["nights"][:N_NIGHTS]))
    table = PageTable("table", "rows", title="Store")
    for name, n in fields["tables"].items():
        if n:
            table.add_row(name, str(n))
    console.print(table)
    ledger = fields["ledger"]
    console.print(f"ledger: {ledger['n']} completions, {ledger['tokens']} tokens, {money(ledger['usd'])}, {ledger['n_unknown']} unknown")
    for n, told in _odd(ledger):
        console.print(f"  {n} {told}")
    if ledger["n_prompts_cut"]:
        console.print(f"the prompts of {ledger['n_prompts_cut']} completions were cut by the server; raise the model's context")
    for cache in fields["prompt_cache"]:
        console.print(f"prompts of {cached_share(cache)}", markup=False)
    for one in fields["adaptations"]:
        left_out = f"{one['parameter']} {one['value']}".strip()
        successor = f"; {one['instead']} takes its place" if one["instead"] else ""
        console.print(f"requests to {shown_model(one['model'])} are sent without {left_out}{successor}", markup=False)
    if (checks := fields["checks"])["n_dialogues"]:
        unchecked = f"{counted(checks['n_unchecked'])} of {checks['n_turns']} turns were said unchecked"
        console.print(f"dialogues with a verifier: {checks['n_dialogues']}; {unchecked}, {counted(checks['n_redone'])} were redone")
    for read in fields["reaction_instruments"]:
        console.print(f"reactions of {read['dataset']} are read by {reactions_read_by(read)}", markup=False)
    for release in fields["releases"]:
        note = f" RETRACTED: {release['retracted']}" if release["retracted"] else ""
        told = f"release {release['name']} v{release['version']}: {release['n_dialogues']} dialogues, {release['path']}{note}"
        console.print(told, markup=False, soft_wrap=True)
    console.print(f"the test split has been opened {fields['n_test_uses']} times; store digest {fields['store_digest']}")
    then(console, "understudy pull" if fields["releases"] else "understudy nightly --dataset NAME --data PATH")


def _nights(nights: Sequence[NightRow]) -> PageTable:
    """When each of the newest nights began and ended (UTC), what came of it, which bounds it missed, and its cost."""
    table = PageTable("night", "began (UTC)", "took", "outcome", "failed", "tokens", "cost", title="Nights")
    for night in nights:
        came_of_it = f"{night['release']} v{night['version']}" if night["release"] else night["outcome"].replace("_", " ")
        began, what = night["began_at"][:16].replace("T", " "), f"{night['dataset']} {night['batch']}"
        failed = "\n".join(night["failed"]) or ("" if night["outcome"] in PLAIN else night["reason"])
        cells = (what, began, _took(night), came_of_it, failed, str(night["tokens"]), money(night["usd"]))
        table.add_row(*cells)
    return table


def _took(night: NightRow) -> str:
    """How long a night took, in hours and minutes; empty where its end is not known."""
    if night["ended_at"] is None:
        return ""
    took = datetime.fromisoformat(night["ended_at"]) - datetime.fromisoformat(night["began_at"])
    return f"{took.seconds // 3600 + 24 * took.days}:{took.seconds // 60 % 60:02}"
