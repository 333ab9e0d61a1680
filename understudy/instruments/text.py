"""What every instrument reads: text with its titles masked, lower case, one spelling of apostrophes; and its tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from understudy.prompt.speech import is_farewell, without_stop_tokens
from understudy.records import Item

VERSION = 4
MASK = "xtitlex"  # a token of its own; no human writes it

_LABEL_YEAR = r"\(\s*(?:19|20)\d\d\s*\)"
# what stands in quotes and begins as names do is a title, in the catalogue or not; an apostrophe opens a quote only after a space
_QUOTED = r"[\"“”]\s*(?:[\p{Lu}\p{N}][^\"“”]{0,60}|" + MASK + r")\s*[\"“”]"
_SINGLE = r"(^|[\s(])['‘]([\p{Lu}\p{N}][^'‘’\"“”.?]{0,58})['’]($|[\s.,!?)])"
_ANY_QUOTED = r"(?s)^(?P<before>[^\"“”]*)[\"“]\s*(?P<name>[^\"“”]{1,60}?)\s*[\"”](?P<after>.*)$"
_QUOTES_LOOKED_UP = 2
# words as Unicode segments them (UAX 29, without dictionaries), underscores and marks between letters apart: of scripts that write no
# space between words each character is a token, with the marks that belong to it
_ONE_BY_ONE = r"\p{Han}\p{Hiragana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_APART = rf"{_ONE_BY_ONE}\p{{Katakana}}"
_TOKEN = (
    MASK
    + rf"|[{_ONE_BY_ONE}]\p{{M}}*|\p{{Katakana}}[\p{{Katakana}}\p{{M}}ー]*"
    + rf"|[\p{{L}}\p{{N}}--[{_APART}]][\p{{L}}\p{{N}}\p{{M}}--[{_APART}]]*"
)
_MIN_BARE_CHARS = 8
# what a stop token has in it: looked for first, since hardly a turn of people holds one
_MAY_STOP = r"[\[<{#*=\\/]|[A-Z]{3}"
_MAY_LEAVE = r"(?i)bye|night|farewell|care|see y|talk to|have a|go|leave|run|you too|same to"


@dataclass(frozen=True, slots=True)
class Titles:
    """The catalogue's names as patterns, longest first, so that of two titles that begin alike the longer one is masked.

    Labels with a year are always masked. A bare title is masked only where it has two words and eight characters and stands
    in its own capitals: shorter ones are ordinary words too often ("It", "Up", "The One"). In quotes any title is masked: what
    begins with a capital or a digit, and names of the catalogue in any case.
    `quoted`: these in lower case.
    """

    patterns: tuple[str, ...]
    quoted: tuple[str, ...] = ()

    @classmethod
    def of(cls, items: Mapping[str, Item]) -> Titles:
        """The patterns of a catalogue."""
        labels = {item.label for item in items.values() if item.year}
        names = {name for item in items.values() for name in (item.title, *item.aliases)}
        bare = {name for name in names if " " in name and len(name) >= _MIN_BARE_CHARS and name != name.lower()}
        patterns = tuple(sorted(labels | bare, key=lambda name: (-len(name), name)))
        return cls(patterns, tuple(sorted({name.lower() for name in names if name})))

    def masked(self, column: str) -> pl.Expr:
        """`column` with every title as `MASK`."""
        text = pl.col(column).fill_null("")
        if self.patterns:
            text = text.str.replace_many(list(self.patterns), [f" {MASK} "], leftmost=True)
        text = text.str.replace_all(_LABEL_YEAR, " ").str.replace_all(_QUOTED, f" {MASK} ")
        text = self._named_in_quotes(text.str.replace_all(_SINGLE, f"${{1}} {MASK} ${{3}}"))
        return text.str.replace_all(rf"{MASK}(?:\s+{MASK})+", MASK)

    def _named_in_quotes(self, text: pl.Expr) -> pl.Expr:
        # an automaton over all names in any case would cost more than all other masking, and hardly a turn holds such quotes
        for _ in range(_QUOTES_LOOKED_UP if self.quoted else 0):
            parts = text.str.extract_groups(_ANY_QUOTED).struct
            named = parts.field("name").str.to_lowercase().is_in(list(self.quoted))
            text = pl.when(named).then(pl.concat_str(parts.field("before"), pl.lit(f" {MASK} "), parts.field("after"))).otherwise(text)
        return text


def plain(column: str) -> pl.Expr:
    """`column` for the word lists: lower case, without apostrophes (`don't` and `dont` are one word), single spaces."""
    text = pl.col(column).str.to_lowercase().str.replace_all(r"&\w+;", " ").str.replace_all("['’`´]", "")
    return text.str.replace_all(r"\s+", " ").str.strip_chars()


def tokens(column: str) -> pl.Expr:
    """The words of `column` (plain text) as a list; punctuation is no token."""
    return pl.col(column).str.extract_all(_TOKEN)


def without_stops(texts: pl.Series) -> pl.Series:
    """Each turn without tokens that end a conversation or a message (prompt/speech.py); empty where it holds nothing else."""
    return _changed(texts, _MAY_STOP, without_stop_tokens)


def without_farewells(texts: pl.Series) -> pl.Series:
    """Each turn, empty where it leaves the conversation and says nothing else."""
    return _changed(texts, _MAY_LEAVE, lambda one: "" if is_farewell(one) else one)


def _changed(texts: pl.Series, maybe: str, change: Callable[[str], str]) -> pl.Series:
    looked_at = texts.str.contains(maybe).fill_null(value=False).to_list()
    if not any(looked_at):
        return texts
    said = (change(one) if looked else one for one, looked in zip(texts, looked_at, strict=True))
    return pl.Series(texts.name, list(said), dtype=pl.String)
