"""Which instruments read both sides: the shipped ones, of reactions and of acts, or what an older profile was made with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeVar

import polars as pl

from understudy.errors import BadInput
from understudy.instruments import acts, fitted, gold, reaction
from understudy.instruments.fitted import Classifier
from understudy.instruments.shipped import acts as shipped_acts
from understudy.instruments.shipped import figures, model
from understudy.instruments.shipped.model import Shipped
from understudy.instruments.text import Titles, without_farewells, without_stops
from understudy.keys import digest

VERSION = 3
Kind = Literal["shipped", "fitted", "lexicon"]
_MANNERS = ("greet", "close")
# seekers' turns: the recommender's turn before ("" where there is none), and the seeker's
ANSWERS = {"answered": pl.String, "text": pl.String}
_SHIPPED = "shipped"
_Instrument = TypeVar("_Instrument", Shipped, Classifier)


@dataclass(frozen=True)
class Instruments:
    """A reaction model and an act tagger; None is the lexicon. Not slotted: the digest is kept."""

    reaction: Shipped | Classifier | None = None
    act: Classifier | None = None

    @property
    def kinds(self) -> dict[str, Kind]:
        """reaction and act → shipped, fitted or lexicon."""
        reads_reactions: Kind = "fitted" if self.reaction else "lexicon"
        tags: Kind = "fitted" if self.act else "lexicon"
        is_shipped = self.act is not None and self.act.digest == shipped_acts.tagger().digest
        return {
            "reaction": "shipped" if isinstance(self.reaction, Shipped) else reads_reactions,
            "act": "shipped" if is_shipped else tags,
        }

    @property
    def reads(self) -> dict[str, tuple[str, ...]]:
        """reaction and act → the languages that it reads."""
        kinds = self.kinds
        reactions = {"shipped": model.READS, "fitted": fitted.READS, "lexicon": reaction.READS}
        tags = {"shipped": shipped_acts.READS, "fitted": fitted.READS, "lexicon": acts.READS}
        return {"reaction": reactions[kinds["reaction"]], "act": tags[kinds["act"]]}

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

    def described(self) -> dict[str, dict[str, Any]]:
        """reaction and act → kind, digest, languages that it reads, and macro-F1 by register where it was measured beforehand."""
        error = {"reaction": figures.macro_f1, "act": shipped_acts.macro_f1}
        return {
            name: {
                "kind": kind, "digest": self.digests[name], "languages": list(self.reads[name]),
                "macro_f1": error[name]() if kind == _SHIPPED else {},
            }
            for name, kind in self.kinds.items()
        }  # fmt: skip

    def reactions(self, turns: pl.DataFrame, titles: Titles) -> pl.Series:
        """accept, reject or neither for each of the seekers' turns (ANSWERS), in their order; a turn without words is neither.

        Fitted models and the lexicon read the seeker's turn alone, with its titles masked. Raises BadInput where the weights of the
        shipped instrument are not installed.
        """
        if isinstance(self.reaction, Shipped):
            return self.reaction.labels(turns["answered"], turns["text"])
        masked = without_stops(turns.select(titles.masked("text")).to_series())
        if self.reaction is None:
            return reaction.reaction(masked)
        silent = without_farewells(masked).str.strip_chars() == ""
        return self.reaction.predict(masked).zip_with(~silent, _all("neither", len(masked)))

    def acts(self, masked: pl.Series) -> pl.Series:
        """The act (one of ACTS) of each masked turn, in their order; a turn without words is other, stop tokens are none."""
        masked = without_stops(masked)
        if self.act is None:
            return acts.act(masked, reaction.reaction(masked))
        silent = masked.str.strip_chars() == ""
        return self._tagged(self.act, masked).zip_with(~silent, _all(gold.OTHER, len(masked)))

    def _tagged(self, tagger: Classifier, masked: pl.Series) -> pl.Series:
        # gold acts have one code for greetings, goodbyes and small talk; which of them it is, the lexicon says
        tagged = tagger.predict(masked)
        vague = tagged == gold.OTHER
        words = masked.filter(vague)
        manners = acts.act(words, reaction.reaction(words))
        return tagged.scatter(vague.arg_true(), as_gold(manners, keep=True))


LEXICON = Instruments()


def chosen(parameters: dict[str, dict[str, object]]) -> Instruments:
    """The instruments of `{reaction: …, act: …}` as they are kept; empty parameters are the lexicon's. Raises BadInput."""
    kept = parameters.get("reaction", {})
    act = parameters.get("act", {})
    read = _same("reaction", kept, model.shipped()) if _SHIPPED in kept else Classifier.from_json(kept) if kept else None
    tags = _same("act", act, shipped_acts.tagger()) if _SHIPPED in act else Classifier.from_json(act) if act else None
    return Instruments(read, tags)


def kept_shipped() -> dict[str, dict[str, object]]:
    """reaction and act → the parameters under which a profile keeps the shipped instrument: its name and its digest."""
    return {
        "reaction": {_SHIPPED: model.NAME, "digest": model.shipped().digest},
        "act": {_SHIPPED: shipped_acts.NAME, "digest": shipped_acts.tagger().digest},
    }


def _same(name: str, kept: dict[str, object], found: _Instrument) -> _Instrument:
    if kept["digest"] != found.digest:
        raise BadInput(
            f"the profile was made with the {name} instrument {str(kept['digest'])[:12]}, and this version ships {found.digest[:12]}",
            hint="run `understudy profile` again",
        )
    return found


def as_gold(act: pl.Series, *, keep: bool = False) -> pl.Series:
    """Acts as gold acts have them, greetings and goodbyes as `other`; with `keep`, greetings and goodbyes alone stay what they are."""
    manners = act.is_in(_MANNERS)
    return act.zip_with(manners if keep else ~manners, _all(gold.OTHER, len(act)))


def _all(value: str, n: int) -> pl.Series:
    return pl.repeat(value, n, dtype=pl.String, eager=True)


FITTING = digest([VERSION, fitted.PARAMETERS])
