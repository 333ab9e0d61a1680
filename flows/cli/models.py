"""The command `models`: which language models can be used right now."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from understudy.flows.cli.beforehand import Means
from understudy.flows.cli.console import answer, then
from understudy.flows.cli.model_arguments import ApiBase
from understudy.flows.cli.options import AsJson
from understudy.flows.cli.tables import PageTable

if TYPE_CHECKING:
    from understudy.doors.available import Kind
    from understudy.tasks.models import ModelFields, ModelsFields, ProviderFields, ServerFields

UNKNOWN = "unknown"
_N_SHOWN = 8
_YES_OR_NO = {True: "yes", False: "no", None: UNKNOWN}
_TITLES: Mapping[Kind, str] = {
    "rehearsal": "Embedded, no language model", "local": "Weights in files, served by the command itself", "server": "Running servers",
    "provider": "Providers whose key is set",
}  # fmt: skip
_COLUMNS: Mapping[Kind, tuple[str, ...]] = {
    "rehearsal": ("schema", "ready"), "local": ("quantization", "MB", "context", "schema", "ready"),
    "server": ("served by", "context", "schema", "ready"), "provider": ("context", "USD/M in", "out", "schema"),
}  # fmt: skip


def models(
    *,
    folder: Annotated[list[Path] | None, typer.Option(help="Folder whose GGUF files are listed; repeatable."), Means.INPUT] = None,
    api_base: ApiBase = None,
    as_json: AsJson = False,
) -> None:
    """List the models that can be used right now: rehearsal, files, running servers, providers whose key is set."""

    def work() -> ModelsFields:
        from understudy.parameters import Models, checked
        from understudy.tasks.models import usable_models

        return usable_models(api_base=checked(Models, {"api_base": api_base}).api_base, folders=folder or ())

    answer(work, page, as_json=as_json)


def page(console: Console, fields: ModelsFields) -> None:
    """The models by kind, what keeps others from being used, and where was looked."""
    for kind, columns in _COLUMNS.items():
        of_kind = [one for one in fields["models"] if one["kind"] == kind]
        if of_kind:
            console.print(_table(_shown(of_kind), columns, title=_TITLES[kind]))
    for line in (*_why_not(fields["models"]), *_hidden(fields["models"]), *_silent(fields["servers"]), _keys(fields["providers"])):
        console.print(line, markup=False, soft_wrap=True)
    usable = [one for one in fields["models"] if one["ready"] and one["kind"] != "rehearsal"]
    chosen = shlex.join(usable[0]["options"]) if usable else "--model NAME"
    then(console, f"understudy estimate --dataset NAME {chosen}")


def _table(models: list[ModelFields], columns: tuple[str, ...], *, title: str) -> PageTable:
    table = PageTable("model", *columns, title=title)
    for one in models:
        cells = {
            "served by": one["served_by"], "quantization": one["quantization"] or UNKNOWN, "MB": _megabytes(one["n_bytes"]),
            "context": UNKNOWN if one["context"] is None else f"{one['context']:,}", "USD/M in": _price(one["usd_per_m_in"]),
            "out": _price(one["usd_per_m_out"]), "schema": _YES_OR_NO[one["schema_replies"]], "ready": _YES_OR_NO[one["ready"]],
        }  # fmt: skip
        table.add_row(one["name"], *(cells[name] for name in columns))
    return table


def _shown(models: list[ModelFields]) -> list[ModelFields]:
    """The models of a table: of each provider the first few that are ready, since some list hundreds."""
    counts: Counter[str] = Counter()
    shown = []
    for one in models:
        is_hosted = one["kind"] == "provider"
        counts[one["served_by"]] += is_hosted and one["ready"]
        if not is_hosted or (one["ready"] and counts[one["served_by"]] <= _N_SHOWN):
            shown.append(one)
    return shown


def _why_not(models: list[ModelFields]) -> list[str]:
    """What keeps a model from being used; of providers --json tells it, since they keep names that they have withdrawn."""
    return [f"{one['name']} is not ready: {one['why_not']}" for one in models if one["kind"] != "provider" and "why_not" in one]


def _hidden(models: list[ModelFields]) -> list[str]:
    """How many models of each provider the tables leave out, and how many of these are not ready."""
    hosted = [one for one in models if one["kind"] == "provider"]
    counts, not_ready = Counter(one["served_by"] for one in hosted), Counter(one["served_by"] for one in hosted if not one["ready"])
    left = {name: max(0, n - not_ready[name] - _N_SHOWN) for name, n in counts.items()}
    return [
        f"{name}: {n} more models are ready, {not_ready[name]} are not; --json lists all of them, with the reasons"
        for name, n in left.items()
        if n or not_ready[name]
    ]


def _silent(servers: list[ServerFields]) -> list[str]:
    """Where no model can be had; the usual ports on which nobody listens are one line."""
    silent = [one for one in servers if one["why_not"]]
    nobody = [one for one in silent if one["expected"] and one["why_not"] == "no server listens there"]
    named = [f"{one['address']} ({one['engine']})" if one["engine"] else one["address"] for one in silent if one not in nobody]
    told = [f"{name}: {one['why_not']}" for name, one in zip(named, (one for one in silent if one not in nobody), strict=True)]
    usual = ", ".join(f"{one['expected']} {one['address'].rpartition(':')[2]}" for one in nobody)
    return [*told, f"no server listens at these usual ports of 127.0.0.1: {usual}; --api-base names another address"] if usual else told


def _keys(providers: list[ProviderFields]) -> str:
    n_set = sum(one["is_key_set"] for one in providers)
    return (
        f"A key is set for {n_set} of {len(providers)} providers. Each reads a variable of its own, such as OPENAI_API_KEY; --json names "
        "them. No key was tried."
    )


def _price(usd: float | None) -> str:
    return UNKNOWN if usd is None else f"{usd:g}"


def _megabytes(n_bytes: int | None) -> str:
    return UNKNOWN if n_bytes is None else f"{n_bytes / 1e6:,.0f}"
