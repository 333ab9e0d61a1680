"""Probes of a model: what it knows that it should not. So far one task, contamination."""

from __future__ import annotations

from typing import Any

from tasks.models import OpenModels
from tasks.play import human_side
from understudy import contamination, stock
from understudy.doors.store import Store
from understudy.errors import BadInput, ProviderFailed
from understudy.recommenders._grounding import Grounding
from understudy.records import Turn

TASKS = ("contamination",)
# the probe reports on what no fit has seen, and leaves the test split closed
SPLIT = "select"
MAX_MISSING = 0.5
REHEARSAL = "rehearsal is not a language model: it has no pre-training to be contaminated"
Fields = dict[str, Any]


def probe_contamination(store_path: str, dataset: str, opened: OpenModels, *, n: int, seed: int) -> Fields:
    """The fields of `understudy probe --task contamination`. Raises BadInput without a profile or without a usable scenario."""
    with Store.open(store_path) as store:
        profile_key = stock.current_profile(store, dataset)
        said = stock.load_human_turns(store, profile_key, SPLIT)
    side = human_side(store_path, profile_key, dataset)
    turns: dict[str, list[Turn]] = {}
    for row in said.iter_rows(named=True):
        turns.setdefault(row["dialogue_id"], []).append(Turn(row["role"], row["text"], 1, tuple(row["item_ids"])))
    probes, unusable = contamination.probes_of(side.scenarios(SPLIT).values(), turns, side.items, n=n, seed=seed)
    about = {"task": "contamination", "dataset": dataset, "split": SPLIT, "model": opened.seeker, "n_unusable": unusable}
    if not probes:
        raise BadInput(f"no scenario of {dataset!r} can be probed", hint=f"reasons: {unusable or 'there are no scenarios'}")
    if opened.seeker.startswith("rehearsal"):
        return {**about, **contamination.unmeasured(probes, REHEARSAL), "n_model_calls": 0}
    grounding, gateway = Grounding(side.items, side.popularity), opened.gateway
    guessed = gateway.run(
        contamination.guess_all(probes, complete=gateway.complete, grounding=grounding, model=opened.seeker, seed=seed)
    )
    found = contamination.verdict(probes, guessed, side.popularity)
    if found["n_missing"] > MAX_MISSING * len(probes):
        why = next(one.reason for one in guessed if one.missing)
        raise ProviderFailed(f"{found['n_missing']} of {len(probes)} answers are missing", hint=f"the first: {why}")
    return {**about, **found, "n_model_calls": gateway.n_calls}
