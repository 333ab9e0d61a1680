"""What intervals draw: the people behind the dialogues where the logs name them; the figures themselves do not hang on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from understudy.measure.reference import Human, Reference
from understudy.measure.resampling import counted, speakers_of, units_of
from understudy.objectives import MODULES, Evaluation, measure_all
from understudy.objectives.diversity_gap import drawing_noise, rarefied_deviations
from understudy.statistics.distances import rarefied

SPEAKERS = {f"d{at}": f"s{at % 30}" for at in range(90)}
Named = Callable[[Human, pl.Expr], Human]


def named(human: Human, seeker: pl.Expr) -> Human:
    """The same humans under other names."""
    frames = {name: getattr(human, name).with_columns(seeker_id=seeker) for name in ("reactions", "behaviour", "turns")}
    return replace(human, **frames)


def test_units_are_speakers_where_they_are_known_and_twenty_at_least() -> None:
    found = units_of(SPEAKERS, SPEAKERS)
    assert (found.of, found.n, found.described()) == ("speaker", 30, "30 speakers")
    assert units_of(SPEAKERS, {name: f"s{at % 19}" for at, name in enumerate(SPEAKERS)}).described() == "90 dialogues"
    # a dialogue of nobody's is its own
    mixed = units_of(["7", *SPEAKERS], SPEAKERS)
    assert (mixed.names[:2], mixed.n) == (("7", "s0"), 31)


def test_all_dialogues_of_a_speaker_are_drawn_together() -> None:
    drawn = units_of(SPEAKERS, SPEAKERS).halves(seed=1)
    assert drawn[0].tolist() == [1.0] * 90
    assert set(drawn[1:].sum(axis=1)) == {45.0}
    assert np.array_equal(drawn[:, :30], drawn[:, 30:60])


def test_a_log_without_names_has_none() -> None:
    turns = pl.DataFrame({"dialogue_id": ["a", "b", "c", "d"], "seeker_id": ["w", "b", "dialogue:c", None]})
    assert speakers_of(turns) == {"a": "a"}


def test_what_is_drawn_does_not_hang_on_what_people_are_called() -> None:
    told = pl.DataFrame({"dialogue_id": ["c", "a", "d", "b"], "seeker_id": ["x", "x", "a", "a"]})
    assert speakers_of(told) == {"a": "a", "c": "a", "b": "b", "d": "b"}
    assert speakers_of(told.with_columns(pl.col("seeker_id").replace({"x": "one", "a": "two"}))) == speakers_of(told)


def test_a_rate_of_few_talkative_people_is_less_certain() -> None:
    frame = pl.DataFrame({"dialogue_id": [f"d{at}" for at in range(90) for _ in range(4)]})
    yes = pl.col("dialogue_id").replace_strict({name: int(who[1:]) < 10 for name, who in SPEAKERS.items()})
    by_people, by_dialogue = (counted(frame, yes, who).rate("") for who in (SPEAKERS, {}))
    assert by_people.value == by_dialogue.value == pytest.approx(1 / 3)
    assert by_people.hi - by_people.lo > 1.5 * (by_dialogue.hi - by_dialogue.lo)  # type: ignore[operator]


@pytest.fixture(scope="module")
def pair(world: dict[str, Any]) -> tuple[Evaluation, Evaluation]:
    """A simulator against humans of whom each seeker has always the same two minds, named, and the same without names."""
    human = world["humans"]()
    place = pl.col("dialogue_id").str.slice(1).cast(pl.Int64)
    # 40 people of four dialogues each: half of them always take what is put forward, some say the same words in every turn
    text = pl.when(place % 40 < 20).then(pl.lit("ok i'd love to see that one")).otherwise(pl.lit("never heard of it"))
    said = pl.when(place % 40 < 12).then(pl.lit("seven zebras, seven zebras, seven zebras")).otherwise("text")
    human = replace(
        human,
        reactions=human.reactions.with_columns(text=text),
        behaviour=human.behaviour.with_columns(text=said),
        turns=human.turns.with_columns(text=said),
    )
    people = [named(human, seeker) for seeker in (pl.format("w{}", place % 40), pl.col("dialogue_id"))]
    return tuple(measure_all(world["simulator"](), Reference.build(one, seed=3), seed=3) for one in people)  # type: ignore[return-value]


def test_the_unit_stands_under_the_value(pair: tuple[Evaluation, Evaluation]) -> None:
    by_people, by_dialogue = pair
    assert by_people.objectives["positive_bias"].as_json()["units"] == {"simulated": "40 speakers", "human": "40 speakers"}
    assert by_dialogue.objectives["diversity_gap"].as_json()["units"] == {"simulated": "60 dialogues", "human": "160 dialogues"}
    assert set(by_people.objectives) == {
        name for name, one in by_people.objectives.items() if set(one.unit_counts) == {"simulated", "human"}
    }


def test_names_change_intervals_and_no_value(pair: tuple[Evaluation, Evaluation]) -> None:
    by_people, by_dialogue = pair
    for name in MODULES:
        one, other = by_people.objectives[name], by_dialogue.objectives[name]
        if name != "data_leakage":  # what is another worker's text does hang on names
            assert one.measured.value == other.measured.value, name
            assert {part: found.value for part, found in one.signed.items()} == {part: found.value for part, found in other.signed.items()}
    bias, gap = "positive_bias", "diversity_gap"
    for name, part in ((bias, "disliked"), (bias, "unstated"), (gap, "self_similarity"), (gap, "distinct_2")):
        one, other = (side.objectives[name].signed[part] for side in pair)
        assert one.hi - one.lo > 1.1 * (other.hi - other.lo), part  # type: ignore[operator]


def test_distinct_2_is_as_uncertain_as_batches_of_it_differ(reference: Reference) -> None:
    corpus = reference.corpus
    batches = [corpus.rows(np.random.default_rng(at).permutation(corpus.n)[:60]) for at in range(12)]
    size = int(min(one.bigrams.sum() for one in batches))
    truth = np.std([np.log(rarefied(np.asarray(one.bigrams.sum(axis=0)).ravel(), size)) for one in batches]) / np.sqrt(1 - 60 / corpus.n)
    spreads = [rarefied_deviations(one, reference, size, seed=at).std() for at, one in enumerate(batches)]
    assert np.mean(spreads) == pytest.approx(truth, rel=0.3)


def test_the_mean_of_draws_keeps_their_noise() -> None:
    shares = [0.4, 0.42, 0.38, 0.41]
    assert drawing_noise(shares, seed=1).std() == pytest.approx(np.std(np.log(shares), ddof=1) / 2)
    assert not drawing_noise([0.4], seed=1).any()
