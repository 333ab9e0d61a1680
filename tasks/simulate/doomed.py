"""Batches that cannot pass their gates, whatever is played, are refused before they are paid."""

from __future__ import annotations

from collections import Counter
from typing import Any

from understudy.completion import NO_ENGINE
from understudy.doors import checks
from understudy.doors.store import Store
from understudy.errors import BadInput, GateFailed
from understudy.measure.reference import MIN_CONTEXTS
from understudy.parameters import PanelSize
from understudy.records import DECOY, DIVIDED, REPORTING, STRATA
from understudy.release import licences
from understudy.release.doomed import Most, impossible, refused
from understudy.rows.handle import Humans
from understudy.tasks.validate.data import facts_of_data

_N_NAMED = 4
_REPLAYED = 2  # seeker turns of a dialogue that is replayed whole


def require_enough(n: int, report: PanelSize, *, anyway: bool) -> None:
    """Raises BadInput where `n` dialogues with a report of that size fail a gate for want of units, unless they are played `anyway`."""
    why = [] if anyway else impossible(checks.suites(), n, report)
    if why:
        told = "; ".join(why[:_N_NAMED]) + (f"; and {len(why) - _N_NAMED} more" if len(why) > _N_NAMED else "")
        raise BadInput(
            f"a night of {n} dialogues cannot pass its gates: {told}",
            hint="raise --n, or give --anyway to play the night to its failing gates",
        )


def require_evidence(store: Store, dataset: str, report: PanelSize, *, batch: str, anyway: bool) -> None:
    """Raises GateFailed where the humans cannot give a gate its units, or their licence is unknown, unless it is played `anyway`.

    It names every such bound; nothing has been paid then.
    """
    humans = Humans.of(store, dataset)
    if anyway:
        return
    data = facts_of_data(store, {"dataset": dataset, "profile_key": humans.profile_key, "split": REPORTING})
    unknown = licences.unknown(row["licence"] for row in store.rows("ingest/licences", dataset=dataset))
    known = {f"data.{name}": value for name, value in data.items()}
    found = refused(checks.suites(), known, most=most_of(humans, report), unknown_licences=unknown)
    if not found:
        return
    told = "; ".join(f"{one.suite}/{one.expectation}: {one.detail}" for one in found)
    fields: dict[str, Any] = {
        "release": None, "batch": batch, "n_model_calls": 0, "calls": dict.fromkeys(("search", "dialogues", "report"), 0), "objectives": {},
        "split": DIVIDED, "part": REPORTING, "engine": NO_ENGINE, "verdicts": [one.as_json() for one in found],
    }  # fmt: skip
    raise GateFailed(
        f"the data set {dataset} cannot give a night its release: {told}; nothing was played",
        hint="give --anyway to play the night to its failing gates; a LICENCE file beside the data names the licence that it is under",
        fields=fields,
    )


def most_of(humans: Humans, report: PanelSize) -> dict[str, Most]:
    """Figure → how many units it can have at most where the humans who are reported on are these."""
    contexts = humans.contexts(REPORTING).values()
    strata = Counter(one.stratum for one in contexts)
    turns = Counter(one.dialogue_id for one in contexts if one.stratum is None)
    replayed = min(report.behaviour, sum(n >= _REPLAYED for n in turns.values()))
    reactions = sum(min(report.per_stratum, strata[name]) for name in STRATA if strata[name] >= MIN_CONTEXTS)
    largest = max(strata[name] for name in STRATA)
    dialogues = Most(replayed, f"{replayed} human dialogues with {_REPLAYED} turns of the seeker are there to be replayed in the report")
    accepted = Most(
        reactions, f"a stratum needs {MIN_CONTEXTS} human reactions among the seekers who are reported on, and the largest has {largest}"
    )
    decoys = min(report.per_stratum, strata[DECOY])
    return {
        "objectives.positive_bias": accepted,
        "diagnostics.over_acceptance": accepted,
        "diagnostics.decoy_acceptance": Most(decoys, f"there are {decoys} decoys"),
        "objectives.diversity_gap": dialogues,
        "objectives.behavioural_distance": dialogues,
    }
