"""Opening what a run needs: the models, with what the embedded one was fitted on, and the store, held for the whole run."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from understudy import rehearsal
from understudy.completion import ROLES
from understudy.doors.gateway import ages
from understudy.doors.gateway.llm import Gateway, GatewayConfig, shared_gateway, use_gateway
from understudy.doors.http import Http
from understudy.doors.store import Store
from understudy.errors import BadInput, GateFailed, UnderstudyError
from understudy.parameters import Models, RunOptions
from understudy.rows import humans

EMBEDDED = "rehearsal"


@dataclass(frozen=True, slots=True)
class OpenModels:
    """The gateway of the run, its way to running recommenders, and the full names of its models, as they stand in keys."""

    gateway: Gateway
    http: Http
    seeker: str
    verifier: str
    recommender: str
    critic: str
    judge: str


_night: OpenModels | None = None


@contextmanager
def models_open(dataset: str, options: RunOptions) -> Iterator[OpenModels]:
    """The run's models; inside another such block the outer gateway serves, so caps and ages hold for the whole night."""
    global _night
    if _night is not None and _night.gateway is shared_gateway():
        yield _night
        return
    store, models = str(options.store), options.models
    fitted = _fitted(store, dataset)
    drawn = surface_named(options.surface)
    embedded = rehearsal.model_name(drawn, fitted)
    names = _names(store, models, embedded)
    fallbacks = {role: tuple(embedded if name == EMBEDDED else name for name in models.fallbacks.get(role, ())) for role in ROLES}
    config = GatewayConfig.of(models.model_copy(update={"fallbacks": fallbacks}), options.caps)
    known, surfaces = {fitted.digest[:12]: fitted}, {drawn.name: drawn}
    with (
        Gateway(config, store_path=store, fitted=known, surfaces=surfaces, run_id=uuid.uuid4().hex) as gateway,
        use_gateway(gateway),
    ):
        _night = OpenModels(gateway, Http(breaker_after=models.breaker_after), **names)
        try:
            yield _night
        finally:
            gateway.run(_night.http.close())
            _night = None


def open_models() -> OpenModels:
    """The models that are open in this process. Raises UnderstudyError where there are none."""
    if _night is None or _night.gateway is not shared_gateway():
        raise UnderstudyError("no models are open in this process", hint="call this within `models_open`")
    return _night


def _names(store: str, models: Models, embedded: str) -> dict[str, str]:
    """The model of each role, as it stands in keys: the embedded one with what it was fitted on, a hosted one with its age."""
    with Store.open(store) as opened:
        began = {row["model"]: row["first_made_at"] for row in opened.rows("play/model_ages")}
    dials: dict[str, Any] = {"refresh": models.refresh, "max_age_days": models.max_age_days, "now": datetime.now(UTC).replace(tzinfo=None)}
    asked = {role: models.of(role) for role in ROLES}
    return {role: rehearsal.full_name(name, embedded) or ages.current(name, began, **dials) for role, name in asked.items()}


@contextmanager
def store_held(store: str) -> Iterator[None]:
    """Holds the store from beginning to end, so that no other process writes between two stages."""
    with Store.open(store):
        yield


@contextmanager
def answering(fields: dict[str, Any]) -> Iterator[None]:
    """A gate that fails in the block answers with `fields` as well: what the night measured is told whether or not it is published."""
    try:
        yield
    except GateFailed as error:
        error.fields = {**fields, **error.fields}
        raise


def default_batch(batch: str | None) -> str:
    """The name of the batch: the date where none is given."""
    return batch or datetime.now(UTC).date().isoformat()


def releases_of(store: str, releases: str | None) -> str:
    """The folder of the releases: beside the store where none is given."""
    return releases or str(Path(store).resolve().parent / "releases")


def surface_named(name: str) -> rehearsal.Surface:
    """The surface of a name, or the one in a TOML file. Raises BadInput."""
    if not name.endswith(".toml"):
        return rehearsal.surface(name)
    try:
        read = rehearsal.Surface.from_toml(Path(name).read_text("utf-8"))
    except OSError as error:
        raise BadInput(f"the surface {name} cannot be read: {error}") from error
    # the name stands in the model's name and so in every key: two files may bear the same one
    return replace(read, name=f"{read.name}-{read.digest[:8]}")


def _fitted(store: str, dataset: str) -> rehearsal.Fitted:
    with Store.open(store) as opened:
        humans.current_profile(opened, dataset)  # says what to do where there is none
        found = opened.rows("profile/instrument", dataset=dataset, name=EMBEDDED)
    return rehearsal.Fitted.from_json(json.loads(found[0]["parameters"]))
