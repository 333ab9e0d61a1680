"""Gold acts as this project's reactions and acts: which turns are evidence for an instrument, and what they say.

The codes are IARD's (Cai and Chen, UMAP 2020), the only gold acts known here. Dialogues with any other code are no gold.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from understudy.instruments.reaction import CLASSES
from understudy.keys import digest

VERSION = 1
FITTED_ON = ("exemplar", "search")
# the columns of gold turns; `answered` is the recommender's turn before and `previous_acts` are its acts
GOLD: dict[str, Any] = {
    **dict.fromkeys(("dialogue_id", "split", "role", "answered", "text"), pl.String),
    "turn_index": pl.Int64,
    "acts": pl.List(pl.String),
    "previous_acts": pl.List(pl.String),
}
ACCEPTED, REJECTED = ("ACC",), ("REJ",)
RECOMMENDED = ("REC-S", "REC-E")
# ours ← theirs; the first row that has one of a turn's codes names the act. A criticism says what is wanted instead; a neutral
# response says most often that the title is not known. Their OTH holds greetings, thanks, goodbyes and small talk alike.
ACT_OF: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("accept", ACCEPTED),
    ("reject", REJECTED),
    ("request", ("IQU", "CON", "REF", "STO")),
    ("unseen", ("NRE",)),
    ("seen", ("SEE",)),
    ("prefer", ("CRI-F", "CRI-A", "CRI-C", "PRO", "ANS")),
    ("ask", ("INQ", "ASK")),
)
OTHER = "other"
GOLD_ACTS = (*(name for name, _ in ACT_OF), OTHER)
_THEIRS = (*RECOMMENDED, "EXP-I", "EXP-P", "EXP-S", "RESP", "REQ", "R-ANS", "CLQ", "OTH")
CODES = frozenset((*_THEIRS, *(code for _, codes in ACT_OF for code in codes)))
DIGEST = digest([VERSION, ACT_OF, RECOMMENDED, sorted(CODES)])


def known(gold: pl.DataFrame) -> pl.DataFrame:
    """The turns of dialogues whose every act is one of `CODES`."""
    foreign = gold.filter(~pl.col("acts").list.eval(pl.element().is_in(sorted(CODES))).list.all())
    return gold.filter(~pl.col("dialogue_id").is_in(foreign["dialogue_id"].unique().to_list()))


def reactions(gold: pl.DataFrame) -> pl.DataFrame:
    """dialogue_id, split, answered, text, truth (accept, reject, neither) of the seekers' turns after a recommendation.

    A turn that takes one title and turns another down is an acceptance.
    """
    answers = gold.filter((pl.col("role") == "seeker") & _any("previous_acts", RECOMMENDED))
    accept, reject, neither = (pl.lit(name) for name in CLASSES)
    truth = pl.when(_any("acts", ACCEPTED)).then(accept).when(_any("acts", REJECTED)).then(reject).otherwise(neither)
    return answers.select("dialogue_id", "split", "answered", "text", truth=truth)


def acts(gold: pl.DataFrame) -> pl.DataFrame:
    """dialogue_id, split, answered, text, truth (one of GOLD_ACTS) of the seekers' turns."""
    named = (pl.when(_any("acts", codes)).then(pl.lit(name)) for name, codes in ACT_OF)
    seekers = gold.filter(pl.col("role") == "seeker")
    return seekers.select("dialogue_id", "split", "answered", "text", truth=pl.coalesce(*named, pl.lit(OTHER)))


def _any(column: str, codes: tuple[str, ...]) -> pl.Expr:
    return pl.any_horizontal(pl.col(column).list.contains(code) for code in codes)
