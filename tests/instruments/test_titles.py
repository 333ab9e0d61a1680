"""Titles named and not named: our labelled cases, and people's own messages with the labels taken off.

The cases were written before the instrument was mended and it was mended on them, so their figures are those of a development set.
The messages are the held-out side: what is known there is which film a message is linked to. Run with `-s` to see the figures.
"""

from __future__ import annotations

import csv
import random
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from understudy.instruments.disclosure import ItemIndex
from understudy.readers import Options, redial
from understudy.records import Dialogue, Item

HERE = Path(__file__).parent
REDIAL = HERE.parents[1].parent / "shared/data/redial"
PRECISION, RECALL = 0.88, 0.97
# a kind of one label only has a share of cases that must be right; hard ones stay in and are counted
SHARES = {"common": 0.65, "spelled": 0.9, "lower": 0.9, "capital": 0.9, "fuzzy": 0.9, "described": 1.0, "sequel": 1.0, "remake": 0.9}


def _rows(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def _item(row: dict[str, str]) -> Item:
    several = {name: tuple(part for part in (row[name] or "").split("|") if part) for name in ("aliases", "people", "genres")}
    return Item(row["id"], row["title"], int(row["year"]), plot=row["plot"] or "", **several)


@pytest.fixture(scope="module")
def judged() -> list[tuple[str, bool, bool]]:
    """Kind, whether the title is named, whether the instrument says so."""
    catalogue = ItemIndex({row["id"]: _item(row) for row in _rows("titles_catalogue.tsv")})
    return [(row["kind"], row["named"] == "yes", catalogue.names(row["target"], row["text"])) for row in _rows("titles_cases.tsv")]


def test_there_are_enough_cases_of_both_kinds_and_none_twice() -> None:
    cases = _rows("titles_cases.tsv")
    assert len(cases) >= 300
    assert min(Counter(row["named"] for row in cases).values()) >= 150
    assert {row["named"] for row in cases} == {"yes", "no"}
    assert len({(row["target"], row["text"]) for row in cases}) == len(cases)


ORDINARY = {
    "1": Item("1", "Signs", 2002, plot="strange signs appear in the fields, and signs of life"),
    "2": Item("2", "Signs of Rain", 1990, plot="signs"),
    "3": Item("3", "The Lodger", 1950, plot="the signs in the film and the original signs"),
}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("i liked the film signs", True),
        ("i liked the original film signs", True),
        ("some original film signs", False),
        ("oh signs, and signs of rain too", False),
        ("i saw signs of rain and then i saw signs", True),
    ],
)
def test_an_ordinary_word_in_small_letters_is_a_title_after_words_that_announce_one(text: str, named: bool) -> None:
    assert ItemIndex(ORDINARY).names("1", text) is named


def test_precision_and_recall_on_our_cases(judged: list[tuple[str, bool, bool]]) -> None:
    hits = Counter((named, said) for _, named, said in judged)
    precision = hits[True, True] / (hits[True, True] + hits[False, True])
    recall = hits[True, True] / (hits[True, True] + hits[True, False])
    print(f"\n{len(judged)} cases: precision {precision:.3f}, recall {recall:.3f}")
    for kind in sorted({one[0] for one in judged}):
        right = [named == said for name, named, said in judged if name == kind]
        print(f"{kind}: {sum(right)} of {len(right)} right")
        assert sum(right) / len(right) >= SHARES.get(kind, 0.9), kind
    assert precision >= PRECISION
    assert recall >= RECALL


@pytest.mark.logs
def test_titles_in_messages_of_people_without_their_labels() -> None:
    if not REDIAL.is_dir():
        pytest.skip("the ReDial logs are not here")
    paths = [REDIAL / "movies.json", REDIAL / "test_data.jsonl"]
    records = list(redial.read(paths, Options()))
    items = {one.item_id: one for one in records if isinstance(one, Item)}
    turns = [turn for one in records if isinstance(one, Dialogue) for turn in one.turns if turn.text]
    catalogue, rng = ItemIndex(items), random.Random(3)
    linked = [(name, turn.text) for turn in turns for name in turn.item_ids if items[name].year and items[name].label in turn.text]
    linked = rng.sample(linked, 1500)
    popular = [name for turn in turns for name in turn.item_ids]
    others = [(rng.choice(popular), turn) for turn in rng.sample(turns, 3000)]
    unlinked = [(name, turn.text) for name, turn in others if name not in turn.item_ids]

    forms: dict[str, Callable[[str], str]] = {"label": str, "bare": _bare, "lower": lambda text: _bare(text).lower()}
    found = {form: sum(catalogue.names(name, change(text)) for name, text in linked) / len(linked) for form, change in forms.items()}
    alarms = {form: sum(catalogue.names(name, change(text)) for name, text in unlinked) / len(unlinked) for form, change in forms.items()}
    print(f"\nfound {found}, false alarms {alarms}, n = {len(linked)}, {len(unlinked)}")
    assert found["label"] == 1.0
    assert found["bare"] >= 0.93
    assert found["lower"] >= 0.85
    assert max(alarms.values()) <= 0.002


def _bare(text: str) -> str:
    return re.sub(r"\s*\((?:19|20)\d\d\)", "", text)
