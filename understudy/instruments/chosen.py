"""Which instruments read both sides: the fitted ones where gold acts were there to fit them, else the lexicon."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import polars as pl

from understudy.instruments import acts, fitted, gold, reaction
from understudy.instruments.fitted import Classifier
from understudy.keys import digest

VERSION = 1
Kind = Literal["fitted", "lexicon"]
_MANNERS = ("greet", "close")


@dataclass(frozen=True)
class Instruments:
    """A reaction model and an act tagger, each fitted or, where it is None, the lexicon. Not slotted: the digest is kept."""

    reaction: Classifier | None = None
    act: Classifier | None = None

    @property
    def kinds(self) -> dict[str, Kind]:
        """reaction and act → fitted or lexicon."""
        return {"reaction": "fitted" if self.reaction else "lexicon", "act": "fitted" if self.act else "lexicon"}

    @property
    def reads(self) -> dict[str, tuple[str, ...]]:
        """reaction and act → the languages that it reads."""
        return {"reaction": fitted.READS if self.reaction else reaction.READS, "act": fitted.READS if self.act else acts.READS}

    @cached_property
    def digests(self) -> dict[str, str]:
        """reaction and act → 64 hex digits over what reads them."""
        return {
            "reaction": self.reaction.digest if self.reaction else reaction.DIGEST,
            "act": digest([VERSION, self.act.digest, acts.DIGEST]) if self.act else acts.DIGEST,
        }

    @cached_property
    def digest(self) -> str:
        """64 hex digits over both."""
        return digest(self.digests)

    def read(self, masked: pl.Series) -> pl.DataFrame:
        """label (accept, reject, neither) and act (one of ACTS) of each masked turn, in their order; a turn without words is neither."""
        silent = masked.str.strip_chars() == ""
        if self.reaction:
            label = self.reaction.predict(masked).zip_with(~silent, _all("neither", len(masked)))
        else:
            label = reaction.reaction(masked)
        act = self._tagged(masked).zip_with(~silent, _all(gold.OTHER, len(masked))) if self.act else acts.act(masked, label)
        return pl.DataFrame({"label": label.alias("label"), "act": act.alias("act")})

    def _tagged(self, masked: pl.Series) -> pl.Series:
        # gold acts have one code for greetings, goodbyes and small talk; which of them it is, the lexicon says
        assert self.act is not None
        tagged = self.act.predict(masked)
        vague = tagged == gold.OTHER
        words = masked.filter(vague)
        manners = acts.act(words, reaction.reaction(words))
        return tagged.scatter(vague.arg_true(), as_gold(manners, keep=True))


LEXICON = Instruments()


def chosen(parameters: dict[str, dict[str, object]]) -> Instruments:
    """The instruments of `{reaction: …, act: …}` as they are kept; empty parameters are the lexicon's. Raises BadInput."""
    made = {name: Classifier.from_json(value) if value else None for name, value in parameters.items()}
    return Instruments(made.get("reaction"), made.get("act"))


def as_gold(act: pl.Series, *, keep: bool = False) -> pl.Series:
    """Acts as gold acts have them, greetings and goodbyes as `other`; with `keep`, greetings and goodbyes alone stay what they are."""
    manners = act.is_in(_MANNERS)
    return act.zip_with(manners if keep else ~manners, _all(gold.OTHER, len(act)))


def _all(value: str, n: int) -> pl.Series:
    return pl.repeat(value, n, dtype=pl.String, eager=True)


FITTING = digest([VERSION, fitted.PARAMETERS])
