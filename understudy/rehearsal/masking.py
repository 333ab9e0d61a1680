"""Slots instead of names: titles, people and genres in a turn, so that its wording can be used for another need."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from understudy.records import Item
from understudy.rehearsal import acts

_WORD = re.compile(r"[\w.'’-]+")


@dataclass(frozen=True, slots=True)
class Masking:
    """What names there are: items by label, people by lower-cased full name, genres by singular and plural."""

    items: Mapping[str, Item]
    people: frozenset[str]
    genres: re.Pattern[str] | None

    @classmethod
    def of(cls, items: Iterable[Item]) -> Masking:
        """The names of a catalogue."""
        by_label = {item.label: item for item in items}
        people = {person.lower() for item in by_label.values() for person in item.people if " " in person}
        genres = {genre for item in by_label.values() for genre in item.genres if genre.isalpha() and len(genre) > 3}
        words = sorted({word for genre in genres for word in (genre, plural(genre))}, key=lambda word: (-len(word), word))
        return cls(by_label, frozenset(people), re.compile(rf"\b({'|'.join(words)})\b", re.I) if words else None)


def plural(genre: str) -> str:
    """A genre as it stands for films of it: `comedies`, `thrillers`."""
    return genre[:-1] + "ies" if genre.endswith("y") else genre + "s"


def slotted(text: str, masking: Masking, roles: Mapping[str, str]) -> str:
    """`text` with titles, people and genres replaced by {last} {old} {own} {person} {genre} {genres}; white space single."""
    text = acts.masked(text.replace("{", "(").replace("}", ")"), masking.items, roles)
    text = _people(text, masking.people)
    if masking.genres is not None:
        text = masking.genres.sub(lambda hit: "{genres}" if hit[1].lower().endswith("s") else "{genre}", text)
    return " ".join(text.split())


def _people(text: str, people: frozenset[str]) -> str:
    words = list(_WORD.finditer(text))
    out, end, at = [], 0, 0
    while at < len(words):
        for size in (3, 2):
            if at + size <= len(words):
                start, stop = words[at].start(), words[at + size - 1].end()
                if text[start:stop].lower().rstrip(".") in people:
                    out += [text[end:start], "{person}"]
                    end, at = stop, at + size - 1
                    break
        at += 1
    return "".join([*out, text[end:]])
