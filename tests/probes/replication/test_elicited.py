"""Opinions from logs in which an assistant asks for them: the answer to a question about one title, and nothing else."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.stored import on
from understudy.doors.store import Store
from understudy.probes import LoggedDialogue
from understudy.probes.replication.elicited import asks_for_an_opinion, opinions_in
from understudy.records import Item, Turn
from understudy.tasks.ingest.logs import ingest_logs
from understudy.tasks.studies.replicate_humans import ELICITS

ITEMS = {"a": Item("a", "The Amber Ferry", 1990), "b": Item("b", "Salt Harbour", 1991), "c": Item("c", "Undated Thing", None)}


def talk(*turns: tuple[str, str, tuple[str, ...]]) -> LoggedDialogue:
    role = {"A": "recommender", "U": "seeker"}
    return LoggedDialogue("d", "w", tuple(Turn(role[who], text, 1, items) for who, text, items in turns))  # type: ignore[arg-type]


def told(*turns: tuple[str, str, tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(one.item.label if one.item else "", one.text) for one in opinions_in([talk(*turns)], ITEMS)]


def test_an_answer_to_a_question_about_a_title_is_an_opinion_of_it() -> None:
    asked = ("A", "What do you like about The Amber Ferry?", ("a",))
    assert told(asked, ("U", "it was slow in a good way", ())) == [("The Amber Ferry (1990)", "it was slow in a good way")]
    named = ("U", "Salt Harbour is my favourite", ("b",))
    assert told(named, ("A", "oh, why did you enjoy it", ()), ("U", "the sea", ())) == [("Salt Harbour (1991)", "the sea")]


@pytest.mark.parametrize(
    "turns",
    [
        # a question for a name, of two titles, of one without a year, of nothing that was named, and one that nobody answers
        (("U", "Salt Harbour", ("b",)), ("A", "can you name another film that you like", ()), ("U", "Glass Tower", ())),
        (("A", "do you like The Amber Ferry or Salt Harbour", ("a", "b")), ("U", "the ferry one", ())),
        (("A", "what do you think of Undated Thing", ("c",)), ("U", "nothing much", ())),
        (("U", "I like dramas", ()), ("A", "what do you like about it", ()), ("U", "the talking", ())),
        (("A", "what do you like about The Amber Ferry", ("a",)),),
        (("A", "The Amber Ferry is on tonight", ("a",)), ("U", "good to know", ())),
    ],
)
def test_anything_else_is_none(turns: tuple[tuple[str, str, tuple[str, ...]], ...]) -> None:
    assert told(*turns) == []


@pytest.mark.parametrize(
    ("text", "does"),
    [
        ("What do you like about that movie?", True), ("did you enjoy it", True), ("why didn't you like it", True),
        ("what kind of movies do you like", False), ("Can you name a film you liked?", False), ("ok great", False),
        ("what other movies do you like", False),
    ],
)  # fmt: skip
def test_a_question_for_an_opinion_is_told_from_one_for_a_name(text: str, does: bool) -> None:
    assert asks_for_an_opinion(text) == does


def test_titles_are_looked_for_in_the_flat_form_which_has_no_annotations(tmp_path: Path) -> None:
    (tmp_path / "movies.csv").write_text('movieId,title,genres\n1,"The Amber Ferry (1990)",Drama\n2,"Salt Harbour (1991)",Drama\n')
    (tmp_path / "ratings.csv").write_text("userId,movieId,rating,timestamp\n1,1,4.0,1000\n1,2,3.0,1000\n")
    said = ["what movies do you like", "I love The Amber Ferry", "what do you like about it", "It has a slow river in it."]
    with (tmp_path / "ccpe.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["dialog_id", "utterance_index", "speaker", "text"])
        rows.writerows(["d", at, ("ASSISTANT", "USER")[at % 2], text] for at, text in enumerate(said))
    path = str(tmp_path / "s.duckdb")
    on(path, ingest_logs, "movielens", [str(tmp_path)], dataset="films")
    on(path, ingest_logs, "ccpe", [str(tmp_path / "ccpe.csv")], dataset="films")
    with Store.open(path) as store:
        turns = store.rows("ingest/turns", dataset="films")
        # ratings have no dialogues, so that what is there is of a log in which nobody recommends
        assert [row["reader"] for row in store.rows("ingest/dialogue_readers", dataset="films")] == [ELICITS]
    assert [row["item_ids"] for row in turns] == [[], ["1"], [], []]
