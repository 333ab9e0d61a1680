"""The seekers' turns of whole dialogues as rows, on either side alike: what each says, and what the recommender suggested before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from understudy.instruments import text
from understudy.instruments.text import MASK
from understudy.measure.reference import Reference
from understudy.records import Dialogue, Item
from understudy.studies.audit.targets import words

VERSION = 1
# dialogue, place of the turn, which of the seeker's turns it is (from 0), whether the dialogue is the speaker's own from its start
UTTERANCES: dict[str, Any] = {
    "dialogue_id": pl.String, "turn_index": pl.Int64, "nth": pl.Int64, "is_whole": pl.Boolean, "text": pl.String,
    "answered": pl.String, "is_after_suggestion": pl.Boolean,
}  # fmt: skip
_YEAR = r"\((?:18|19|20)\d\d\)"
_DECADE = r"\b(?:(?:19|20)\d0s|\d0s|(?:twenties|thirties|forties|fifties|sixties|seventies|eighties|nineties))\b"


@dataclass(frozen=True, slots=True)
class Spoken:
    """A dialogue under the name that it is measured by; `only`: the one turn that counts, None where all of the seeker's do.

    `n_given`: how many turns at the beginning do not count, since another speaker said them.
    """

    name: str
    dialogue: Dialogue
    only: int | None = None
    n_given: int = 0


def utterances(spoken: Sequence[Spoken], reference: Reference) -> pl.DataFrame:
    """UTTERANCES with `label`: the reaction of turns after a suggestion, null elsewhere; `act`, `masked`, `words` as written.

    A suggestion is a recommender's turn that names a title which the seeker has not named before, found in its text alone, so that
    it is found alike in logs with and without links.
    """
    read = _read([turn.text for one in spoken for turn in one.dialogue.turns], reference)
    named = {row["text"]: (frozenset(row["titles"]), row["names_others"]) for row in read.iter_rows(named=True)}
    rows = [row for one in spoken for row in _rows(one, named)]
    frame = pl.DataFrame(rows, schema=UTTERANCES, orient="row").join(read.select("text", "masked"), on="text", maintain_order="left")
    told = frame.with_columns(label=_reactions(frame, reference), act=_acts(frame["masked"], reference), plain=text.plain("text"))
    return told.with_columns(words=text.tokens("plain")).drop("plain")


def _reactions(turns: pl.DataFrame, reference: Reference) -> pl.Series:
    """The reaction of every turn after a suggestion, null elsewhere."""
    after = turns["is_after_suggestion"]
    read = reference.instruments.reactions(turns.filter(after), reference.titles)
    return pl.Series([None] * len(turns), dtype=pl.String).scatter(after.arg_true(), read)


def _acts(masked: pl.Series, reference: Reference) -> pl.Series:
    return reference.instruments.acts(masked)


def tells_a_wish(turns: pl.DataFrame, items: Iterable[Item]) -> pl.Series:
    """Whether each turn names a title, or a genre, person or decade of the catalogue. `turns`: a column masked."""
    known = list(items)
    said = [f" {words(one)} " for one in turns["masked"]]
    plain = turns.select("masked", said=pl.Series(said, dtype=pl.String))
    told = sorted({f" {form} " for item in known for name in (*item.genres, *item.people) for form in (words(name), f"{words(name)}s")})
    attributes = pl.col("said").str.contains_any(told) if told else pl.lit(False)
    return plain.select(pl.col("masked").str.contains(MASK) | pl.col("said").str.contains(_DECADE) | attributes).to_series()


def _rows(one: Spoken, named: Mapping[str, tuple[frozenset[str], bool]]) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    said: set[str] = set()
    answered, suggests = "", False
    nth = 0
    for index, turn in enumerate(one.dialogue.turns):
        titles, others = named[turn.text]
        if turn.role == "recommender":
            answered, suggests = turn.text, bool(titles - said) or others
            continue
        said |= titles
        if turn.text:
            if one.only in (None, index) and index >= one.n_given:
                rows.append((one.name, index, nth, one.only is None and not one.n_given, turn.text, answered, suggests))
            nth += 1
        answered, suggests = "", False
    return rows


def _read(texts: Sequence[str], reference: Reference) -> pl.DataFrame:
    """Each text once: text, masked, titles (of the catalogue, in lower case and without year), names_others (in quotes or by year)."""
    titles = reference.titles
    frame = pl.DataFrame({"text": sorted(set(texts))}, schema={"text": pl.String})
    patterns = list(titles.patterns)
    known = pl.col("text").str.extract_many(patterns, leftmost=True) if patterns else pl.lit([], dtype=pl.List(pl.String))
    found = frame.with_columns(known=known, masked=titles.masked("text"), n_years=pl.col("text").str.count_matches(_YEAR))
    n_dated = pl.col("known").list.eval(pl.element().str.ends_with(")")).list.sum().fill_null(0)
    quoted = (pl.col("known").list.len() == 0) & pl.col("masked").str.contains(MASK)
    bare = pl.col("known").list.eval(pl.element().str.to_lowercase().str.replace(rf"\s*{_YEAR}$", ""))
    return found.select("text", "masked", titles=bare, names_others=(pl.col("n_years") > n_dated) | quoted)
