"""Turns that stand word for word in many dialogues: greetings and control tokens, which count as speech unless they are taken out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypedDict

import polars as pl

from understudy.errors import BadInput
from understudy.records import Dialogue, Role

VERSION = 1
SHARE = 0.2  # of the dialogues, above which a turn is reported
_FEWEST = 2  # dialogues; in a file of four, every turn stands in more than a fifth
_SHOWN = 200


class FrequentTurnFields(TypedDict):
    """A turn that `n` dialogues hold just so, which is `share` of all; `speaker` is seeker or recommender."""

    text: str
    speaker: str
    n: int
    share: float


@dataclass(frozen=True, slots=True)
class Dropped:
    """Dialogues without the turns that a pattern matches, and how many each pattern took."""

    dialogues: list[Dialogue]
    n_by_pattern: dict[str, int]


def frequent_turns(turns: pl.DataFrame, *, share: float = SHARE) -> list[FrequentTurnFields]:
    """The turns (columns dialogue_id, role, text) that more than `share` of the dialogues hold word for word, the most frequent first."""
    plain = pl.col("text").str.replace_all(r"\s+", " ").str.strip_chars()
    said = turns.select("dialogue_id", "role", text=plain).filter(pl.col("text") != "")
    n_dialogues = turns["dialogue_id"].n_unique()
    counted = said.group_by("role", "text").agg(n=pl.col("dialogue_id").n_unique())
    many = counted.filter((pl.col("n") > share * n_dialogues) & (pl.col("n") >= _FEWEST))
    ordered = many.sort(["n", "role", "text"], descending=[True, True, False])
    return [
        {"text": row["text"][:_SHOWN], "speaker": row["role"], "n": row["n"], "share": row["n"] / n_dialogues}
        for row in ordered.iter_rows(named=True)
    ]


def turns_of(dialogues: Sequence[Dialogue]) -> pl.DataFrame:
    """dialogue_id, role and text of every turn; dialogues are told apart by their place, whatever they are called."""
    rows = [(str(place), turn.role, turn.text) for place, one in enumerate(dialogues) for turn in one.turns]
    return pl.DataFrame(rows, schema=dict.fromkeys(("dialogue_id", "role", "text"), pl.String), orient="row")


def checked_patterns(patterns: Sequence[str]) -> tuple[str, ...]:
    """The patterns, each of which can be matched. Raises BadInput that says where one is wrong.

    They are matched by an automaton in time linear in the text, so that no pattern can run away; look-around and references back to a
    group are not in its language.
    """
    for pattern in patterns:
        try:
            pl.Series([""]).str.contains(_whole(pattern))
        except pl.exceptions.PolarsError as error:
            told = " ".join(str(error).replace(_whole(pattern), pattern).split())
            raise BadInput(
                f"the pattern {pattern!r} is not a regular expression: {told}",
                hint=r"write for example '\\end' or '\[END\]'; it has to match the whole turn, and look-around is not possible",
            ) from error
    return tuple(patterns)


def without_turns(dialogues: Sequence[Dialogue], patterns: Sequence[str], *, role: Role = "seeker") -> Dropped:
    """The dialogues with every turn of `role` that a pattern matches as a whole made empty: an empty turn is not measured.

    The turn keeps its place, so that the other turns still stand beside those of the human dialogue. Raises BadInput.
    """
    checked_patterns(patterns)
    texts = pl.Series([turn.text.strip() for one in dialogues for turn in one.turns], dtype=pl.String)
    own = pl.Series([turn.role == role for one in dialogues for turn in one.turns], dtype=pl.Boolean)
    matched = pl.Series([False] * len(texts), dtype=pl.Boolean)
    n_by_pattern = {}
    for pattern in dict.fromkeys(patterns):
        found = own & texts.str.contains(_whole(pattern)) & (texts != "")
        n_by_pattern[pattern] = int(found.sum())
        matched = matched | found
    flags = iter(matched.to_list())
    kept = [replace(one, turns=tuple(replace(turn, text="") if next(flags) else turn for turn in one.turns)) for one in dialogues]
    return Dropped(kept, n_by_pattern)


def _whole(pattern: str) -> str:
    return rf"^(?:{pattern})$"
