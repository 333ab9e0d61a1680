"""The models that had a part in a batch, and what is known of the local weights among them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from understudy.completion import engines_in
from understudy.doors.gateway import lengths
from understudy.doors.local.naming import reported
from understudy.doors.store import Store

Fields = dict[str, Any]
ANEW, RECORDED = "by the same calls", "from the recording"
"""Whether the replies of local weights can be had again by the same calls, or are in the ledger alone."""


def models_behind(store: Store, batch: Mapping[str, Any]) -> set[str]:
    """The models of a batch's seekers, its verifier and its recommender, and the critics of the searches that proposed its prompt."""
    _, brace, options = batch["recommender"].partition("{")
    named = [batch["model"], batch["verifier"] or "", json.loads(brace + options).get("model", "") if brace else ""]
    named += [one["model"] for one in store.rows("simulate/critics", genome_digest=batch["genome_digest"])]
    return {lengths.bare(name) for name in named if name}


def local_models_behind(store: Store, batch: Mapping[str, Any]) -> list[Fields]:
    """The local weights that had a part in a batch, by its models and by who answered."""
    models, engines = models_behind(store, batch), engines_in([batch["engine"]])
    served = [one for one in store.rows("simulate/local_models") if one["model"] in models or reported(one["model"]) in engines]
    return [{"reproducible": ANEW if one.pop("is_reproducible") else RECORDED, **one} for one in served]
