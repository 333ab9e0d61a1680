"""How a card tells a TSTR: figures with intervals, what is missing with its reason, and whether the models learn anything."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from tests.publish import made
from tests.usefulness.planted import INDEX, humans
from understudy.release import card, usefulness
from understudy.studies.usefulness.measurement import usefulness as measure
from understudy.studies.usefulness.pools import ARMS, Pools
from understudy.tasks.publish.usefulness import NOT_ASKED

TSTR: dict[str, Any] = {
    **measure(
        Pools(humans("real", 20), [], humans("played", 20), {"seed_prompt": "a | cap <b>ended</b> it"}),
        humans("test", 20, form=True), INDEX, people="reporting",
    )
}  # fmt: skip


def test_what_was_not_asked_for_is_not_measured() -> None:
    (section,) = usefulness.section({"tstr": {"value": None, "reason": NOT_ASKED, "n": 0}})
    assert section.startswith("## Usefulness\n\nTSTR (train on synthetic, test on real): not measured. It was not asked for")
    assert usefulness.section({}) == []


def test_the_section_has_every_set_its_baselines_and_what_is_missing() -> None:
    (section,) = usefulness.section({"tstr": TSTR})
    assert set(usefulness.ARMS) == set(ARMS)
    for name in (*usefulness.ARMS.values(), *usefulness.COLUMNS.values(), "popularity", "most frequent act", "underpowered"):
        assert name in section
    assert "dialogues of the seed prompt: not measured. A" in section
    assert "<b>" not in section
    assert "`select`, reporting part" in section
    assert section.count("Trained on human dialogues") == 2


def test_a_model_that_learns_nothing_is_said_to_learn_nothing() -> None:
    nothing = deepcopy(TSTR)
    nothing["trained_on"]["real"]["versus_baseline"]["recall_10"] = {"value": 0.01, "ci": [-0.01, 0.03], "n": 600, "by_seed": [0.01]}
    assert "the recommender is not shown to be better than popularity (recall@10: +0.010 [-0.010, +0.030])" in usefulness.checks(nothing)[0]


def test_the_use_of_the_test_split_is_told() -> None:
    assert "had been opened 3 times by then" in usefulness.described({**TSTR, "split": "test", "part": None, "n_test_uses": 3})


def test_the_card_of_a_release_has_the_section() -> None:
    release = made.release()
    release.content["figures"] = {**made.FIGURES, "tstr": TSTR, "instruments": {}, "corrected": {}}
    manifest = {"name": "small", "version": 1, "digest": "d", **release.content}
    del manifest["figures"]["instruments"]
    assert "## Usefulness" in card.text(manifest)
