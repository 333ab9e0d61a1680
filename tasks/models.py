"""Opening the models of a run: the gateway with what the embedded model was fitted on, once per process and run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from understudy import rehearsal
from understudy.doors.llm import Gateway, GatewayConfig, shared_gateway, use_gateway
from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.keys import key
from understudy.parameters import Caps, Models

EMBEDDED = "rehearsal"


@dataclass(frozen=True, slots=True)
class OpenModels:
    """The gateway of the run and the full names of its models, as they stand in keys."""

    gateway: Gateway
    seeker: str


@contextmanager
def models_open(store: str, dataset: str, *, models: Models, caps: Caps, surface: str) -> Iterator[OpenModels]:
    """The run's models; inside another block of this process the outer gateway serves, so caps hold for the whole night."""
    fitted = _fitted(store, dataset)
    drawn = rehearsal.Surface.from_toml(Path(surface).read_text("utf-8")) if surface.endswith(".toml") else rehearsal.surface(surface)
    seeker = models.seeker
    if seeker == EMBEDDED:
        seeker = rehearsal.model_name(drawn, fitted)
    outer = shared_gateway()
    if outer is not None:
        yield OpenModels(outer, seeker)
        return
    config = GatewayConfig.of(models, caps)
    with Gateway(
        config, store_path=store, fitted={fitted.digest[:12]: fitted}, surfaces={drawn.name: drawn}, run_id=key("run", 1, store=store)
    ) as gateway, use_gateway(gateway):
        yield OpenModels(gateway, seeker)


def _fitted(store: str, dataset: str) -> rehearsal.Fitted:
    with Store.open(store) as opened:
        rows = opened.rows("profile/instrument", dataset=dataset, name="rehearsal")
    if not rows:
        raise BadInput(f"the data set {dataset!r} has no profile", hint=f"run `understudy profile --dataset {dataset}` first")
    return rehearsal.Fitted.from_json(json.loads(rows[0]["parameters"]))
