"""What is in a language that an instrument does not read is not measured; what needs no language is measured in any script."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import polars as pl
import pytest

from understudy.measure.reference import FREE_DIALOGUES, FREE_TURNS, Human, Observed, Reference, Simulated, observe
from understudy.objectives import measure_observed
from understudy.profile.anchors import human_anchors
from understudy.records import STRATA

N = 60
# both sets are said by the same rules from lists of our own; no person wrote them
WORDS = {
    "en": (
        ("I like ", "I want ", "maybe ", "tonight ", "do you have "),
        ("a quiet film", "an old drama", "a long comedy", "something with ships"),
        (" from the nineties", " for my family", ", please", " with a good ending"),
    ),
    "zh": (
        ("我喜欢", "我想看", "也许", "今天晚上想要", "你有没有"), ("一部安静的电影", "一部老的剧情片", "一部很长的喜剧", "关于船的故事"),
        ("，九十年代的", "，给我家人看的", "，谢谢你", "，结局要好一点的"),
    ),
}  # fmt: skip


def texts(language: str, rng: np.random.Generator) -> Iterator[str]:
    while True:
        yield "".join(str(rng.choice(part)) for part in WORDS[language])


def behaviour(language: str, seed: int) -> pl.DataFrame:
    say = texts(language, np.random.default_rng(seed))
    rows = []
    for place in range(N):
        previous = ""
        for turn in range(4):
            said = next(say)
            rows.append((f"d{place}", f"s{place}", f"r{place % 9}", previous, said, 2 * turn))
            previous = said
    schema = {**dict.fromkeys(("dialogue_id", "seeker_id", "recommender_id", "previous", "text"), pl.String), "turn_index": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def reactions(spoken: pl.DataFrame) -> pl.DataFrame:
    at = pl.int_range(pl.len())
    stratum = at.map_elements(lambda n: STRATA[n % 4], return_dtype=pl.String)
    return spoken.select(
        "dialogue_id", "seeker_id", "recommender_id", "text", context_id=pl.format("c{}", at), stratum=stratum, item_id=pl.lit("1"),
        answered=pl.lit("how about this one?"),
    )


def humans(language: str) -> Reference:
    spoken = behaviour(language, 1)
    turns = spoken.with_columns(role=pl.lit("seeker"), split=pl.lit("select"), item_ids=pl.lit([], dtype=pl.List(pl.String)))
    return Reference.build(Human(reactions(spoken), spoken, turns, {}), seed=0, min_contexts=10)


def seekers(language: str, reference: Reference) -> Observed:
    spoken = behaviour(language, 2)
    nothing = pl.DataFrame(schema=FREE_DIALOGUES), pl.DataFrame(schema=FREE_TURNS)
    return observe(Simulated(reactions(spoken), spoken, *nothing), reference)


@pytest.fixture(scope="module")
def of() -> Callable[[str], Reference]:
    made = {language: humans(language) for language in WORDS}
    return made.__getitem__


def test_english_beside_english_is_measured_whole(of: Callable[[str], Reference]) -> None:
    found = measure_observed(seekers("en", of("en")), of("en"), seed=0).objectives
    assert all(one.measured.value is not None for one in found.values())
    assert found["behavioural_distance"].left_out == ("turns",)


@pytest.mark.parametrize(("ours", "theirs"), [("zh", "en"), ("en", "zh")])
def test_two_languages_are_not_measured_against_each_other(ours: str, theirs: str, of: Callable[[str], Reference]) -> None:
    # before languages were told, such a file stood at a distance of .8 from the humans, with an interval of no width
    observed = seekers(ours, of(theirs))
    found = measure_observed(observed, of(theirs), seed=0)
    for name in ("positive_bias", "diversity_gap", "behavioural_distance"):
        assert found.objectives[name].measured.value is None
        assert found.objectives[name].measured.reason.startswith("language: ")
    parts = found.objectives["behavioural_distance"].parts
    assert {name: parts[name].value for name in ("acts", "tokens", "classifier")} == dict.fromkeys(("acts", "tokens", "classifier"))
    assert found.objectives["data_leakage"].measured.value is not None  # copying is told in any script
    for name in ("accept_disliked", "over_acceptance", "item_agreement", "fidelity", "classifier_auc"):
        assert found.diagnostics[name].reason.startswith("language: ")
    assert (found.diagnostics["accept_disliked_human"].value is None) == (theirs == "zh")


def test_what_needs_no_language_is_measured_in_any_script(of: Callable[[str], Reference]) -> None:
    found = measure_observed(seekers("zh", of("zh")), of("zh"), seed=0).objectives
    assert found["positive_bias"].measured.value is None
    assert found["positive_bias"].measured.reason == "language: the dialogues are in zh (100%); the instrument reads en"
    for name, left_out in (("diversity_gap", "act_entropy"), ("behavioural_distance", "acts")):
        one = found[name]
        assert one.measured.value is not None
        assert one.measured.value < 0.35
        assert left_out in one.left_out
        assert one.parts[left_out].reason.startswith("language: ")
        assert len(one.replicates) > 0
    assert found["data_leakage"].measured.value is not None


def test_chinese_turns_have_tokens_and_copies_are_found(of: Callable[[str], Reference]) -> None:
    reference = of("zh")
    copied = behaviour("zh", 1).with_columns(dialogue_id=pl.format("x{}", "dialogue_id"), seeker_id=pl.format("x{}", "seeker_id"))
    nothing = pl.DataFrame(schema=FREE_DIALOGUES), pl.DataFrame(schema=FREE_TURNS)
    observed = observe(Simulated(reactions(copied), copied, *nothing), reference)
    assert observed.turns["n_tokens"].min() > 8
    assert observed.turns.filter(source="behaviour")["copied"].mean() == 1.0


def test_the_humans_own_figures_are_read_by_the_same_rule(of: Callable[[str], Reference]) -> None:
    sizes = {"per_stratum": 10, "behaviour": 20, "free": 5}
    found = {one.name: one for one in human_anchors(of("zh"), split="select", sizes=sizes, seed=0, n_halvings=2)}
    assert found["accept_disliked"].value is None
    assert found["accept_disliked"].reason.startswith("language: ")
    assert found["act_entropy"].value is None
    assert found["tokens_per_turn"].value is not None
    assert found["positive_bias"].floor is None
    assert found["behavioural_distance"].floor is not None
