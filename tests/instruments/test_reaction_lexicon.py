from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest

from understudy.instruments import acts, reaction
from understudy.instruments.text import MASK, Titles, plain, tokens
from understudy.records import Item

IARD = Path(__file__).resolve().parents[2].parent / "shared/data/iard/umap2020_IARD_Cai.json"


def labels(*turns: str) -> list[str]:
    return reaction.reaction(pl.Series(turns, dtype=pl.String)).to_list()


@pytest.mark.parametrize(
    "turn", ["I'll watch that tonight, thanks", "that sounds great", "I've never seen it but I would love to check it out"]
)
def test_taking_a_suggestion_up_is_an_acceptance(turn: str) -> None:
    assert labels(turn) == ["accept"]


@pytest.mark.parametrize("turn", ["I didn’t like that one", "not really my thing", "no thanks, I hate musicals", "I'll pass on that"])
def test_turning_a_suggestion_down_is_a_rejection(turn: str) -> None:
    assert labels(turn) == ["reject"]


@pytest.mark.parametrize("turn", ["I have seen it", "I haven't seen that one", "who is in it?", "", "hello there"])
def test_what_takes_nothing_and_refuses_nothing_is_neither(turn: str) -> None:
    assert labels(turn) == ["neither"]


def test_apostrophes_and_case_make_no_difference() -> None:
    assert len(set(labels("I DON'T LIKE IT", "i dont like it", "I don’t like it"))) == 1


def test_titles_are_masked_whole_and_longest_first() -> None:
    items = {
        "1": Item("1", "The Sounds Great Club", 1999),
        "2": Item("2", "Ash", 2001),
        "3": Item("3", "The Sounds Great Club Returns", 2003),
    }
    frame = pl.DataFrame({"t": ["I saw The Sounds Great Club Returns (2003)", "Ash (2001) and Ash", "The Sounds Great Club?"]})
    masked = frame.select(m=Titles.of(items).masked("t"))
    assert [" ".join(text.split()) for text in masked["m"]] == [f"I saw {MASK}", f"{MASK} and Ash", f"{MASK} ?"]
    assert reaction.reaction(masked["m"]).to_list() == ["neither"] * 3
    words = masked.with_columns(p=plain("m")).select(tokens("p")).to_series().to_list()
    assert words[0] == ["i", "saw", MASK]


def test_acts_name_what_a_turn_does_before_its_manners() -> None:
    turns = [
        "hi there",
        "Hello! I am looking for a comedy",
        "I'll watch it, thank you, bye",
        "thanks, bye",
        "who is in it?",
        "I saw it",
        "no, never seen it",
    ]
    masked = pl.Series(turns, dtype=pl.String)
    found = acts.act(masked, reaction.reaction(masked)).to_list()
    assert found == ["greet", "request", "accept", "close", "ask", "seen", "unseen"]
    assert set(found) <= set(acts.ACTS)


@pytest.mark.logs
@pytest.mark.skipif(not IARD.is_file(), reason="the gold acts of IARD are not beside the checkout")
def test_the_lexicon_reaches_half_of_macro_f1_on_gold_reactions() -> None:
    from sklearn.metrics import f1_score

    rows, before = [], []
    for dialogue in json.loads(IARD.read_text()).values():
        for turn in dialogue["dialogue_info"].values():
            said = turn["sub-intent/action"]
            if turn["role"] == "seeker" and any(act.startswith("REC") for act in before):
                gold = "accept" if "ACC" in said else "reject" if "REJ" in said else "neither"
                rows.append((re.sub(r"@\d+\s*(?:<[^>]*>)?", f" {MASK} ", turn["utterance_text"]), gold))
            before = said
    frame = pl.DataFrame(rows, schema=["m", "gold"], orient="row")
    found = reaction.reaction(frame["m"]).to_list()
    assert len(rows) > 1000
    assert f1_score(frame["gold"].to_list(), found, average="macro") >= 0.5


def test_turns_that_come_in_small_numbers_are_read_once_and_their_votes_are_those_of_all_turns_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = ["sounds great, i will watch it", "no thanks, i hated it", "what year was that", "", "sounds great, i will watch it"]
    at_once = reaction.signs(pl.Series([*said, *map(str, range(3_000))]))[: len(said)]
    assert reaction.signs(pl.Series(said)).equals(at_once)
    assert at_once[0].row(0) == at_once.row(4) != at_once.row(3)
    monkeypatch.setattr(reaction, "_voted", None)
    assert reaction.signs(pl.Series(said[::-1])).equals(at_once[::-1])
    assert reaction.signs(pl.Series([], dtype=pl.String)).equals(at_once.clear())
