"""The usefulness of a release in words and tables, as its card and the command line show it: what a TSTR says, from the manifest alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy.report.figures import NOT_MEASURED, figure
from understudy.report.markdown import as_plain, table

COLUMNS: Mapping[str, str] = {
    "recall_1": "recall@1", "recall_10": "recall@10", "recall_50": "recall@50", "mrr": "MRR", "macro_f1": "macro-F1",
}  # fmt: skip
ARMS: Mapping[str, str] = {
    "real": "human dialogues of `search`", "seed_prompt": "dialogues of the seed prompt", "release": "this release",
    "mix": "half human, half this release",
}  # fmt: skip
_BASELINES = {"popularity": "popularity", "majority": "most frequent act"}
_BEFORE = (
    "TSTR (train on synthetic, test on real): a small recommender learns which item is suggested next, and a small act model learns what "
    "the seeker does next. Each learns from sets of equal size, and all are asked about the same human dialogues. Higher is better."
)
_CHECKED = {"recall_10": ("recommender", "popularity"), "macro_f1": ("act model", "the most frequent act")}

Fields = Mapping[str, Any]


def section(figures: Fields) -> list[str]:
    """The section of a card; none for a manifest of before, which does not say whether it was measured."""
    if "tstr" not in figures:
        return []
    tstr = figures["tstr"]
    if "trained_on" not in tstr:
        return [f"## Usefulness\n\nTSTR (train on synthetic, test on real): {NOT_MEASURED}. {_sentence(tstr['reason'])}"]
    parts = (
        _BEFORE, described(tstr), table(("trained on", *COLUMNS.values()), rows(tstr)), "Differences to training on human dialogues:",
        table(("trained on", *COLUMNS.values()), differences(tstr)), *reasons(tstr), *checks(tstr),
    )  # fmt: skip
    return ["## Usefulness\n\n" + "\n\n".join(parts)]


def described(tstr: Fields) -> str:
    """How much was trained on and asked about, and whether that is too little."""
    part = f", {tstr['part']} part" if tstr["part"] else ""
    n_items, n_acts = tstr["n_test"]["recall_1"], tstr["n_test"]["macro_f1"]
    uses = f" The split `test` had been opened {tstr['n_test_uses']} times by then." if "n_test_uses" in tstr else ""
    weak = f" With fewer than {tstr['min_n']} dialogues on a side the figures are underpowered." if tstr["underpowered"] else ""
    return (
        f"{tstr['n_train']} dialogues to train on in each set, drawn with {tstr['n_seeds']} seeds; {n_items} human dialogues of "
        f"`{tstr['split']}`{part} asked about the next item, {n_acts} about the next act.{weak}{uses}"
    )


def rows(tstr: Fields) -> list[tuple[str, ...]]:
    """What was trained on, with its figures; then the baselines, which learn from the human dialogues."""
    trained = [(ARMS[name], one["figures"]) for name, one in tstr["trained_on"].items()]
    baselines = [(_BASELINES[name], one) for name, one in tstr["baselines"].items()]
    return [(name, *(figure(one.get(column)) for column in COLUMNS)) for name, one in (*trained, *baselines)]


def differences(tstr: Fields) -> list[tuple[str, ...]]:
    """What was trained on, with its figures less those of human dialogues."""
    trained = [(ARMS[name], one["versus_real"]) for name, one in tstr["trained_on"].items() if one["versus_real"]]
    return [(name, *(figure(one.get(column), form="+.3f") for column in COLUMNS)) for name, one in trained]


def reasons(tstr: Fields) -> list[str]:
    """For each set that was not trained on, why."""
    missing = [(name, [one for one in trained["figures"].values() if one["value"] is None]) for name, trained in tstr["trained_on"].items()]
    return [f"{ARMS[name]}: {NOT_MEASURED}. {_sentence(found[0]['reason'])}" for name, found in missing if found]


def checks(tstr: Fields) -> list[str]:
    """Whether the two models learn anything from human dialogues: without that a TSTR says little."""
    against = tstr["trained_on"]["real"]["versus_baseline"]
    return [_check(model, baseline, COLUMNS[name], against[name]) for name, (model, baseline) in _CHECKED.items()]


def _check(model: str, baseline: str, name: str, difference: Fields) -> str:
    if difference["value"] is None:
        return f"Whether the {model} learns anything from human dialogues is {NOT_MEASURED}."
    is_better = (difference["ci"][0] or 0.0) > 0
    outcome = "is better than" if is_better else "is not shown to be better than"
    doubt = "" if is_better else ", so its figures tell little of a training set"
    return f"Trained on human dialogues, the {model} {outcome} {baseline} ({name}: {figure(difference, form='+.3f')}){doubt}."


def _sentence(reason: str) -> str:
    """A reason as a sentence of its own, with no markup in it."""
    plain = as_plain(reason)
    return f"{plain[:1].upper()}{plain[1:]}."
