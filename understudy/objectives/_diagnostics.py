"""What is reported beside the objectives, and what guards them against being gamed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.measure.privacy import closeness
from understudy.measure.reference import Observed, Reference
from understudy.measure.values import ObjectiveValue
from understudy.objectives.behavioural_distance import auc_of
from understudy.objectives.positive_bias import human_rates, over_acceptance, rates
from understudy.records import DECOY, Measured
from understudy.statistics.distances import auc
from understudy.statistics.halves import Floats, interval, unit_codes, whole_and_halves
from understudy.statistics.rates import wilson

_SCORES = {"reject": 0.0, "neither": 0.5, "accept": 1.0}
_MIN_PAIRS = 20
_N_AUC = 100


def diagnostics(observed: Observed, reference: Reference, objectives: Mapping[str, ObjectiveValue], *, seed: int) -> dict[str, Measured]:
    """Rates by stratum on both sides, guards and failures; what has no units is not measured."""
    human = human_rates(reference)
    found: dict[str, Measured] = {}
    for (label, stratum), rate in rates(observed.reactions, reference=reference).items():
        found[f"{label}_{stratum}"] = rate
        if stratum != DECOY:
            found[f"{label}_{stratum}_human"] = human[label, stratum]
    n = len(observed.outcomes)
    status, reason = observed.outcomes["status"], observed.outcomes["reason"]
    return found | {
        "over_acceptance": over_acceptance(observed, reference, objectives["positive_bias"]),
        "decoy_acceptance": found[f"accept_{DECOY}"],
        "disliked_acceptance": found["accept_disliked"],
        "item_agreement": _agreement(observed, reference, seed),
        "classifier_auc": auc_of(objectives["behavioural_distance"].signed.get("classifier", Measured(None, reason="not classified"))),
        "fluency": _fluency(observed, reference),
        "fidelity": _fidelity(observed, reference, seed),
        "invalid": wilson(int((status == "invalid").sum()), n, nothing="nothing was played"),
        "role_flips": wilson(int((reason == "role_flip").sum()), n, nothing="nothing was played"),
        "missing": wilson(int((status == "missing").sum()), n, nothing="nothing was played"),
        "tokens_per_dialogue": _tokens(observed),
        **closeness(observed.records, reference.sources, seed=seed),
    }


def _agreement(observed: Observed, reference: Reference, seed: int) -> Measured:
    """AUC of the simulator's reaction for the human's acceptance in the same context: .5 for coin flips."""
    human = reference.reactions.select("context_id", accepted=(pl.col("label") == "accept").cast(pl.Float64))
    pairs = observed.reactions.filter(pl.col("stratum") != DECOY).join(human, on="context_id", how="inner").sort("context_id")
    score = pairs["label"].replace_strict(_SCORES, return_dtype=pl.Float64).to_numpy()
    truth = pairs["accepted"].to_numpy()
    value = auc(score, truth) if len(pairs) >= _MIN_PAIRS else None
    if value is None:
        return Measured(
            None, n=len(pairs), reason=f"at least {_MIN_PAIRS} contexts of both kinds are needed; there are {len(pairs)} with a human pair"
        )
    taken = reference.resampling_units(pairs["dialogue_id"].to_list()).halves(seed=seed)[1 : 1 + _N_AUC] > 0
    drawn = [auc(score[kept], truth[kept]) for kept in taken]
    return interval(value, np.array([one for one in drawn if one is not None]), n=len(pairs), low=0.0, high=1.0)


def _fluency(observed: Observed, reference: Reference) -> Measured:
    """The share of a dialogue's different words that humans of this split use: random strings are not diversity."""
    columns = observed.corpus.words.indices
    return wilson(int((columns < reference.vocabulary.size).sum()), len(columns), nothing="no turn was replayed")


def _fidelity(observed: Observed, reference: Reference, seed: int) -> Measured:
    """P(a replayed dialogue is nearer in words to its own human dialogue than to another's); .5 is no relation."""
    ours, humans = observed.corpus, reference.corpus
    place = {name: row for row, name in enumerate(humans.ids)}
    rows = [row for row, name in enumerate(ours.ids) if name in place]
    if len(rows) < _MIN_PAIRS:
        return Measured(
            None, n=len(rows), reason=f"at least {_MIN_PAIRS} replayed dialogues with a human pair are needed; there are {len(rows)}"
        )
    known = reference.vocabulary.size
    near = (ours.words[rows][:, :known] @ humans.words[:, :known].T).toarray()
    own = near[np.arange(len(rows)), [place[ours.ids[row]] for row in rows]]
    others = humans.n - 1
    values = ((near < own[:, None]).sum(axis=1) + ((near == own[:, None]).sum(axis=1) - 1) / 2) / others
    return _mean(values, ours.codes[rows], seed)


def _tokens(observed: Observed) -> Measured:
    """Mean words that the seeker says in a free run."""
    runs = observed.free_lengths
    if observed.free_dialogues.is_empty() or runs.is_empty():
        return Measured(None, reason="there is no free run")
    return _mean(runs["n_tokens"].to_numpy().astype(float), unit_codes(runs["play_key"].to_list()), seed=0)


def _mean(values: Floats, codes: NDArray[np.uint64], seed: int) -> Measured:
    weights = whole_and_halves(codes, seed=seed)
    means = weights @ values / weights.sum(axis=1)
    return interval(float(means[0]), means[1:] - means[0], n=len(values), low=0.0)
