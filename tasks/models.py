"""Which language models can be used right now, for people and scripts. Nothing is started and no model is called."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NotRequired, TypedDict

from understudy.doors.available import AvailableModel, Kind
from understudy.doors.available.providers import KeyedProvider, hosted_models, litellm_table, providers_known
from understudy.doors.available.servers import ServerSeen, servers_seen, usual_addresses
from understudy.doors.available.weights import local_models

REHEARSAL = AvailableModel(
    name="rehearsal", kind="rehearsal", served_by="understudy", options=(), usd_per_m_in=0.0, usd_per_m_out=0.0, schema_replies=False
)


class ModelFields(TypedDict):
    """A model that can be used, or `why_not`. `options` choose it on the command line; what is not known is null."""

    name: str
    kind: Kind
    served_by: str
    ready: bool
    context: int | None
    usd_per_m_in: float | None
    usd_per_m_out: float | None
    schema_replies: bool | None
    quantization: str | None
    n_bytes: int | None
    options: list[str]
    sha256: NotRequired[str]
    why_not: NotRequired[str]


class ServerFields(TypedDict):
    """An address that was asked. `expected`: who usually listens there; `engine`: who answered, empty where nobody could be used."""

    address: str
    expected: str
    engine: str
    n_models: int
    why_not: str


class ProviderFields(TypedDict):
    """A provider of litellm's table, and the environment variables of which one holds its key."""

    name: str
    variables: list[str]
    is_key_set: bool
    n_models: int


class ModelsFields(TypedDict):
    """The fields of `understudy models`."""

    models: list[ModelFields]
    servers: list[ServerFields]
    providers: list[ProviderFields]


def usable_models(*, api_base: str | None = None, folders: Sequence[Path] = ()) -> ModelsFields:
    """What can be used right now: rehearsal, weights in files, running servers, providers whose key is set."""
    servers, table = servers_seen(usual_addresses(), named=api_base), litellm_table()
    providers = providers_known(table, os.environ)
    with_key = {one.name: one for one in providers if one.is_set}
    hosted = hosted_models(table, with_key, today=datetime.now(UTC).date())
    models = [REHEARSAL, *local_models(folders), *(model for server in servers for model in server.models), *hosted]
    return {
        "models": [_model(one) for one in models],
        "servers": [_server(one) for one in servers],
        "providers": [_provider(one) for one in providers],
    }


def _model(one: AvailableModel) -> ModelFields:
    fields: ModelFields = {
        "name": one.name, "kind": one.kind, "served_by": one.served_by, "ready": not one.not_ready, "context": one.context,
        "usd_per_m_in": one.usd_per_m_in, "usd_per_m_out": one.usd_per_m_out, "schema_replies": one.schema_replies,
        "quantization": one.quantization, "n_bytes": one.n_bytes, "options": list(one.options),
    }  # fmt: skip
    if one.sha256:
        fields["sha256"] = one.sha256
    if one.not_ready:
        fields["why_not"] = one.not_ready
    return fields


def _server(one: ServerSeen) -> ServerFields:
    return {
        "address": one.address, "expected": one.expected, "engine": one.engine, "n_models": len(one.models), "why_not": one.silence,
    }  # fmt: skip


def _provider(one: KeyedProvider) -> ProviderFields:
    return {"name": one.name, "variables": list(one.variables), "is_key_set": one.is_set, "n_models": one.n_models}
