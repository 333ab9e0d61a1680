"""The Amazon reader: items by parent_asin, star ratings in seconds with the text of the review, and no headline."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard

from understudy.errors import BadInput
from understudy.readers import Options, amazon
from understudy.records import Item, Rating, Record, Reject

EXAMPLE = Path(__file__).resolve().parents[2] / "examples/readers/amazon"


def review(**changes: Any) -> dict[str, Any]:
    """A small valid review."""
    written = {"title": "Headline", "text": "Sentence", "asin": "Y1", "helpful_vote": 0, "verified_purchase": True, "images": []}
    return {"rating": 4.0, "parent_asin": "X1", "user_id": "U1", "timestamp": 1_600_000_000_999, **written, **changes}


def meta(**changes: Any) -> dict[str, Any]:
    """A small valid item."""
    return {"parent_asin": "X1", "title": "Red Kite (1999)", "main_category": "Movies & TV", "categories": [], "details": {}, **changes}


def read(path: Path, *rows: Any) -> list[Record]:
    path.write_bytes(b"\n".join(one if isinstance(one, bytes) else json.dumps(one).encode() for one in rows))
    return list(amazon.read([path], Options()))


def test_the_example_in_numbers_counted_apart() -> None:
    found = amazon.find(EXAMPLE)
    assert [path.name for path in found] == ["meta_Quiet_Films.jsonl", "Quiet_Films.jsonl"]
    records = list(amazon.read(found, Options()))
    metas, reviews = ([json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] for path in found)
    assert [one.item_id for one in records if isinstance(one, Item)] == [one["parent_asin"] for one in metas if one["title"]]
    assert sum(isinstance(one, Reject) for one in records) == sum(not one["title"] for one in metas) == 2
    assert [(one.user_id, one.item_id, one.value, one.rated_at) for one in records if isinstance(one, Rating)] == [
        (one["user_id"], one["parent_asin"], one["rating"], one["timestamp"] // 1000) for one in reviews
    ]
    assert len(reviews) == 20


def test_the_text_of_a_review_is_kept_and_its_headline_is_not(tmp_path: Path) -> None:
    (rating,) = read(tmp_path / "Books.jsonl", review(text="Loved it.<br />All  of it"))
    assert rating == Rating("U1", "X1", 4.0, 1_600_000_000, "Loved it. All of it")
    assert "Headline" not in repr(rating)
    assert read(tmp_path / "Books.jsonl", review(text="")) == [Rating("U1", "X1", 4.0, 1_600_000_000)]


# with every field of the published schema of Movies_and_TV, and values of our own
PUBLISHED_FILM = {
    "main_category": "Prime Video", "title": "The Copper Ferry", "subtitle": "", "average_rating": 4.2, "rating_number": 311,
    "features": ["IMDb 7.1", "2017", "X-Ray", "HDR", "TV-14"], "description": ["A ferry", "of copper."], "price": 2.99,
    "images": [{"360w": "a", "480w": "b", "720w": "c", "1080w": "d", "1440w": "e", "1920w": "f", "variant": "MAIN"}],
    "videos": [{"title": "", "url": "", "user_id": ""}], "store": None, "categories": ["Suspense", "Drama"],
    "details": {"Content advisory": ["Violence"], "Audio languages": ["English"], "Directors": ["Orla Venn"]},
    "parent_asin": "X9", "bought_together": None, "author": None,
}  # fmt: skip
PUBLISHED_REVIEW = {
    "rating": 5.0, "title": "Five Stars", "text": "Amazing!<br />Watch it.", "images": [], "asin": "Y9", "parent_asin": "X9",
    "user_id": "AGGZ", "timestamp": 1_440_385_637_000, "helpful_vote": 0, "verified_purchase": True,
}  # fmt: skip


def test_records_of_the_published_schema_of_films(tmp_path: Path) -> None:
    (film,) = read(tmp_path / "meta_Movies_and_TV.jsonl", PUBLISHED_FILM)
    assert film == Item("X9", "The Copper Ferry", 2017, ("drama",), ("Orla Venn",), "A ferry of copper.")
    (rating,) = read(tmp_path / "Movies_and_TV.jsonl", PUBLISHED_REVIEW)
    assert rating == Rating("AGGZ", "X9", 5.0, 1_440_385_637, "Amazing! Watch it.")
    assert amazon.claims(tmp_path / "Movies_and_TV.jsonl")
    assert amazon.claims(tmp_path / "meta_Movies_and_TV.jsonl")


@pytest.mark.parametrize(
    ("changes", "item"),
    [
        ({}, Item("X1", "Red Kite", 1999, ("movies & tv",))),
        ({"categories": ["Movies & TV", "Comedy", "comedy"]}, Item("X1", "Red Kite", 1999, ("comedy",))),
        ({"categories": None, "main_category": None, "details": None}, Item("X1", "Red Kite", 1999)),
        (
            {"details": {"Director": "A B", "Actors": "C D, E F, Jr.;A B"}},
            Item("X1", "Red Kite", 1999, ("movies & tv",), ("A B", "C D", "E F, Jr.")),
        ),
        ({"details": {"Starring": ["C D (Actor)"]}}, Item("X1", "Red Kite", 1999, ("movies & tv",), ("C D",))),
        ({"details": '{"Director": "A B"}'}, Item("X1", "Red Kite", 1999, ("movies & tv",), ("A B",))),
        ({"author": {"name": "G H", "about": ["x"]}}, Item("X1", "Red Kite", 1999, ("movies & tv",), ("G H",))),
        ({"description": ["One <b>two</b>", "three."]}, Item("X1", "Red Kite", 1999, ("movies & tv",), (), "One two three.")),
        ({"description": [], "features": ["Four."]}, Item("X1", "Red Kite", 1999, ("movies & tv",), (), "Four.")),
        ({"title": "Kite", "features": ["IMDb 7", "2017"], "description": "A"}, Item("X1", "Kite", 2017, ("movies & tv",), (), "A")),
        # the year of the title stands above that of an edition; of two years none is known
        ({"features": ["2017"], "description": "A"}, Item("X1", "Red Kite", 1999, ("movies & tv",), (), "A")),
        ({"title": "Red Kite", "features": ["1999", "2017"], "description": "A"}, Item("X1", "Red Kite", None, ("movies & tv",), (), "A")),
    ],
)
def test_items(tmp_path: Path, changes: dict[str, Any], item: Item) -> None:
    assert read(tmp_path / "meta_Books.jsonl", meta(**changes)) == [item]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (b'{"rating": ', "not JSON"),
        (b"[1]", "not an object"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (review(user_id="a\0"), "NUL character"),
        (review(rating="4"), "rating: not a number"),
        (review(rating=True), "rating: not a number"),
        (review(rating=0), "rating: outside 1 to 5"),
        (review(rating=float("nan")), "rating: outside 1 to 5"),
        (review(rating=10**400), "rating: outside 1 to 5"),
        (review(user_id=None), "user_id: missing or not an identifier"),
        (review(parent_asin=""), "parent_asin: missing or not an identifier"),
        (review(timestamp="2020"), "timestamp: not milliseconds since 1970"),
        (review(timestamp=10**20), "timestamp: not milliseconds since 1970"),
        (review(text=["a"]), "text: not a text"),
    ],
)
def test_a_broken_review_is_a_reject_and_reading_goes_on(tmp_path: Path, broken: Any, reason: str) -> None:
    refused, rating = read(tmp_path / "Books.jsonl", broken, review(timestamp=None))
    assert isinstance(refused, Reject)
    assert refused.reason == reason
    assert rating == Rating("U1", "X1", 4.0, None, "Sentence")


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (meta(title=None), "an item without a name"),
        (meta(title=" "), "an item without a name"),
        (meta(parent_asin=None), "parent_asin: missing or not an identifier"),
        (meta(categories=[["a"]]), "categories: neither a text nor a list of texts"),
        (meta(details=[1]), "details: not an object"),
        (meta(details="x"), "not JSON"),
        (meta(details='{"Author": "a\\u0000"}'), "NUL character"),
        (meta(details={"Author": 3}), "Author: neither a text nor a list of texts"),
        (meta(description={"a": 1}), "description: neither a text nor a list of texts"),
    ],
)
def test_a_broken_item_is_a_reject_and_reading_goes_on(tmp_path: Path, broken: Any, reason: str) -> None:
    refused, item = read(tmp_path / "meta_Books.jsonl", broken, meta())
    assert isinstance(refused, Reject)
    assert refused.reason == reason
    assert isinstance(item, Item)


def test_items_stand_before_reviews_in_both_layouts(tmp_path: Path) -> None:
    (tmp_path / "Books.jsonl").write_text(json.dumps(review()))
    (tmp_path / "meta_Books.jsonl").write_text(json.dumps(meta()))
    assert [path.name for path in amazon.find(tmp_path / "Books.jsonl")] == ["meta_Books.jsonl", "Books.jsonl"]
    assert [path.name for path in amazon.find(tmp_path / "meta_Books.jsonl")] == ["meta_Books.jsonl"]
    archive = tmp_path / "archive"
    for part, name in (("meta", "meta_Books.jsonl"), ("review", "Books.jsonl")):
        (archive / f"raw/{part}_categories").mkdir(parents=True)
        (tmp_path / name).rename(archive / f"raw/{part}_categories/{name}")
    assert [path.name for path in amazon.find(archive)] == ["meta_Books.jsonl", "Books.jsonl"]


def test_what_is_not_of_the_format_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"asin": "Y1", "title": "x"}\n')
    (tmp_path / "empty.jsonl").write_bytes(b"\n")
    for path in (tmp_path, tmp_path / "a.jsonl", tmp_path / "empty.jsonl", tmp_path / "nowhere"):
        with pytest.raises(BadInput):
            amazon.find(path)


@pytest.mark.parametrize("ending", [".gz", ".zst"])
def test_packed_files_are_the_same(tmp_path: Path, ending: str) -> None:
    for name in ("meta_Quiet_Films.jsonl", "Quiet_Films.jsonl"):
        raw = (EXAMPLE / name).read_bytes()
        (tmp_path / f"{name}{ending}").write_bytes(gzip.compress(raw) if ending == ".gz" else zstandard.compress(raw))
    packed, plain = (list(amazon.read(amazon.find(folder), Options())) for folder in (tmp_path, EXAMPLE))
    # a reject names its file
    assert [one for one in packed if not isinstance(one, Reject)] == [one for one in plain if not isinstance(one, Reject)]
    assert len(packed) == len(plain)
