"""MovieLens (GroupLens): films as a catalogue and ratings as preferences, in all three layouts; there are no dialogues in it.

CSV since ml-20m (`movies.csv`, `ratings.csv`), `::` in ml-1m and ml-10m (`movies.dat`, `ratings.dat`), ml-100k (`u.item`, `u.data`).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from understudy.doors import files
from understudy.errors import BadInput
from understudy.readers import Options
from understudy.readers._files import own_files
from understudy.readers._kit import Broken, Numbered, item_of, read_records, utf8
from understudy.records import Item, Rating, Record
from understudy.titles import tidy, titled

VERSION = 1
# GroupLens grants use for research and forbids redistribution: terms of its own, with which no release is made
LICENCE = "LicenseRef-MovieLens"
CARRIES = ("items", "ratings")
TAGGED = True
HOLDS = "MovieLens holds movies.csv and ratings.csv, movies.dat and ratings.dat, or u.item and u.data"

_NO_GENRES = {"(no genres listed)", "unknown", ""}
# the flags at the end of a line of u.item, in their order (u.genre)
_FLAGS = (
    "unknown", "action", "adventure", "animation", "children's", "comedy", "crime", "documentary", "drama", "fantasy", "film-noir",
    "horror", "musical", "mystery", "romance", "sci-fi", "thriller", "war", "western",
)  # fmt: skip
_YEAR = re.compile(r"\b(?:18|19|20)\d\d$")
_BRACKETED = re.compile(r"(?P<title>\S.*?)\s*\((?P<other>[^()]+)\)")
_ALSO = re.compile(r"^(?:a\.?\s?k\.?\s?a\.?|also known as)\s+", re.IGNORECASE)
_LEAST, _MOST = 0.5, 5.0


@dataclass(frozen=True, slots=True)
class _Layout:
    """The two files of a layout; `headers` are how the first lines of a CSV begin, which are no records."""

    films: str
    ratings: str
    separators: tuple[bytes, bytes]
    film: Callable[[bytes], Iterable[Record]]
    headers: tuple[bytes, bytes] = (b"", b"")

    def rated(self) -> re.Pattern[bytes]:
        """A line of the ratings; one pattern, since there may be 30 million of them."""
        apart = re.escape(self.separators[1])
        return re.compile(rb"(\d{1,18})" + apart + rb"(\d{1,18})" + apart + rb"(\d(?:\.\d{1,3})?)" + apart + rb"(\d{1,12})\s*")


def claims(path: Path) -> bool:
    """A file of one of the names whose first line is as the layout has it."""
    name, line = files.plain_name(path), files.head(path).split(b"\n", 1)[0].rstrip(b"\r")
    for layout in _LAYOUTS:
        if name == layout.films:
            return line.startswith(layout.headers[0]) if layout.headers[0] else line.count(layout.separators[0]) >= 2
        if name == layout.ratings:
            return line.startswith(layout.headers[1]) if layout.headers[1] else bool(layout.rated().fullmatch(line))
    return False


def find(path: Path) -> list[Path]:
    """The films, then the ratings, of the first layout that is there; beside a file of ratings its films. Raises BadInput."""
    wanted = [name for layout in _LAYOUTS for name in (layout.films, layout.ratings)]
    found = own_files(path, wanted, claims=claims, layout=HOLDS)
    layout = next(one for one in _LAYOUTS if {one.films, one.ratings} & {files.plain_name(file) for file in found})
    films = files.beside(path if path.is_dir() else path.parent, layout.films)
    ratings = [file for file in found if files.plain_name(file) == layout.ratings]
    return [*([films] if films and claims(films) else []), *ratings]


def read(paths: Sequence[Path], options: Options) -> Iterator[Record]:  # noqa: ARG001
    """An item or reject for each film, then a rating or reject for each line of ratings; nothing is held in memory."""
    for path in paths:
        name = files.plain_name(path)
        layout = next((one for one in _LAYOUTS if name in (one.films, one.ratings)), None)
        if layout is None:
            raise BadInput(f"{path} is not a MovieLens file", hint=HOLDS)
        if name == layout.films:
            yield from read_records(path, _without(layout.headers[0], path), layout.film)
        else:
            yield from read_records(path, _without(layout.headers[1], path), _ratings(layout))


def _without(header: bytes, path: Path) -> Numbered:
    lines = files.lines(path)
    if not header:
        return lines
    return ((number, line) for number, line in lines if number > 1 or not line.startswith(header))


def _ratings(layout: _Layout) -> Callable[[bytes], Iterable[Record]]:
    match = layout.rated().fullmatch

    def build(line: bytes) -> Iterable[Record]:
        found = match(line)
        if not found:
            utf8(line)  # says what is wrong with the bytes, where that is it
            raise Broken("not user, film, rating and time")
        user, film, value, at = found.groups()
        given = float(value)
        if not _LEAST <= given <= _MOST:
            raise Broken(f"a rating outside {_LEAST} to {_MOST:.0f}")
        return (Rating(user.decode(), film.decode(), given, int(at)),)

    return build


def _film_of_csv(line: bytes) -> Iterable[Record]:
    try:
        fields = next(csv.reader([utf8(line)], strict=True), [])
    except csv.Error:
        raise Broken("not comma-separated") from None
    if len(fields) != 3:
        raise Broken("not id, title and genres")
    return (_film(fields[0], fields[1], fields[2].split("|")),)


def _film_of_dat(line: bytes) -> Iterable[Record]:
    fields = _text(line).split("::")
    if len(fields) < 3:
        raise Broken("not id, title and genres")
    return (_film(fields[0], "::".join(fields[1:-1]), fields[-1].split("|")),)


def _film_of_item(line: bytes) -> Iterable[Record]:
    fields = _text(line).split("|")
    if len(fields) != 5 + len(_FLAGS):
        raise Broken(f"not {5 + len(_FLAGS)} fields")
    if any(flag not in ("0", "1") for flag in fields[5:]):
        raise Broken("a genre's flag that is not 0 or 1")
    if fields[1].strip() == "unknown":  # film 267 of ml-100k
        raise Broken("an item without a name")
    released = _YEAR.search(fields[2])
    genres = [genre for genre, flag in zip(_FLAGS, fields[5:], strict=True) if flag == "1"]
    return (_film(fields[0], fields[1], genres, year=int(released[0]) if released else None),)


def _text(line: bytes) -> str:
    """The line as UTF-8 where it is that (ml-10m), else as the Latin-1 of ml-1m and ml-100k, in which every byte is a letter."""
    try:
        return utf8(line)
    except Broken:
        if isinstance(line, files.TooLong) or b"\0" in line:
            raise
        return line.decode("latin-1").rstrip("\r\n")


def _film(film_id: str, name: str, genres: Iterable[str], *, year: int | None = None) -> Item:
    if not film_id.strip().isdecimal():
        raise Broken("a film without a number")
    whole, dated = titled(name)
    title, aliases = _other_titles(whole)
    return item_of(
        film_id.strip(),
        title,
        year=dated or year,
        genres=tuple(dict.fromkeys(one for genre in genres if (one := tidy(genre).lower()) not in _NO_GENRES)),
        aliases=aliases,
    )


def _other_titles(whole: str) -> tuple[str, tuple[str, ...]]:
    """The title before the brackets at its end, and what stands in them: `City of X, The (Cité d'X, La) (a.k.a. Y)`."""
    others: list[str] = []
    while found := _BRACKETED.fullmatch(whole):
        if found["title"].casefold().endswith(" or"):  # `Birdman: Or (The …)` is one title
            break
        whole = found["title"]
        others.insert(0, titled(_ALSO.sub("", tidy(found["other"]))).title)
    return whole, tuple(dict.fromkeys(other for other in others if other))


_LAYOUTS = (
    _Layout("movies.csv", "ratings.csv", (b",", b","), _film_of_csv, (b"movieId,title", b"userId,movieId,rating")),
    _Layout("movies.dat", "ratings.dat", (b"::", b"::"), _film_of_dat),
    _Layout("u.item", "u.data", (b"|", b"\t"), _film_of_item),
)
