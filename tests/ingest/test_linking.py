"""Titles found in text: which phrases are titles, which item is meant, and how well that does on tagged logs with the tags removed."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.ingest.linking import linked
from understudy.readers import Options, redial
from understudy.records import Item

LOGS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "redial"
SCHEMA = {"dialogue_id": pl.String, "turn_index": pl.Int32, "text": pl.String}
ITEMS = [
    Item("1", "Loose Kettle", 2001),
    Item("2", "Loose Kettle Returns", 2004),
    Item("3", "Up", 2009),
    Item("4", "Amber Ferry", 1950),
    Item("5", "Amber Ferry", 1999),
    Item("6", "1984", 1956),
    Item("7", "Rosa", 1980),
    Item("8", "Señor Löwe's Café", 1970),
    Item("9", "The Quiet Lantern", 1962, aliases=("Die stille Laterne",), plot="They went up the hill to let a loose kettle cool."),
]


def links(*texts: str, items: list[Item] = ITEMS, popularity: dict[str, int] | None = None) -> list[list[str]]:
    """The items found in each of the turns of one dialogue."""
    turns = pl.DataFrame([("d", index, text) for index, text in enumerate(texts)], schema=SCHEMA, orient="row")
    found = {row[1]: row[2] for row in linked(turns, items, popularity=popularity or {}).iter_rows()}
    return [found.get(index, []) for index in range(len(texts))]


def test_the_longest_title_is_meant_and_neighbours_do_not_hide_each_other() -> None:
    assert links("Loose Kettle Returns, Loose Kettle and The Quiet Lantern") == [["2", "1", "9"]]
    assert links("Loose Kettle Rosa (1980) Loose Kettle") == [["1", "7"]]


def test_spelling_does_not_matter() -> None:
    assert links("i liked SEÑOR LÖWES CAFÉ") == links("Señor Löwe’s Café!") == [["8"]]
    assert links("we saw Die Stille Laterne") == [["9"]]


@pytest.mark.parametrize(
    "text", ["Up we went.", "what's up", "I gave up (and left)", "Rosa Miller is great in it", "I love Diego Rosa", "in 1984"]
)
def test_words_are_not_titles(text: str) -> None:
    assert links(text) == [[]]


@pytest.mark.parametrize(
    ("text", "item"), [("up (2009)", "3"), ('I saw "up" twice', "3"), ("we watched Up again", "3"), ("1984 (1956)", "6")]
)
def test_a_year_quotes_or_a_capital_inside_a_sentence_make_words_a_title(text: str, item: str) -> None:
    assert links(text) == [[item]]


def test_a_phrase_that_plots_use_is_a_title_in_capitals_alone() -> None:
    assert links("a loose kettle", "a Loose Kettle", "loose kettle (2001)") == [[], ["1"], ["1"]]
    without_plots = [item for item in ITEMS if not item.plot]
    assert links("an amber ferry", items=without_plots) == [[]]


def test_a_phrase_that_no_plot_uses_is_a_title_in_any_letters() -> None:
    assert links("the quiet lantern was fine") == [["9"]]


def test_what_people_write_in_capitals_is_a_title_in_small_letters_too() -> None:
    items = [Item("1", "Marzipan", 2001)]
    said = ["I saw Marzipan", "we like Marzipan", "so Marzipan it is", "marzipan again"]
    assert links(*said, items=items) == [["1"]] * 4
    assert links(said[0], "marzipan again", items=items) == [["1"], []]


def test_of_two_items_with_one_title_year_dialogue_and_popularity_decide_in_this_order() -> None:
    assert links("Amber Ferry (1999)", "Amber Ferry it is") == [["5"], ["5"]]
    assert links("Amber Ferry") == [[]]
    assert links("Amber Ferry", popularity={"4": 3, "5": 1}) == [["4"]]
    assert links("Amber Ferry (1999)", "and Amber Ferry", popularity={"4": 3}) == [["5"], ["5"]]


def test_nothing_to_find_is_nothing_found() -> None:
    assert links("hello", items=[]) == [[]]
    assert links() == []
    assert links("", "   ") == [[], []]


words = st.text(st.characters(codec="utf-8"), max_size=40)


@given(st.lists(words, max_size=5))
def test_any_text_can_be_searched(texts: list[str]) -> None:
    assert len(links(*texts)) == len(texts)


@given(words, words)
def test_a_dated_title_is_found_between_any_words(before: str, after: str) -> None:
    (found,) = links(f"{before} :: The Quiet Lantern (1962) :: {after}")
    assert "9" in found


# -- on ReDial's own mentions, with the ids removed --------------------------------------------------------------------


def mentions(name: str, items: dict[str, Item], written: Callable[[Item], str]) -> tuple[pl.DataFrame, dict[tuple[str, int], set[str]]]:
    """The turns of a file with every `@id` as a name, and the ids that stood there."""
    rows, gold = [], {}
    for line in (LOGS / name).open(encoding="utf-8"):
        record = json.loads(line)
        turns: list[tuple[int, str]] = []
        for message in record["messages"]:
            if turns and turns[-1][0] == message["senderWorkerId"]:
                turns[-1] = (turns[-1][0], f"{turns[-1][1]} {message['text']}")
            else:
                turns.append((message["senderWorkerId"], message["text"]))
        for index, (_, text) in enumerate(turns):
            ids = [one for one in re.findall(r"@(\d+)", text) if one in items]
            named = re.sub(r"@(\d+)", lambda match: written(items[match[1]]) if match[1] in items else "", text)
            rows.append((record["conversationId"], index, " ".join(named.split())))
            gold[record["conversationId"], index] = set(ids)
    return pl.DataFrame(rows, schema=SCHEMA, orient="row"), gold


def scores(found: pl.DataFrame, gold: dict[tuple[str, int], set[str]], name_of: Callable[[str], str]) -> tuple[float, float, int]:
    """Precision, recall and number of (turn, name) pairs; `name_of` tells which items count as the same."""
    ours = {(row[0], row[1]): {name_of(one) for one in row[2]} for row in found.iter_rows()}
    theirs = {turn: {name_of(one) for one in ids} for turn, ids in gold.items()}
    hits = sum(len(ours.get(turn, set()) & ids) for turn, ids in theirs.items())
    n_ours, n_theirs = sum(map(len, ours.values())), sum(map(len, theirs.values()))
    return hits / n_ours, hits / n_theirs, n_theirs


FORMS: dict[str, Callable[[Item], str]] = {
    "title and year": lambda item: item.label,
    "title": lambda item: item.title,
    "small letters": lambda item: item.title.lower(),
}
# on the test file; thresholds and popularity come from the train file. What people named without a tag counts against precision
LEAST = {"title and year": (0.90, 0.95), "title": (0.90, 0.90), "small letters": (0.85, 0.75)}


@pytest.mark.logs
@pytest.mark.skipif(not LOGS.is_dir(), reason=f"the human logs are not at {LOGS}")
@pytest.mark.parametrize("form", FORMS)
def test_titles_of_redial_are_found_again(form: str) -> None:
    items = {one.item_id: one for one in redial.read(redial.find(LOGS), Options()) if isinstance(one, Item)}
    train = Counter(re.findall(r"@(\d+)", (LOGS / "train_data.jsonl").read_text(encoding="utf-8")))
    turns, gold = mentions("test_data.jsonl", items, FORMS[form])
    found = linked(turns, list(items.values()), popularity=train)
    precision, recall, n = scores(found, gold, lambda item_id: items[item_id].title.casefold())
    exact = scores(found, gold, str)
    print(f"\n{form}: titles P {precision:.3f} R {recall:.3f}, items P {exact[0]:.3f} R {exact[1]:.3f}, n = {n}")
    assert precision >= LEAST[form][0]
    assert recall >= LEAST[form][1]
