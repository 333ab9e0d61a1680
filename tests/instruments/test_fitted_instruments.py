from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from tests.iard_gold import iard_turns
from understudy.errors import BadInput
from understudy.instruments import fitted, gold, reaction, validation
from understudy.instruments.acts import ACTS
from understudy.instruments.chosen import ANSWERS, LEXICON, Instruments, chosen
from understudy.instruments.fitted import Classifier
from understudy.instruments.text import MASK, Titles
from understudy.records import Item

IARD = Path(__file__).resolve().parents[2].parent / "shared/data/iard/umap2020_IARD_Cai.json"
TITLES = Titles.of({"1": Item("1", "The Paper Lantern", 1999), "2": Item("2", "Up", 2009)})
Turns = Callable[..., pl.DataFrame]


def answers(*said: str) -> pl.DataFrame:
    return pl.DataFrame({"answered": ["how about The Paper Lantern (1999)"] * len(said), "text": list(said)}, schema=ANSWERS)


def made(turns: pl.DataFrame) -> Instruments:
    return Instruments(fitted.fit_reaction(turns, TITLES), fitted.fit_acts(turns, TITLES))


def test_the_same_gold_in_another_order_gives_the_same_digest(gold_turns: Turns) -> None:
    turns = gold_turns()
    one, other = made(turns), made(turns.sample(fraction=1.0, shuffle=True, seed=5))
    assert one.digests == other.digests
    assert one.digest != LEXICON.digest


def test_other_gold_gives_another_digest(gold_turns: Turns) -> None:
    turns = gold_turns()
    changed = turns.with_columns(text=pl.col("text") + " zyzzogeton")
    assert made(turns).digests["reaction"] != made(changed).digests["reaction"]


def test_a_fitted_instrument_is_made_again_from_json(gold_turns: Turns) -> None:
    one = made(gold_turns())
    assert isinstance(one.reaction, Classifier)
    assert one.act is not None
    kept = json.loads(json.dumps({"reaction": one.reaction.as_json(), "act": one.act.as_json()}))
    again = chosen(kept)
    said = answers("i will watch it", "boring", "who is in it?", "hello there", "")
    assert again.digest == one.digest
    assert again.reactions(said, TITLES).equals(one.reactions(said, TITLES))
    assert again.acts(said["text"]).equals(one.acts(said["text"]))


def test_stop_tokens_and_farewells_are_neither_for_every_instrument(gold_turns: Turns) -> None:
    said = answers("[END]", "\\giveup", "TERMINATE", "Goodbye!", "Thanks for your help, bye")
    # gold in which such turns are acceptances, so that the fitted models have learnt it
    turns = gold_turns().with_columns(text=pl.when(pl.col("acts").list.contains("ACC")).then(pl.lit("goodbye [END]")).otherwise("text"))
    for instruments in (made(turns), LEXICON):
        assert instruments.reactions(said, TITLES).to_list() == ["neither"] * 5
        assert instruments.acts(said["text"].head(3)).to_list() == ["other"] * 3


@pytest.mark.parametrize("broken", ["idf", "coefficients", "words", "version"])
def test_json_that_does_not_fit_together_is_refused(gold_turns: Turns, broken: str) -> None:
    value = fitted.fit_reaction(gold_turns(), TITLES).as_json()
    value[broken] = 99 if broken == "version" else value[broken][1:]
    with pytest.raises(BadInput):
        fitted.Classifier.from_json(value)


def test_it_learns_what_the_gold_says(gold_turns: Turns) -> None:
    said = answers("ok adding it to my list", "too scary for me", "already watched that twice", "hello there", " ")
    instruments = made(gold_turns())
    assert instruments.reactions(said, TITLES).to_list() == ["accept", "reject", "neither", "neither", "neither"]
    acts = instruments.acts(said["text"]).to_list()
    assert acts == ["accept", "reject", "seen", "greet", "other"]
    assert set(acts) <= set(ACTS)


def test_one_class_alone_is_refused(gold_turns: Turns) -> None:
    turns = gold_turns().with_columns(acts=pl.lit(["ACC"]))
    with pytest.raises(BadInput, match="cannot be fitted"):
        fitted.fit_reaction(turns, TITLES)


def test_two_classes_are_told_apart(gold_turns: Turns) -> None:
    turns = gold_turns().filter(pl.col("acts").list.first().is_in(["ACC", "SEE", "REC-S"]))
    model = fitted.fit_reaction(turns, TITLES)
    assert model.classes == ("accept", "neither")
    assert model.predict(pl.Series(["i will watch it tonight", "i saw it last year"])).to_list() == ["accept", "neither"]


def test_no_turn_is_read_by_a_model_that_saw_its_dialogue(gold_turns: Turns) -> None:
    # a word of its own per dialogue, with labels that hang on the dialogue alone: nothing can be learned for another dialogue
    turns = gold_turns().filter(pl.col("role") == "seeker").with_columns(number=pl.col("dialogue_id").str.slice(1).cast(pl.Int64))
    coded = pl.when(pl.col("number") % 2 == 0).then(pl.lit(["ACC"])).otherwise(pl.lit(["REJ"]))
    alone = turns.with_columns(acts=coded, previous_acts=pl.lit(["REC-S"]), text=pl.format("word{}", pl.col("dialogue_id")))
    task = validation.tasks(alone, TITLES)["reaction"]
    assert validation.held_out(task, lambda turns: validation.fitted_to(task).predict(turns["masked"]))["macro_f1"]["value"] > 0.99
    assert validation.cross_validated(task)["macro_f1"]["value"] < 0.7


def test_dialogues_of_other_codes_are_no_gold(gold_turns: Turns) -> None:
    turns = gold_turns(4)
    foreign = turns.with_columns(acts=pl.when(pl.col("dialogue_id") == "d0").then(pl.lit(["REVEAL"])).otherwise(pl.col("acts")))
    assert set(gold.known(foreign)["dialogue_id"]) == {"d1", "d2", "d3"}


def test_a_turn_with_both_is_an_acceptance_and_only_answers_are_reactions() -> None:
    rows = [("d", "search", "seeker", "x", "a", 2, ["REJ", "ACC"], ["REC-E"]), ("d", "search", "seeker", "y", "b", 4, ["ACC"], ["REQ"])]
    order = ["dialogue_id", "split", "role", "answered", "text", "turn_index", "acts", "previous_acts"]
    turns = pl.DataFrame(rows, schema=order, orient="row")
    assert gold.reactions(turns).rows() == [("d", "search", "x", "a", "accept")]
    assert gold.acts(turns)["truth"].to_list() == ["accept", "accept"]


def test_every_act_of_gold_is_an_act_of_ours() -> None:
    assert set(gold.GOLD_ACTS) <= set(ACTS)


@pytest.mark.parametrize(
    ("turn", "masked"),
    [
        ('I liked "up" a lot', f"I liked {MASK} a lot"),
        ("have you seen “UP”?", f"have you seen {MASK} ?"),
        ('"Sounds Great" was fine', f"{MASK} was fine"),
        ("I saw 'The Great Nothing' once", f"I saw {MASK} once"),
        ('something "scary" please', 'something "scary" please'),
        ("I'll see it, 'cause I'm bored", "I'll see it, 'cause I'm bored"),
        ('"Up (2009)" it is', f"{MASK} it is"),
    ],
)
def test_titles_in_quotes_are_masked(turn: str, masked: str) -> None:
    found = pl.DataFrame({"t": [turn]}).select(TITLES.masked("t")).item()
    assert " ".join(found.split()) == masked


@pytest.mark.logs
@pytest.mark.skipif(not IARD.is_file(), reason="the gold acts of IARD are not beside the checkout")
def test_the_fitted_instruments_reach_what_is_asked_on_iard() -> None:
    turns, titles = iard_turns(IARD)
    work = validation.tasks(gold.known(turns), titles)
    assert (len(work["reaction"].turns), work["reaction"].turns["dialogue_id"].n_unique()) == (1254, 336)
    found = {name: validation.cross_validated(task, n_folds=10) for name, task in work.items()}
    words = validation.cross_validated(work["reaction"], signs=False, n_folds=10)
    told, alone = found["reaction"]["macro_f1"], words["macro_f1"]
    assert told["value"] >= 0.75
    assert told["ci"][0] >= 0.72
    assert found["reaction"]["per_class"]["reject"]["f1"] >= 0.60
    # without the lexicon's signs, which were written with such turns in view, it holds as well
    assert alone["value"] >= 0.75
    assert alone["ci"][0] >= 0.72
    for name, task in work.items():
        majority = validation.majority(task)["macro_f1"]["value"]
        lexicon = validation.held_out(task, validation.read_as(task, LEXICON))["macro_f1"]["value"]
        assert majority < lexicon < found[name]["macro_f1"]["value"]
    assert set(found["reaction"]["per_class"]) == set(reaction.CLASSES)
