"""Control 5: an evaluator that no objective shares features with ranks ten batches with faults in them; where it disagrees is listed.

It tells a batch's text from that of humans of the other half: character trigrams and function words of stretches of equal length,
titles masked, a logistic regression cross-validated by dialogue. Its score is the AUC.

It is not `understudy.studies.compare.heldout`, on purpose. That one tells simulators from humans, whom their words alone give
away, so it is blind to content words; these batches are human text with faults in it, on which a reader of words and spelling is
the stricter second opinion.
And this one was declared, with its size, before it was run, and missed what was declared: to exchange it afterwards would bend the oracle.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import reading
from declared import OBJECTIVES, declared
from halves import measured, sides, told
from scratch import World, dosing, kept, sampled, world
from threadpoolctl import threadpool_limits

from understudy.keys import digest, share_of
from understudy.profile.anchors import disjoint_halves
from understudy.statistics.distances import auc

Fields = dict[str, Any]
N_FOLDS = 5
AFTERWARDS = "mean rank without data_leakage (not declared)"
_WORDS = """
a about after all also am an and any are as at be because been before but by can could did do does for from get had has have he
her him his how i if in into is it its just like me more my no not now of on one only or other our out over she so some than that
the their them then there they this to too up us very was we well were what when where which who why will with would you your
"""
FUNCTION_WORDS = tuple(_WORDS.split())
_N_FEATURES = 2**15
_SPACES = re.compile(r"\s+")


def run() -> Fields:
    """batches with scores and objectives, tau with interval, disagreements, failures."""
    spec, here = declared()["held_out"], world()
    batches = spec["batches"]
    on = [*sampled(), *dosing(), spec["n_halves"], spec["n_characters"]]
    seen = [kept(f"held-out-{digest(one)[:8]}", partial(_batch, here, one["doses"]), by=(__file__,), on=on) for one in batches]
    names, n = [one["name"] for one in batches], spec["n_halves"]
    columns = {name: [[half["objectives"][name] for half in batch] for batch in seen] for name in OBJECTIVES}
    scores = [[half["score"] for half in batch] for batch in seen]
    ranks = [reading.mean_ranks([[row[at] for row in columns[name]] for name in OBJECTIVES]) for at in range(n)]
    taus = {"mean rank": reading.points([reading.tau([row[at] for row in scores], ranks[at]) for at in range(n)])}
    # seen afterwards and no part of what was declared: the evaluator cannot see leaks
    talk = [reading.mean_ranks([[row[at] for row in columns[name]] for name in OBJECTIVES if name != "data_leakage"]) for at in range(n)]
    taus[AFTERWARDS] = reading.points([reading.tau([row[at] for row in scores], talk[at]) for at in range(n)])
    for name in OBJECTIVES:
        taus[name] = reading.points([reading.tau([row[at] for row in scores], [row[at] for row in columns[name]]) for at in range(n)])
    mean_score, mean_rank = [float(np.mean(row)) for row in scores], np.mean(ranks, axis=0).tolist()
    means = {name: [float(np.mean(row)) for row in columns[name]] for name in OBJECTIVES}
    rows = [
        {"name": name, "score": mean_score[at], "rank": mean_rank[at], **{one: means[one][at] for one in OBJECTIVES}}
        for at, name in enumerate(names)
    ]
    apart = reading.disagreements(names, mean_rank, mean_score)
    return {"n": n, "batches": rows, "tau": taus, "disagreements": apart, "failures": failures(taus["mean rank"], spec)}


def failures(tau: Fields, limits: Fields) -> list[str]:
    """What is said where the two rankings do not go together."""
    agrees = tau["mean"] >= limits["least_tau"] and tau["points"][0] > 0
    return [] if agrees else [f"tau {tau['mean']:.2f} ({tau['points'][0]:.2f} to {tau['points'][1]:.2f}), {limits['least_tau']} declared"]


def _batch(here: World, doses: dict[str, float]) -> list[Fields]:
    """Per halving the evaluator's score of a batch and its objectives."""
    spec = declared()
    dosed, texts = here.dosed(doses, seed=spec["dose"]["seed"]), here.texts(doses, seed=spec["dose"]["seed"])
    human, found = here.texts({}, seed=spec["dose"]["seed"]), []
    for at in range(spec["held_out"]["n_halves"]):
        seed = spec["first_seed"] + at
        place, humans = sides(here, dosed, spec["sizes"], seed)
        values = told(measured(place, humans, seed=seed))["objectives"]
        _, other = disjoint_halves(here.reference, seed=seed)
        score = told_apart({one: texts[one] for one in _played(place)}, {one: human[one] for one in sorted(other & human.keys())})
        found.append({"score": score, "objectives": {name: values[name][0] for name in OBJECTIVES}})
    return found


def _played(place: Any) -> list[str]:
    """The dialogues of a panel: replayed ones and those of its reactions."""
    return sorted({*place.corpus.ids, *place.reactions["dialogue_id"].to_list()})


def told_apart(ours: dict[str, Sequence[str]], humans: dict[str, Sequence[str]]) -> float:
    """AUC of the evaluator between two sets of dialogues, given as dialogue → masked turns of the seeker."""
    size = declared()["held_out"]["n_characters"]
    both = ((1.0, ours), (0.0, humans))
    rows = [(text, name, kind) for kind, side in both for name, turns in side.items() for text in stretches(turns, size)]
    texts, names, kinds = (list(column) for column in zip(*rows, strict=True))
    features, kind = _features(texts), np.array(kinds)
    fold = np.array([int(share_of("fold", name) * N_FOLDS) for name in names])
    found = []
    for index in range(N_FOLDS):
        inside = fold == index
        with threadpool_limits(1):
            scores = _model().fit(features[~inside], kind[~inside]).decision_function(features[inside])
        value = auc(scores, kind[inside])
        if value is not None:
            found.append(value)
    return float(np.mean(found))


def stretches(turns: Sequence[str], size: int) -> list[str]:
    """The turns one after the other, cut into stretches of `size` characters; what is left at the end is dropped."""
    whole = _SPACES.sub(" ", " ".join(turns)).lower()
    return [whole[at : at + size] for at in range(0, len(whole) - size + 1, size)]


def _features(texts: list[str]) -> Any:
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer

    trigrams = HashingVectorizer(analyzer="char_wb", ngram_range=(3, 3), n_features=_N_FEATURES, alternate_sign=False, norm="l2")
    words = CountVectorizer(vocabulary=FUNCTION_WORDS, token_pattern=r"[a-z']+")
    return hstack([trigrams.transform(texts), words.transform(texts) / 10]).tocsr()


def _model() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=1.0, class_weight="balanced", solver="liblinear", random_state=0)


