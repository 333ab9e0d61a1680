"""Which language people write in, told by dialogue, and whether an instrument reads it. What it does not read is not measured.

A turn of a chat is too short to tell ("ok", "no"); what one side says in a dialogue mostly is not (of 2,000 dialogues of ReDial the
language of 1,999 is told as English from the seeker's turns). Dialogues that are too short are told together with their neighbours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import polars as pl

VERSION = 1
UNKNOWN = "unknown"
ENGLISH = ("en",)
FEWEST_BYTES = 40  # of letters as UTF-8, from which on a text is told: forty Latin letters, or fourteen Chinese ones
MOST_CHARS = 400  # of a dialogue, which is enough to tell it
MOST = 2_000  # dialogues that are looked at; of more, evenly many in order of their names
SURE = 0.6  # probability from which on a language is told
READ = 0.9  # share of the dialogues whose language is told that has to be in languages which an instrument reads

_LETTERS = r"[^\p{L}\p{M}]+"


@dataclass(frozen=True, slots=True)
class Languages:
    """Language (ISO 639, or `unknown`) → share of `n` dialogues; the shares add up to 1."""

    shares: Mapping[str, float] = field(default_factory=dict)
    n: int = 0

    @property
    def known_shares(self) -> dict[str, float]:
        """The shares among the dialogues whose language is told, the largest first."""
        known = {name: share for name, share in self.shares.items() if name != UNKNOWN}
        total = sum(known.values())
        return {name: share / total for name, share in sorted(known.items(), key=lambda one: (-one[1], one[0]))}

    def unread_by(self, reads: Sequence[str]) -> str:
        """Why an instrument that reads these languages does not read these dialogues; empty where it does.

        Dialogues whose language cannot be told count on neither side.
        """
        share = sum(self.known_shares.get(name, 0.0) for name in reads)
        return "" if not self.known_shares or share >= READ else f"language: {self.in_words()}; the instrument reads {', '.join(reads)}"

    def apart_from(self, other: Languages) -> str:
        """Why words of these dialogues cannot be compared with those of `other`; empty where they are in the same languages."""
        common = sum(min(share, other.known_shares.get(name, 0.0)) for name, share in self.known_shares.items())
        if not self.known_shares or not other.known_shares or common >= READ:
            return ""
        return f"language: {self.in_words()}, and those of the humans in {other._shares_told()}; words of two languages are not compared"

    def in_words(self) -> str:
        """The shares in words, the largest first."""
        return f"the dialogues are in {self._shares_told()}"

    def _shares_told(self) -> str:
        return ", ".join(f"{name} ({share:.0%})" for name, share in self.known_shares.items())


def languages_of(turns: pl.DataFrame) -> Languages:
    """The languages of the dialogues of `turns` (dialogue_id, text), or of MOST of them."""
    said = turns.select("dialogue_id", "text").group_by("dialogue_id", maintain_order=True).agg(pl.col("text").str.join(" "))
    said = said.sort("dialogue_id").gather_every(-(-said.height // MOST) or 1)
    counted = Counter(language_of_each(said["text"].to_list()))
    n = sum(counted.values())
    return Languages({name: k / n for name, k in sorted(counted.items(), key=lambda one: (-one[1], one[0]))}, n)


def language_of_each(texts: Iterable[str]) -> list[str]:
    """The language of each text; those that are too short to tell are told with the texts that follow."""
    return [name for group in _groups(list(texts)) for name in [_language(" ".join(group))] * len(group)]


def _groups(texts: list[str]) -> Iterator[list[str]]:
    """Neighbouring texts that hold enough letters together; the last ones may hold too few."""
    letters = pl.Series(texts, dtype=pl.String).str.replace_all(_LETTERS, "").str.len_bytes().to_list()
    group: list[str] = []
    n_bytes = 0
    for text, n in zip(texts, letters, strict=True):
        group.append(text[:MOST_CHARS])
        n_bytes += n
        if n_bytes >= FEWEST_BYTES:
            yield group
            group, n_bytes = [], 0
    if group:
        yield group


@lru_cache(maxsize=20_000)
def _language(text: str) -> str:
    letters = "".join(character for character in text if character.isalpha())
    if len(letters.encode("utf-8", "ignore")) < FEWEST_BYTES:
        return UNKNOWN
    name, probability = _identifier().classify(text)
    return str(name) if probability >= SURE else UNKNOWN


@lru_cache(maxsize=1)
def _identifier() -> Any:
    # imported here: reading its model takes most of a second, and few commands measure text
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # type: ignore[import-untyped]

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
