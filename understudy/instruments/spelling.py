"""A text as words that can be compared: without case, accents, apostrophes, digits for letters, and letters set apart."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

_SPELLED = 3  # more single letters than this in a row are one word
_WORD = re.compile(r"[^\W_]+(?:['’`´][^\W_]+)*|&")
_ENDS = re.compile(r"\s*[.!?\n]")
_DIGIT, _NUMBER = re.compile(r"\d"), re.compile(r"\d+(?:s|th|nd|rd|st)?")
_LEET = str.maketrans("013457", "oieast")
_DIGITS = {name: str(i) for i, name in enumerate(("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"), 2)}
_MOST_CAPITALS = 0.7


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a text: its plain form, where it stands, whether it was spelled oddly, and whether a sentence begins with it."""

    plain: str
    raw: str
    start: int
    end: int
    odd: bool = False
    first: bool = False

    @property
    def capital(self) -> bool:
        """Whether it begins with a capital."""
        return self.raw[:1].isupper()


@dataclass(frozen=True, slots=True)
class Text:
    """A text in words; `letters` are those of all words in a row; `cased`: capitals say something, since not every word has one."""

    raw: str
    words: tuple[Word, ...]
    letters: str
    cased: bool


@lru_cache(maxsize=50_000)
def read(text: str) -> Text:
    """The text in words."""
    words: list[Word] = []
    start_of_sentence = True
    for found in _WORD.finditer(text):
        raw, (start, end) = found.group(), found.span()
        plain, odd = _heard(raw)
        words.append(Word(plain, raw, start, end, odd, start_of_sentence))
        start_of_sentence = _ENDS.match(text, end, end + 4) is not None
    spelled = sum(len(word.plain) == 1 for word in words) > _SPELLED
    joined = tuple(_joined(words, text) if spelled else words)
    inner = [word for word in joined if not word.first and word.plain != "i"]
    cased = len(inner) < 6 or sum(word.capital for word in inner) <= _MOST_CAPITALS * len(inner)
    return Text(text, joined, "".join(word.plain for word in joined), cased)


@lru_cache(maxsize=50_000)
def _heard(raw: str) -> tuple[str, bool]:
    """The plain form of a word, and whether it is spelled oddly."""
    plain = _plain(raw)
    odd = _DIGIT.search(plain) is not None and _NUMBER.fullmatch(plain) is None
    # a number at the end is a number: `Shrek2`, `#Alien3`
    tail = len(plain.rstrip("0123456789")) if odd else 0
    return plain[:tail].translate(_LEET) + plain[tail:] if odd else _DIGITS.get(plain, plain), odd


def _joined(words: Sequence[Word], text: str) -> Iterator[Word]:
    """The words, with runs of single letters (`h e a t`, `H.e.a.t`) as the one word that they spell."""
    place = 0
    while place < len(words):
        end = place
        while end < len(words) and len(words[end].plain) == 1 and words[end].plain.isalpha():
            if end > place and not re.fullmatch(r"[\s.\-_*]{1,3}", text[words[end - 1].end : words[end].start]):
                break
            end += 1
        if end - place > _SPELLED:
            run = words[place:end]
            spelled = "".join(word.plain for word in run)
            yield Word(spelled, text[run[0].start : run[-1].end], run[0].start, run[-1].end, True, run[0].first)
            place = end
        else:
            yield words[place]
            place += 1


def _plain(raw: str) -> str:
    if raw == "&":
        return "and"
    folded = re.sub(r"['’`´]", "", raw.casefold())
    return folded if folded.isascii() else "".join(sign for sign in unicodedata.normalize("NFD", folded) if not unicodedata.combining(sign))


def apart(text: Text, one: int, other: int) -> bool:
    """Whether punctuation stands between two words that follow each other."""
    return bool(re.search(r"[.,!?;:()\"“”\n]", text.raw[text.words[one].end : text.words[other].start]))
