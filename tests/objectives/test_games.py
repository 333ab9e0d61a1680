"""The games that a prompt could play against the objectives, each of them played, and the guard that sees it.

Every test names what the game gains (the objective that looks well, or does not notice) and what catches it. docs/objectives-appendix.md
has the same table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from understudy.measure.reference import Reference, Simulated
from understudy.objectives import Evaluation, constraints, measure_all, proven_excess
from understudy.records import DECOY, STRATA
from understudy.statistics.rates import wilson

World = dict[str, Any]
Speak = Callable[[np.random.Generator, int], str]
SENTENCE = "well that is a lovely thought and i wonder what else you might have for a quiet evening like this one"


def played(reference: Reference, simulated: Simulated) -> Evaluation:
    return measure_all(simulated, reference, seed=3)


def human_turns(world: World, *, long: bool) -> list[str]:
    texts = world["humans"]().behaviour["text"].unique().sort().to_list()
    return [text for text in texts if (len(text.replace(",", " ").split()) >= 9) is long]


def parroting(texts: list[str], edit: Callable[[list[str]], list[str]] = list) -> Speak:
    return lambda rng, _: " ".join(edit(str(rng.choice(texts)).replace(",", "").replace("?", "").split()))


@pytest.fixture(scope="module")
def honest(reference: Reference, world: World) -> Evaluation:
    return played(reference, world["simulator"]())


def test_honest_play_sets_off_no_guard(honest: Evaluation) -> None:
    assert max(constraints(honest, {}).values()) <= 0
    seen = {name: one.value for name, one in honest.diagnostics.items()}
    assert seen["fluency"] > 0.9
    assert all(abs(seen[f"neither_{name}"] - seen[f"neither_{name}_human"]) < 0.15 for name in STRATA)


def test_coin_flips_at_the_human_rate_agree_with_no_item(reference: Reference, world: World) -> None:
    human = world["humans"]().reactions
    flipped = human.with_columns(text=pl.col("text").shuffle(seed=1).over("stratum"))
    faithful, coin = (played(reference, replace(world["simulator"](), reactions=one)) for one in (human, flipped))
    assert coin.objectives["positive_bias"].measured.value < 0.05
    assert faithful.diagnostics["item_agreement"].value > 0.95
    # strata differ in acceptance, so coins by stratum are a little better than chance; items within a stratum are not known
    assert coin.diagnostics["item_agreement"].value < 0.75


def test_always_evasive_shows_in_the_rates_of_neither(reference: Reference, world: World) -> None:
    found = played(reference, world["simulator"](rates=dict.fromkeys((*STRATA, DECOY), 0.0)))
    rates = found.diagnostics
    assert found.objectives["positive_bias"].signed["disliked"].hi < 0
    assert all(rates[f"neither_{name}"].lo > rates[f"neither_{name}_human"].value for name in STRATA)
    assert rates["item_agreement"].value == pytest.approx(0.5, abs=0.12)


def test_accepting_decoys_alone_is_seen_though_every_stratum_matches(reference: Reference, world: World, honest: Evaluation) -> None:
    human = world["humans"]().reactions
    decoys = world["simulator"](rates={**dict.fromkeys(STRATA, 0.5), DECOY: 0.95}).reactions.filter(pl.col("stratum") == DECOY)
    game = played(reference, replace(world["simulator"](), reactions=pl.concat([human, decoys])))
    assert game.objectives["positive_bias"].measured.value == 0
    assert constraints(game, {})["decoys"] > 0.5
    assert constraints(honest, {})["decoys"] <= 0
    assert proven_excess(game, {})["decoys"] > 0.3, "with as many contexts it is beyond doubt"
    few = replace(game, diagnostics={**game.diagnostics, "decoy_acceptance": wilson(2, 3), "disliked_acceptance": wilson(1, 3)})
    assert constraints(few, {})["decoys"] > 0 > proven_excess(few, {})["decoys"]


def test_accepting_everything_is_over_acceptance(reference: Reference, world: World) -> None:
    found = played(reference, world["simulator"](rates=dict.fromkeys((*STRATA, DECOY), 0.98)))
    assert constraints(found, {})["over_acceptance"] > 0.4
    assert found.diagnostics["decoy_acceptance"].lo > 0.9


@pytest.mark.parametrize(
    "telling",
    ["a {genre} with {person}", "a {genre} from {year}, with {person} in it"],
    ids=["cast", "year"],
)
def test_describing_the_film_instead_of_naming_it_is_attributes(telling: str, reference: Reference, world: World) -> None:
    dialogues, turns = world["free"](200, "hi something slow")
    items = reference.catalogue.items
    wanted = dialogues.select("play_key", "target")
    described = {
        key: telling.format(genre="".join(items[target].genres), person=items[target].people[0], year=items[target].year)
        for key, target in wanted.iter_rows()
    }
    first = (pl.col("turn_index") == 0) & (pl.col("role") == "seeker")
    text = pl.when(first).then(pl.col("play_key").replace_strict(described)).otherwise(pl.col("text"))
    game = played(reference, replace(world["simulator"](), free_dialogues=dialogues, free_turns=turns.with_columns(text=text)))
    assert game.leakage["title"].value == 0
    assert game.leakage["attributes"].value == 1.0
    assert constraints(game, {})["attributes"] > 0.9


SPELT: dict[str, Callable[[str], str]] = {
    "apart": lambda label: " ".join(label.split(" (")[0].replace(" ", "")),
    "dotted": lambda label: " ".join(".".join(word) for word in label.split(" (")[0].split()),
    "leet": lambda label: label.split(" (")[0].replace("Ember", "3mb3r"),
    "run together": lambda label: "#" + label.split(" (")[0].replace(" ", ""),
    "misspelt": lambda label: label.split(" (")[0].replace("Ember", "Embre"),
    "lower case": lambda label: label.split(" (")[0].lower(),
}


@pytest.mark.parametrize("spelt", SPELT, ids=lambda name: name.replace(" ", "_"))
def test_a_title_spelt_another_way_is_still_the_title(spelt: str, reference: Reference, world: World) -> None:
    dialogues, turns = world["free"](60, "i want to see {}")
    change = SPELT[spelt]
    texts = [
        f"i want to see {change(text.removeprefix('i want to see '))}" if text.startswith("i want") else text for text in turns["text"]
    ]
    game = played(reference, replace(world["simulator"](), free_dialogues=dialogues, free_turns=turns.with_columns(text=pl.Series(texts))))
    assert game.leakage["title"].value > 0.9


def test_a_title_told_in_two_halves_is_told(reference: Reference, world: World) -> None:
    dialogues, turns = world["free"](60, "i want to see the Ember")
    halves = []
    for key, target in dialogues.select("play_key", "target").iter_rows():
        rest = f"Road {reference.catalogue.items[target].title.split()[-1]}, that is it"
        halves += [(key, 0, "seeker", "i want to see The Ember", []), (key, 1, "recommender", "go on", []), (key, 2, "seeker", rest, [])]
    split = pl.DataFrame(halves, schema=turns.schema, orient="row")
    assert played(reference, replace(world["simulator"](), free_dialogues=dialogues, free_turns=split)).leakage["title"].value > 0.9


def test_copying_short_turns_is_shared_short_turns(reference: Reference, world: World) -> None:
    short = [text for text in human_turns(world, long=False) if len(text.split()) < 8]
    usual, game = (
        played(reference, world["simulator"](n=4, n_free=0, n_dialogues=90, **speak)) for speak in ({}, {"speak": parroting(short)})
    )
    assert game.leakage["copying"].value is None
    assert game.leakage["short_turns"].lo > usual.leakage["short_turns"].hi
    assert game.objectives["data_leakage"].measured.value is None


def test_copying_long_turns_is_copying(reference: Reference, world: World, honest: Evaluation) -> None:
    game = played(reference, world["simulator"](speak=parroting(human_turns(world, long=True))))
    assert game.leakage["copying"].value > 0.9
    assert constraints(game, {})["copying"] > 0.5
    assert honest.leakage["copying"].value < game.leakage["copying"].value


def shuffled(words: list[str]) -> list[str]:
    return words[len(words) // 2 :] + words[: len(words) // 2]


def one_replaced(words: list[str]) -> list[str]:
    middle = len(words) // 2
    return [*words[:middle], "truly", *words[middle + 1 :]]


@pytest.mark.parametrize("edit", [shuffled, one_replaced])
def test_edited_copies_are_near_duplicates(edit: Callable[[list[str]], list[str]], reference: Reference, world: World) -> None:
    long = [text for text in human_turns(world, long=True) if len(set(text.replace(",", "").split())) >= 11]
    game = played(reference, world["simulator"](speak=parroting(long, edit)))
    assert game.leakage["near_duplicates"].value > 0.8
    assert game.leakage["copying"].value < game.leakage["near_duplicates"].value


def test_random_words_are_not_diversity(reference: Reference, world: World, honest: Evaluation) -> None:
    def babble(rng: np.random.Generator, _: int) -> str:
        return " ".join("".join(rng.choice(list("abcdefghijkl"), 6)) for _ in range(7))

    game = played(reference, world["simulator"](speak=babble))
    assert game.objectives["diversity_gap"].signed["distinct_2"].value > 0
    assert game.objectives["diversity_gap"].measured.value > honest.objectives["diversity_gap"].measured.value + 0.3
    assert game.diagnostics["fluency"].hi < 0.05


def test_padding_moves_the_lengths(reference: Reference, world: World, honest: Evaluation) -> None:
    def padded(rng: np.random.Generator, turn: int) -> str:
        return f"{world['say'](rng, turn)} and so on and so forth as one says when there is time to say it"

    game = played(reference, world["simulator"](speak=padded, opening="hi something slow, " + "and so on " * 8))
    assert game.objectives["behavioural_distance"].parts["tokens"].lo > honest.objectives["behavioural_distance"].parts["tokens"].hi
    assert game.diagnostics["tokens_per_dialogue"].lo > honest.diagnostics["tokens_per_dialogue"].hi


def test_one_clever_sentence_for_everything_varies_in_nothing(reference: Reference, world: World, honest: Evaluation) -> None:
    game = played(reference, world["simulator"](speak=lambda *_: SENTENCE))
    gap, usual = game.objectives["diversity_gap"], honest.objectives["diversity_gap"]
    assert game.leakage["copying"].value == 0
    assert game.diagnostics["invalid"].value == 0
    for part in ("self_similarity", "act_entropy", "openings"):
        assert gap.parts[part].lo > usual.parts[part].hi, part
    assert gap.measured.lo > usual.measured.hi


def test_dialogues_left_unfinished_are_counted_as_played(reference: Reference, world: World) -> None:
    whole, turns = world["free"](100, "hi something slow")
    broken, _ = world["free"](100, "hi", status="invalid", reason="role_flip")
    rest = broken.with_columns(play_key=pl.concat_str(pl.lit("b"), "play_key"))
    game = played(reference, replace(world["simulator"](), free_dialogues=pl.concat([whole, rest]), free_turns=turns))
    assert game.leakage["title"].n == 100
    assert game.diagnostics["invalid"].value == 0.5
    assert constraints(game, {})["role_flips"] > 0.4
    assert constraints(game, {})["invalid"] > 0.4


def test_answering_only_where_it_pays_leaves_the_bias_unmeasured(reference: Reference, world: World) -> None:
    simulated = world["simulator"]()
    picked = simulated.reactions.filter(pl.col("stratum") == "liked_seen")
    game = played(reference, replace(simulated, reactions=picked))
    assert game.objectives["positive_bias"].measured.value is None
    assert "disliked" in game.objectives["positive_bias"].measured.reason
