"""The shipped act instrument: made again from its file, read with what it was trained with, and better than the word lists."""

from __future__ import annotations

import polars as pl
import pytest

from tests.reactions import acts as training
from tests.reactions import labelled
from understudy.errors import BadInput
from understudy.instruments import chosen
from understudy.instruments.acts import ACTS
from understudy.instruments.chosen import LEXICON, Instruments
from understudy.instruments.shipped import acts

# as language models and as people say it, none of it from the labelled set
PLANTED = (
    ("That sounds perfect, I will definitely watch it tonight!", "accept"),
    ("ok ill check it out", "accept"),
    ("I appreciate the suggestion, but I'm not really interested in war films.", "reject"),
    ("not for me, too scary", "reject"),
    ("Yes, I have seen that one and I thought it was wonderful.", "seen"),
    ("I haven't seen it yet.", "unseen"),
    ("Who directed it?", "ask"),
    ("Can you recommend a good comedy for tonight?", "request"),
    ("hello there", "greet"),
    ("bye, have a nice day", "close"),
)


def test_what_is_planted_is_read_and_each_act_is_one_of_the_ten() -> None:
    read = Instruments(act=acts.tagger()).acts(pl.Series([text for text, _ in PLANTED])).to_list()
    assert set(read) <= set(ACTS)
    right = sum(one == act for one, (_, act) in zip(read, PLANTED, strict=True))
    assert right >= len(PLANTED) - 1, list(zip(read, PLANTED, strict=True))


def test_the_file_is_the_instrument_that_its_figures_are_of() -> None:
    found = acts.measured()
    assert found["instrument"] == acts.tagger().digest
    assert found["trained"] == training.trained(), "run tests/reactions/acts.py --write"
    human = found["registers"]["human"]
    assert round(sum(map(sum, human["confusion"]["matrix"]))) == human["confusion"]["n"]
    # nothing of IARD's text is published: every word is one of the labelled set that ships
    assert set(acts.tagger().words) <= set(training.fitted.vocabulary(training.taught()["masked"]))


def test_replies_of_a_model_that_it_was_not_trained_on_are_read_as_told_and_better_than_by_word_lists() -> None:
    turns = [one for one in labelled.of_test() if one["kind"] in training.ALLOWED and one["source"] == "qwen-1.5b"]
    masked = training.masked_of(turns)
    right = {}
    for name, instruments in (("both", Instruments(act=acts.tagger())), ("lexicon", LEXICON)):
        read = chosen.as_gold(instruments.acts(masked)).to_list()
        right[name] = sum(act in training.ALLOWED[one["kind"]] for act, one in zip(read, turns, strict=True)) / len(turns)
    told = acts.measured()["kinds"]["qwen-1.5b"]
    assert right == pytest.approx({name: told[name]["value"] for name in right})
    assert right["both"] > 2 * right["lexicon"]


def test_a_profile_of_another_version_of_it_is_refused() -> None:
    kept = chosen.kept_shipped()
    assert chosen.chosen(kept).kinds == {"reaction": "shipped", "act": "shipped"}
    with pytest.raises(BadInput, match="the act instrument 000000000000"):
        chosen.chosen({**kept, "act": {**kept["act"], "digest": "0" * 64}})
