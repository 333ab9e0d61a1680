"""`--auto`: the size of a search chosen from measured latency and price, before anything is spent, and kept for when it goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from understudy.doors.local.servers import local_models
from understudy.doors.local.weights import named_in_keys
from understudy.doors.reading_copy import readable
from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.keys import canonical_json, key
from understudy.parameters import Caps, Models, PanelSize, RunOptions, Search
from understudy.prompt.setting import load_setting
from understudy.rows import humans
from understudy.studies import sizing
from understudy.studies.sizing import Size, SizeCost
from understudy.tasks.play.opened import store_open
from understudy.tasks.studies.asked import Asked
from understudy.tasks.studies.compare import settings_asked
from understudy.tasks.studies.estimate import SEVERAL, estimated
from understudy.tasks.studies.results.sized import SizedFields, SizeFields
from understudy.tasks.studies.speeds import measured_speeds

VERSION = 1


def chosen_size(asked: Asked, options: RunOptions, *, keeps_report: bool) -> tuple[Search, PanelSize, SizedFields]:
    """The search and the report at the size that fits the caps of `options`. Raises BadInput (understudy.studies.sizing.sized).

    `keeps_report`: the report stays as large as it was asked for, and only the search is chosen.
    """
    ladder = tuple(replace(rung, report=asked.report) for rung in sizing.LADDER) if keeps_report else sizing.LADDER
    with readable(options.store) as reading:
        size_key, config = key_of(reading.store, asked, options, report=asked.report if keeps_report else None)
        kept = reading.store.rows("optimize/size", size_key=size_key)
    if kept:
        size, cost = size_from(json.loads(kept[0]["size"])), SizeCost(**json.loads(kept[0]["cost"]))
    else:
        size, cost = sizing.sized(options.caps, _Costs(asked, options), ladder=ladder)
        told = {"config": canonical_json(config), "size": canonical_json(size.as_json()), "cost": canonical_json(cost)}
        with store_open(options.store) as store, store.transaction():
            store.add("optimize.sizes", [{"size_key": size_key, **told}])
    fields: SizedFields = {
        "size": cast(SizeFields, size.as_json()), "at_most": {"calls": cost.calls, "minutes": cost.minutes, "usd": cost.usd},
        "caps": _caps(options.caps), "is_kept": bool(kept),
    }  # fmt: skip
    return size.search(asked.search), size.report, fields


def key_of(store: Store, asked: Asked, options: RunOptions, *, report: PanelSize | None) -> tuple[str, dict[str, Any]]:
    """The key of a choice and what it stands for: the command and its caps, and not what was measured of the models.

    `report`: that of the command where it is not chosen.
    """
    names = settings_asked(asked.setting) if asked.run in SEVERAL else [asked.setting]
    config = {
        "run": asked.run, "profile": humans.current_profile(store, asked.dataset), "n": asked.n, "final": asked.final,
        "settings": {load_setting(name).name: load_setting(name).genome.digest for name in names},
        "best_shipped": asked.best_shipped, "n_seeds": asked.n_seeds,
        "models": named_in_keys(options.models).named(), "recommender": options.recommender, "surface": options.surface,
        "seed": options.seed, "caps": _caps(options.caps), "without": sorted(asked.search.without), "racing": asked.search.racing,
        "algorithm": asked.search.algorithm, "n_probed": asked.n_probed, "report": report and report.model_dump(),
    }  # fmt: skip
    if options.max_turns is not None:
        config["max_turns"] = options.max_turns
    return key("size", VERSION, sizing=sizing.VERSION, **config), config


def size_from(fields: Mapping[str, Any]) -> Size:
    """The size that `Size.as_json` described."""
    panels = {name: PanelSize(**fields[name]) for name in ("panel", "finalists", "report")}
    return Size(fields["population"], fields["generations"], fields["n_front"], **panels)


class _Costs:
    """What each size would take at most, by the estimate of the command; local models are timed once."""

    def __init__(self, asked: Asked, options: RunOptions) -> None:
        self._options = options
        with local_models(options.models) as (named, servers):
            self._models: Models = named
            self._asked = replace(asked, speeds=measured_speeds(options.store, asked, servers))

    def __call__(self, size: Size) -> SizeCost:
        asked = replace(self._asked, search=size.search(self._asked.search), report=size.report)
        with readable(self._options.store) as reading:
            told = estimated(reading.store, asked, models=self._models)
        usd = told["usd"]
        if told["n_calls"].get("range") is None:
            raise BadInput("the calls of this command cannot be estimated, so --auto has nothing to choose by")
        return SizeCost(told["n_calls"]["range"][1], told["minutes"]["range"][1], usd["range"][1] if usd["value"] is not None else None)


def _caps(caps: Caps) -> dict[str, float | int | None]:
    return {"minutes": caps.minutes, "usd": caps.usd, "calls": caps.calls}
