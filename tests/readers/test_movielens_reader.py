"""The MovieLens reader: three layouts, titles in one form with their other names, ratings streamed."""

from __future__ import annotations

import csv
import gzip
import tracemalloc
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from understudy.errors import BadInput, GateFailed
from understudy.readers import Options, movielens
from understudy.records import Item, Rating, Record, Reject
from understudy.release import licences

EXAMPLE = Path(__file__).resolve().parents[2] / "examples/readers/movielens"
HEADER = "userId,movieId,rating,timestamp\n"


def read(path: Path) -> list[Record]:
    return list(movielens.read(movielens.find(path), Options()))


def items(records: list[Record]) -> dict[str, Item]:
    return {one.item_id: one for one in records if isinstance(one, Item)}


def films(folder: Path, *lines: str) -> list[Record]:
    (folder / "movies.csv").write_text("movieId,title,genres\n" + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return read(folder)


def test_the_example_in_numbers_counted_apart() -> None:
    records = read(EXAMPLE)
    with (EXAMPLE / "movies.csv").open(encoding="utf-8", newline="") as stream:
        named = list(csv.DictReader(stream))
    with (EXAMPLE / "ratings.csv").open(encoding="utf-8", newline="") as stream:
        rated = list(csv.DictReader(stream))
    assert set(items(records)) == {one["movieId"] for one in named}
    assert len(named) == 10
    ratings = [one for one in records if isinstance(one, Rating)]
    assert [(one.user_id, one.item_id, one.value, one.rated_at) for one in ratings] == [
        (one["userId"], one["movieId"], float(one["rating"]), int(one["timestamp"])) for one in rated
    ]
    assert len(ratings) == 20
    assert not [one for one in records if isinstance(one, Reject)]


@pytest.mark.parametrize(("folder", "n_items", "n_ratings", "n_rejects"), [("ml-1m", 4, 8, 0), ("ml-100k", 3, 6, 1)])
def test_the_older_layouts_are_latin_1(folder: str, n_items: int, n_ratings: int, n_rejects: int) -> None:
    records = read(EXAMPLE / folder)
    assert Counter(type(one) for one in records) == Counter({Item: n_items, Rating: n_ratings, Reject: n_rejects})
    assert items(records)["3"].aliases == ("La Cité des cloches muettes",)
    if folder == "ml-100k":
        assert items(records)["3"].genres == ("adventure", "fantasy")
        assert (items(records)["5"].year, items(records)["5"].genres) == (1999, ())


def test_every_byte_is_a_letter_in_the_older_layout(tmp_path: Path) -> None:
    (tmp_path / "movies.dat").write_bytes(b"1::Mod\xe8le, Le (1999)::War\n")
    assert items(read(tmp_path))["1"].title == "Le Modèle"


def test_a_genre_of_the_oldest_layout_is_flagged_by_0_or_1(tmp_path: Path) -> None:
    flags = ["0"] * 19
    lines = ["|".join(["1", "A (1999)", "", "", "", *flags]), "|".join(["2", "B (2001)", "", "", "", "2", *flags[1:]])]
    (tmp_path / "u.item").write_text("\n".join(lines) + "\n", encoding="latin-1")
    film, refused = read(tmp_path)
    assert isinstance(film, Item)
    assert isinstance(refused, Reject)
    assert refused.reason == "a genre's flag that is not 0 or 1"


def test_utf_8_in_the_older_layout_is_read_as_that(tmp_path: Path) -> None:
    (tmp_path / "movies.dat").write_text("1::Café Nord (1999)::Drama|Children's\n2::A::B (2001)::War\n", encoding="utf-8")
    found = items(read(tmp_path))
    assert (found["1"].title, found["1"].genres) == ("Café Nord", ("drama", "children's"))
    assert found["2"].title == "A::B"


@pytest.mark.parametrize(
    ("name", "title", "year", "aliases"),
    [
        ('"American Lantern, The (1995)"', "The American Lantern", 1995, ()),
        ('"City of X, The (Cité d\'X, La) (1995)"', "The City of X", 1995, ("La Cité d'X",)),
        ("Red Kite (a.k.a. Kite) (Milan rouge) (1971)", "Red Kite", 1971, ("Kite", "Milan rouge")),
        ("(9) Nights of Rain (2009)", "(9) Nights of Rain", 2009, ()),
        ("Moth: Or (The Unlikely Lamp) (2014)", "Moth: Or (The Unlikely Lamp)", 2014, ()),
        ("Loose Kettle", "Loose Kettle", None, ()),
        ("Salt &amp;  Ledger (2001) ", "Salt & Ledger", 2001, ()),
        ('"The ""Quiet"" Room (1999)"', 'The "Quiet" Room', 1999, ()),
    ],
)
def test_titles(tmp_path: Path, name: str, title: str, year: int | None, aliases: tuple[str, ...]) -> None:
    (item,) = items(films(tmp_path, f"4,{name},Drama|(no genres listed)")).values()
    assert item == Item("4", title, year, ("drama",), aliases=aliases)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"1,2,4.0", "not user, film, rating and time"),
        (b"1,2,nan,5", "not user, film, rating and time"),
        (b"a,2,4.0,5", "not user, film, rating and time"),
        (b"1,2,9,5", "a rating outside 0.5 to 5"),
        (b"1,2,0,5", "a rating outside 0.5 to 5"),
        (b"1,2,4.0,5\0", "NUL character"),
        (b"1,2,\xff,5", "not UTF-8"),
        (b"1,2,4.0," + b"5" * 2000, "a line of more than 500 bytes"),
    ],
)
def test_a_broken_rating_is_a_reject_and_reading_goes_on(
    tmp_path: Path, longest_line: Callable[[int], None], line: bytes, reason: str
) -> None:
    longest_line(500)
    (tmp_path / "ratings.csv").write_bytes(HEADER.encode() + line + b"\n3,4,2.5,77\n")
    refused, rating = read(tmp_path)
    assert isinstance(refused, Reject)
    assert (refused.reason, refused.record) == (reason, 2)
    assert rating == Rating("3", "4", 2.5, 77)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1,A", "not id, title and genres"),
        ("1,A,B,C", "not id, title and genres"),
        ("x,A,B", "a film without a number"),
        ("1,  ,B", "an item without a name"),
        ('1,"A,B', "not comma-separated"),
        ("1,A\0,B", "NUL character"),
    ],
)
def test_a_broken_film_is_a_reject_and_reading_goes_on(tmp_path: Path, line: str, reason: str) -> None:
    refused, film = films(tmp_path, line, "2,Red Kite (1999),War")
    assert isinstance(refused, Reject)
    assert refused.reason == reason
    assert isinstance(film, Item)


def test_files_are_found_together_and_others_are_refused(tmp_path: Path) -> None:
    assert [path.name for path in movielens.find(EXAMPLE / "ratings.csv")] == ["movies.csv", "ratings.csv"]
    assert [path.name for path in movielens.find(EXAMPLE / "movies.csv")] == ["movies.csv"]
    (tmp_path / "ratings.csv").write_text("user,stars\n1,2\n")
    (tmp_path / "u.data").write_bytes(b"")
    for path in (tmp_path, tmp_path / "ratings.csv", tmp_path / "u.data", tmp_path / "nowhere"):
        with pytest.raises(BadInput):
            movielens.find(path)


@pytest.mark.parametrize("ending", [".gz", ".zst"])
def test_packed_files_are_the_same(tmp_path: Path, ending: str) -> None:
    for name in ("movies.csv", "ratings.csv"):
        raw = (EXAMPLE / name).read_bytes()
        (tmp_path / f"{name}{ending}").write_bytes(gzip.compress(raw) if ending == ".gz" else zstandard.compress(raw))
    assert read(tmp_path) == read(EXAMPLE)


def test_ratings_are_streamed(tmp_path: Path) -> None:
    (tmp_path / "ratings.csv").write_text(HEADER + "".join(f"{n},{n % 97},3.5,{n}\n" for n in range(60_000)))
    found = movielens.find(tmp_path)
    tracemalloc.start()
    n_ratings = sum(isinstance(one, Rating) for one in movielens.read(found, Options()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert n_ratings == 60_000
    assert peak < 1_000_000  # held at once they would be more than 10 MB


def test_the_licence_allows_no_release() -> None:
    with pytest.raises(GateFailed):
        licences.strictest([movielens.LICENCE])


def test_a_file_of_another_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tags.csv").write_text("userId,movieId,tag\n")
    with pytest.raises(BadInput, match="not a MovieLens file"):
        list(movielens.read([tmp_path / "tags.csv"], Options()))
