"""Whether a text names a title: in which words it stands there, and whether they mean the title or are ordinary words.

Text and titles are compared without case, accents, apostrophes and spaces between words, so that `PulpFiction`, `p u l p`,
`pulp f1ction` and `pulp ficton` are found. What was found counts where something says that it is a name: a mark (quotes, year,
link, spelling), its own capitals, a word before it such as `watch` or `called`, or that hardly anybody would say it otherwise.
What people say in ordinary words is taken from the plots of the catalogue.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from understudy.instruments.spelling import Text, Word, apart, read
from understudy.records import Item

VERSION = 1
_NEAR = 80.0  # partial ratio of rapidfuzz on letters alone, 0 to 100: below it no spelling of the title is there
_EDITS = ((22, 3), (15, 2), (8, 1))  # letters of a title, and how many may be wrong
_SPELLED = 3  # single letters in a row that are one word
_ORDINARY_PLOTS = 2000  # a word is ordinary when one plot in so many has it in lower case, and at least one
_QUOTES = "\"'“”‘’«»*_"
_LETTERS = re.compile(r"[^\W\d_]+")
_YEAR = re.compile(r"(?:18|19|20)\d\d")
_SEQUELS = {*"23456789", "ii", "iii", "iv", "v", "vi", "vii"}
_ARTICLES = {"the", "a", "an"}


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


_FUNCTION = _listed(
    "a an the and or but if of in on at to for from by with as is are was were be been it its he she him her his hers they "
    "them their we us our you your i me my mine this that these those who what when where why how not no yes up down out "
    "off over so do does did can could will would should may might must have has had am there here then than too very just "
    "about all any some one"
)
_CUES = _listed(
    "watch watched watches watching rewatch rewatched see sees seen saw seeing called named titled like liked likes love "
    "loved loves enjoy enjoyed want wants wanted movie film recommend recommended prefer adore adored hate hated suggest "
    "maybe"
)
_BETWEEN = {"movie", "film", "first", "original"}
_PLACED = {"in", "from", "at", "near", "with"}
_OWNED = {"my", "your", "his", "her", "its", "our", "their", "a", "an", "this", "that", "some", "any", "such"}
_NOUNS = _listed("movie movies film films story stories flick flicks type kind show series fan fans suits invasion scene")
_AFTER = _listed("and or but with so tonight again is was because if please yet before too by starring on for maybe first")


@dataclass(frozen=True, slots=True, order=True)
class Title:
    """A title as it is looked for. `ordinary`: people say these words without meaning the title."""

    words: tuple[str, ...]
    raws: tuple[str, ...]
    letters: str
    ordinary: bool


@dataclass(slots=True)
class Ordinary:
    """Which words and pairs of words stand in plots in lower case."""

    words: set[str] = field(default_factory=set)
    pairs: set[tuple[str, str]] = field(default_factory=set)

    @classmethod
    def of(cls, plots: Iterable[str]) -> Ordinary:
        """From the plots of a catalogue; without plots only function words are ordinary."""
        words: Counter[str] = Counter()
        pairs: set[tuple[str, str]] = set()
        n = 0
        for plot in plots:
            said = [word if word.islower() else "" for word in _LETTERS.findall(plot)]
            n += bool(said)
            words.update(set(said))
            pairs.update(pairwise(said))
        least = max(1, n // _ORDINARY_PLOTS)
        return cls({word for word, count in words.items() if word and count >= least}, {pair for pair in pairs if all(pair)})

    def says(self, words: Sequence[str]) -> bool:
        """Whether people say these words without meaning a title: at most one of them has a meaning of its own, or they stand together."""
        content = [word for word in words if word not in _FUNCTION]
        if not all(word in self.words for word in content):
            return False
        bare = [word for word in words if word not in _ARTICLES]
        return len(content) <= 1 or (len(bare) == 2 and tuple(bare) in self.pairs)


def title_of(name: str, ordinary: Ordinary) -> Title:
    """A name as it is looked for."""
    return _title(read(name).words, ordinary)


def holds(longer: Title, title: Title) -> bool:
    """Whether `longer` is another title that has the words of `title` in a row."""
    width = len(title.words)
    return longer.words != title.words and any(longer.words[i : i + width] == title.words for i in range(len(longer.words) - width + 1))


def titles_of(item: Item, ordinary: Ordinary) -> tuple[Title, ...]:
    """The names of an item as they are looked for: title, aliases, and each without its article."""
    found: dict[tuple[str, ...], Title] = {}
    for name in (item.title, *item.aliases):
        words = read(name).words
        for kept in (words, words[1:] if len(words) > 1 and words[0].plain in _ARTICLES else ()):
            if kept:
                # `Matrix` for `The Matrix` alone is a word before it is a title
                title = _title(kept, ordinary)
                title = replace(title, ordinary=True) if len(kept) == 1 < len(words) else title
                found.setdefault(title.words, title)
    return tuple(found.values())


def _title(words: Sequence[Word], ordinary: Ordinary) -> Title:
    plain = tuple(word.plain for word in words)
    return Title(plain, tuple(word.raw for word in words), "".join(plain), ordinary.says(plain))


def names(title: Title, year: int | None, text: str, *, longer: Sequence[Title] = (), ordinary: Ordinary) -> bool:
    """Whether `text` names the title of that year. `longer`: other titles that hold this one; inside them it is not meant."""
    if not fuzz.partial_ratio(title.letters, read(text).letters, score_cutoff=_NEAR):
        return False
    heard = read(text)
    for begin, end, exact in _places(title, heard):
        labelled = exact and year is not None and _year_said(begin, end, heard) == year
        if not labelled and (_inside(begin, end, heard, longer) or _other_film(begin, end, title, year, heard)):
            continue
        if labelled or _marked(begin, end, title, year, heard) or _means(begin, end, title, exact, heard, ordinary):
            return True
    return False


def _places(title: Title, heard: Text) -> Iterator[tuple[int, int, bool]]:
    """Where the title stands: first word, the one after the last, and whether it is spelled right."""
    allowed = next((edits for least, edits in _EDITS if len(title.letters) >= least), 0)
    for begin in range(len(heard.words)):
        joined = ""
        for end in range(begin, len(heard.words)):
            joined += heard.words[end].plain
            if len(joined) > len(title.letters) + allowed:
                break
            if joined == title.letters:
                yield begin, end + 1, True
            elif allowed and _nearly(joined, title.letters, allowed):
                yield begin, end + 1, False


def _nearly(joined: str, letters: str, allowed: int) -> bool:
    # a plural is another word and no slip, and a number tells a sequel
    if abs(len(joined) - len(letters)) > allowed or joined == letters + "s" or re.findall(r"\d", joined) != re.findall(r"\d", letters):
        return False
    return OSA.distance(letters, joined, score_cutoff=allowed) <= allowed


def _inside(begin: int, end: int, heard: Text, longer: Sequence[Title]) -> bool:
    for other in longer:
        if other.letters not in heard.letters:
            continue
        width = len(other.words)
        for start in range(max(0, end - width), min(begin, len(heard.words) - width) + 1):
            if tuple(word.plain for word in heard.words[start : start + width]) == other.words:
                return True
    return False


def _other_film(begin: int, end: int, title: Title, year: int | None, heard: Text) -> bool:
    """Another year, a sequel's number, or a name that goes on: `Alien Resurrection`, `The Mask of Zorro`, `Knocked Up`."""
    said = _year_said(begin, end, heard)
    if said is not None:
        return year is not None and abs(said - year) > 1
    following = heard.words[end : end + 3]
    numbered = following[1:] if following and following[0].plain == "part" else following
    if numbered and numbered[0].plain in _SEQUELS and not apart(heard, end - 1, end):
        return True
    if sum(word not in _ARTICLES for word in title.words) > 1 or not heard.cased:
        return False
    if _goes_on(following, title) and not apart(heard, end - 1, end):
        return True
    before = heard.words[begin - 1] if begin else None
    comes_before = before is not None and not before.first and not apart(heard, begin - 1, begin) and _is_name(before)
    return comes_before and len(title.words) == 1


def _goes_on(following: Sequence[Word], title: Title) -> bool:
    if not following:
        return False
    if following[0].plain in ("of", "vs"):
        rest = [word for word in following[1:] if word.plain not in _ARTICLES]
        return bool(rest) and rest[0] in following[1:3] and _is_name(rest[0])
    return _is_name(following[0]) and following[0].plain not in title.words


def _is_name(word: Word) -> bool:
    return word.capital and word.plain not in ("i", "im", "ive", "id", "ill")


def _year_said(begin: int, end: int, heard: Text) -> int | None:
    following = [word.plain for word in heard.words[end : end + 2]]
    if following and following[0] in ("from", "of"):
        following = following[1:]
    before = [heard.words[begin - 1].plain] if begin and not apart(heard, begin - 1, begin) else []
    found = next((word for word in (*following[:1], *before) if _YEAR.fullmatch(word)), None)
    return None if found is None else int(found)


def _marked(begin: int, end: int, title: Title, year: int | None, heard: Text) -> bool:
    first, last = heard.words[begin], heard.words[end - 1]
    around = heard.raw[first.start - 1 : first.start], heard.raw[last.end : last.end + 1]
    if all(side and side in _QUOTES for side in around) or around == ("[", "]") or around[0] in ("@", "#"):
        return True
    if any(word.odd for word in heard.words[begin:end]) and len(title.letters) >= _SPELLED:
        return not any(word.odd for word in read(" ".join(title.raws)).words)
    return year is not None and _year_said(begin, end, heard) is not None


def _means(begin: int, end: int, title: Title, exact: bool, heard: Text, ordinary: Ordinary) -> bool:
    if len(title.words) == 1:
        return _means_one(begin, end, title, exact, heard)
    said = heard.words[begin:end]
    if not exact:
        # a slip shows in a word that nobody says; where all are ordinary words, they may be meant
        slipped = not all(word.plain in ordinary.words or word.plain in _FUNCTION for word in said)
        return len(title.letters) >= 9 and (_cued(begin, heard) or (not title.ordinary and (slipped or len(title.words) > 3)))
    if not title.ordinary:
        return True
    return (heard.cased and _own_capitals(title, said)) or (_cued(begin, heard) and not _noun_follows(end, heard))


def _means_one(begin: int, end: int, title: Title, exact: bool, heard: Text) -> bool:
    word, before = heard.words[begin], heard.words[begin - 1] if begin else None
    ends = end >= len(heard.words) or apart(heard, end - 1, end) or heard.words[end].plain in _AFTER
    if not exact or end - begin > 1:
        return _cued(begin, heard) and ends and len(title.letters) >= 8
    function = title.words[0] in _FUNCTION
    capital = heard.cased and word.raw == title.raws[0] and word.capital
    if function:
        return capital and not word.first and (_cued(begin, heard) or (before is not None and before.plain in ("for", "to"))) and ends
    placed = before is not None and before.plain in _PLACED and not apart(heard, begin - 1, begin)
    alone = all(other.first or other is word for other in heard.words[max(0, begin - 1) : end + 1]) and ends
    if capital and not placed and (not word.first or alone or not title.ordinary):
        return True
    if _cued(begin, heard) and ends:
        return True
    owned = before is not None and before.plain in _OWNED | _PLACED
    return not title.ordinary and len(title.letters) > 4 and not owned


def _own_capitals(title: Title, said: Sequence[Word]) -> bool:
    if len(said) != len(title.raws):
        return any(letter.isupper() for word in said for letter in word.raw[1:])
    pairs = [(word, raw) for word, raw in zip(said, title.raws, strict=True) if raw[:1].isupper()]
    kept = [(word, raw) for word, raw in pairs if not word.first]
    return bool(kept) and all(word.capital for word, _ in pairs) and not all(word.raw.isupper() and len(word.raw) > 1 for word in said)


def _cued(begin: int, heard: Text) -> bool:
    place = begin - 1
    while place >= 0 and heard.words[place].plain in _BETWEEN and place > 0 and not apart(heard, place, place + 1):
        if heard.words[place - 1].plain in _CUES | {"the"}:
            return True
        place -= 1
    if place >= 0 and heard.words[place].plain == "the":
        place -= 1
    return place >= 0 and heard.words[place].plain in _CUES and not apart(heard, place, place + 1)


def _noun_follows(end: int, heard: Text) -> bool:
    return end < len(heard.words) and heard.words[end].plain in _NOUNS and not apart(heard, end - 1, end)
