"""What a seeker's turn tells of their taste: titles with how they are judged, genres, people and decades that are wished for or not.

It stands in for a seeker's form where a log has none. A turn is read clause by clause: a title counts as liked or disliked where its
clause says so, and as named only where it does not; a genre, a person or a decade that is named counts as wished for unless its clause
turns it down. The words are English; in text of another language nothing is found. Measured on ReDial's forms in docs/profile.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

VERSION = 1
Kind = Literal["genre", "person", "era"]

GENRES = (
    "action", "adventure", "animation", "anime", "apocalyptic", "biography", "chick flick", "children's literature", "comedy",
    "coming of age", "cooking", "crime", "dark comedy", "detective", "documentary", "drama", "dystopian", "fairy tale", "fantasy",
    "film noir", "ghost story", "gothic fiction", "graphic novel", "heist", "historical fiction", "historical romance", "horror",
    "humor", "kids", "memoir", "mystery", "musical", "non-fiction", "novella", "paranormal romance", "picture book", "poetry",
    "psychological thriller", "rom-com", "romance", "romance novel", "romantic comedy", "satire", "sci-fi", "science fiction",
    "self-help", "short story", "slasher", "slapstick", "speculative fiction", "spy", "steampunk", "superhero", "suspense", "thriller",
    "travel", "true crime", "urban fantasy", "vampire", "war", "western", "young adult", "young-adult fiction", "zombie",
)  # fmt: skip
"""Names of genres that are read besides those of the catalogue."""

# words with another everyday meaning: a genre only before a word for a work
_EVERYDAY = frozenset({"action", "adult", "adventure", "cooking", "crime", "family", "history", "kids", "music", "news", "short", "sport",
                       "sports", "spy", "travel", "war"})  # fmt: skip
_WORKS = frozenset(
    {"book", "books", "fiction", "film", "films", "flick", "flicks", "genre", "movie", "movies", "novel", "novels", "series", "show",
     "shows", "stories", "story"}
)  # fmt: skip

_OPINION = r"(?:like|likes|liked|love|loves|loved|enjoy|enjoyed|prefer|into)"
_NOT = r"(?:dont|do not|didnt|did not|doesnt|never|not|cant|couldnt|wouldnt|isnt|wasnt|arent|no|nor)"
_DISLIKES = re.compile(
    rf"\b{_NOT} (?:\w+ ){{0,3}}?(?:{_OPINION}|care|fan|stand|want|interested|looking for|in the mood|my thing|my type|my style|my taste|"
    r"my cup|good|great|too)\b"
    r"|\b(?:hate|hated|hates|dislike|disliked|avoid|despise|awful|terrible|horrible|boring|bored|worst|overrated|sick of|tired of|"
    r"anything but|no more)\b"
    r"|^(?:but |and |just )*(?:not|nothing|without) (?!sure|really|only|bad)|^(?:but |and |just )*no (?!problem|thanks)\w+(?: \w+)?$"
)
_LIKES = re.compile(
    rf"\b(?:{_OPINION}|fan|favorite|favorites|favourite|favourites|fav|good|great|amazing|awesome|best|excellent|fantastic|classic|"
    r"similar to|something like|anything like|more like|such as|along the lines|same (?:\w+ )?as|looking for|in the mood|interested in|"
    r"kind of like)\b"
)
# "not as good as the first one" praises the first one
_BETTER = re.compile(r"\bnot (?:\w+ )?(?:as|at) (?:\w+ )?as (?:\w+ ){0,2}?")
# what somebody else is asked for says nothing of the one who asks
_ASKED = re.compile(
    rf"\b(?:do|did|would|have|has|is|was|are|were|does) (?:you|it|that|this|he|she|they|there)(?: \w+){{0,2}}? ?{_OPINION}?\b"
)
_QUESTION_ABOUT = re.compile(r"^(?:so |and |ok |oh |but |well )*(?:is|isnt|was|does|did|are) (?:it|that|this|he|she|they|those|there)\b")
_WHO = re.compile(r"^(?:so |and |ok |oh |but |well )*(?:who|when|what year|which year)\b")

_APOSTROPHES = re.compile("['’`´]")
_SENTENCE = re.compile(r"[^.!?;\n]+[.!?;\n]*")
# people write on without a stop: an opinion of one's own begins a clause
_CLAUSE = re.compile(
    r",|\b(?:but|though|although|except|however|yet)\b"
    rf"|\bi(?:m| am)? (?:\w+ )?(?:dont|didnt|do not|did not|cant|not|never|hate|hated|{_OPINION[3:-1]}|prefer)\b"
)
_TURNS = re.compile(r"\b(?:but|though|although|except|however|yet)\b")
_WORD = re.compile(r"[^\W_]+")
_DECADE = re.compile(r"\b(?:(?:19|20)(\d)0|([2-9])0) ?s\b")
_LONGEST = 5
_NAMED = "xnamed{}x"


@dataclass(frozen=True, slots=True)
class Wish:
    """A genre, a person or a decade (`1990s`) that a turn names, and whether it is wished for."""

    kind: Kind
    value: str
    liked: bool


@dataclass(frozen=True, slots=True)
class _Clause:
    """Words in lower case without apostrophes; `leaning` that they or the clauses before them in the sentence say."""

    words: str
    leaning: bool | None
    is_question_about: bool


class Wordbook:
    """The names that are looked for: genres of a catalogue and GENRES, and people of a catalogue by their full names."""

    def __init__(self, *, genres: Iterable[str] = (), people: Iterable[str] = ()) -> None:
        self._known: dict[str, tuple[Kind, str]] = {}
        for name in people:
            if " " in (spoken := _spoken(name)):
                self._known[spoken] = ("person", name)
        for name in sorted({*GENRES, *(one.casefold() for one in genres)}):
            for form in _forms(_spoken(name)):
                self._known[form] = ("genre", name)

    def names_in(self, words: str) -> list[tuple[Kind, str]]:
        """The names in a clause, the longest where several begin alike, in order of place."""
        tokens, found, at = words.split(), [], 0
        while at < len(tokens):
            for end in range(min(len(tokens), at + _LONGEST), at, -1):
                run = " ".join(tokens[at:end])
                if run in self._known and self._is_meant(run, tokens[end : end + 1]):
                    found.append(self._known[run])
                    at = end - 1
                    break
            at += 1
        return found

    @staticmethod
    def _is_meant(run: str, following: Sequence[str]) -> bool:
        return run not in _EVERYDAY or (bool(following) and following[0] in _WORKS)


def wishes(text: str, book: Wordbook, *, hints: Sequence[tuple[Kind | None, str]] = ()) -> list[Wish]:
    """What a turn says is wished for or turned down, in order of place. `text`: with titles masked.

    `hints`: names that the log's own annotations tag in this turn, with their kind where the log tells it; those that stand in no clause
    count as wished for.
    """
    found: dict[tuple[Kind, str], bool] = {}
    clauses = _clauses(text)
    for clause in clauses:
        if not clause.is_question_about:
            for kind, value in (*book.names_in(clause.words), *_eras(clause.words)):
                found[kind, value] = clause.leaning is not False
    for hinted, name in hints:
        meant = hinted or _kind_of(name, book)
        if meant is not None:
            value = name.casefold() if meant == "genre" else name
            within = next((one for one in clauses if _spoken(name) in one.words), None)
            if within is None or not within.is_question_about:
                found.setdefault((meant, value), within is None or within.leaning is not False)
    return [Wish(kind, value, liked) for (kind, value), liked in found.items()]


def judged(text: str, names: Mapping[str, Sequence[str]]) -> dict[str, bool | None]:
    """Item id → whether the turn says that the seeker likes it; None where it only names it. `names`: item id → its names."""
    marked = text
    place = {item_id: _NAMED.format(at) for at, item_id in enumerate(names)}
    spelled = sorted(((one, item_id) for item_id, forms in names.items() for one in forms if one), key=lambda pair: -len(pair[0]))
    for form, item_id in spelled:
        marked = re.sub(re.escape(form), f" {place[item_id]} ", marked, flags=re.IGNORECASE)
    clauses = _clauses(marked)
    found: dict[str, bool | None] = {}
    for item_id, mark in place.items():
        within = [one for one in clauses if mark in one.words]
        # a title that the log tags under another spelling stands somewhere in the turn: it is judged where the turn judges one thing
        told = within or (clauses if len({one.leaning for one in clauses}) == 1 else [])
        found[item_id] = next((one.leaning for one in told if one.leaning is not None), None)
    return found


def _clauses(text: str) -> list[_Clause]:
    """The clauses of a turn; one without an opinion of its own takes that of the clause before it, as the members of a list do."""
    found = []
    for sentence in _SENTENCE.findall(_APOSTROPHES.sub("", text.casefold())):
        leaning: bool | None = None
        last = 0
        bare = " ".join(sentence.split())
        asks = bool(_QUESTION_ABOUT.match(bare)) or bool(_WHO.match(bare))
        for match in (*_CLAUSE.finditer(sentence), None):
            words = " ".join(_WORD.findall(sentence[last : match.start() if match else None]))
            leaning = own if (own := _leaning(words)) is not None else leaning
            if words:
                found.append(_Clause(words, leaning, asks))
            if match is None:
                break
            if _TURNS.fullmatch(match.group()):
                leaning = None
            last = match.end() if match.group() == "," else match.start()
    return found


def _leaning(words: str) -> bool | None:
    own = _BETTER.sub("similar to ", _ASKED.sub(" ", words))
    if _DISLIKES.search(own):
        return False
    return True if _LIKES.search(own) else None


def _eras(words: str) -> list[tuple[Kind, str]]:
    """The decades that a clause names, as `1990s`; two digits are of the last century from the twenties on."""
    found: list[tuple[Kind, str]] = []
    for match in _DECADE.finditer(words):
        century = match.group()[:2] if match.group(1) is not None else "19"
        found.append(("era", f"{century}{match.group(1) or match.group(2)}0s"))
    return found


def _kind_of(name: str, book: Wordbook) -> Kind | None:
    """What a name that the log tags without a kind is; None where nobody can say: a year, a language, a title."""
    known = book.names_in(_spoken(name))
    if len(known) == 1:
        return known[0][0]
    capital = [word for word in re.findall(r"[^\W\d_][^\s]*", name) if word[0].isupper()]
    return "person" if len(capital) >= 2 and len(name.split()) <= _LONGEST and not re.search(r"\d", name) else None


def _spoken(name: str) -> str:
    return " ".join(_WORD.findall(_APOSTROPHES.sub("", name.casefold())))


def _forms(spoken: str) -> set[str]:
    plural = spoken[:-1] + "ies" if spoken.endswith("y") else f"{spoken}s"
    return {spoken, plural, spoken.replace(" ", "")}
