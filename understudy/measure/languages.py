"""What is not measured because an instrument does not read the language, or because the two sides write in different ones.

The part of an objective that needs the instrument leaves it with its reason, as a part that does not apply; an objective of which
nothing else is left, or which compares words of two languages, is not measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from understudy.instruments.language import Languages
from understudy.measure.reference import Observed, Reference
from understudy.measure.values import ObjectiveValue, required
from understudy.records import Measured


@dataclass(frozen=True, slots=True)
class Unread:
    """Instrument → why it does not read one of the sides, and why it does not read the humans; empty where it does.

    `words`: why words of the two sides are not compared.
    """

    either: Mapping[str, str]
    humans: Mapping[str, str]
    words: str

    @classmethod
    def of(cls, ours: Languages, reference: Reference) -> Unread:
        """What is not read of simulated dialogues in these languages and of the humans they are held against."""
        reads, humans = reference.instruments_read, reference.languages
        theirs = {name: humans.unread_by(known) for name, known in reads.items()}
        either = {name: ours.unread_by(known) or theirs[name] for name, known in reads.items()}
        return cls(either, theirs, ours.apart_from(humans))

    def by_part(self, read_by: Mapping[str, str], compares: Sequence[str]) -> dict[str, str]:
        """Part → why it is not measured. `read_by`: part → instrument; `compares`: parts that compare words."""
        apart = dict.fromkeys(compares, self.words) if self.words else {}
        return {**apart, **{part: why for part, name in read_by.items() if (why := self.either[name])}}


def without_unread(value: ObjectiveValue, unread: Unread, *, read_by: Mapping[str, str], compares: Sequence[str]) -> ObjectiveValue:
    """The objective without the parts that are not read; not measured where nothing is left, or words of two languages were compared."""
    gone = unread.by_part(read_by, compares)
    if not gone:
        return value
    nothing = {part: Measured(None, n=value.measured.n, reason=why) for part, why in gone.items()}
    humans = {part: Measured(None, reason=why) for part, name in read_by.items() if (why := unread.humans[name])}
    kept = [part for part in value.signed if part not in gone and part not in value.left_out]
    told = replace(
        value, parts={**value.parts, **nothing}, signed={**value.signed, **{part: nothing[part] for part in gone if part in value.signed}},
        human={**value.human, **humans}, own={part: one for part, one in value.own.items() if part not in gone},
    )  # fmt: skip
    if all(part in value.left_out for part in gone):
        return told
    why = unread.words if set(compares) & gone.keys() else next(iter(gone.values())) if not kept else required(told.signed, kept)
    if why:
        return replace(told, measured=replace(value.measured, value=None, lo=None, hi=None, reason=why), replicates=(), terms={})
    return _over(told, kept)


def _over(value: ObjectiveValue, kept: Sequence[str]) -> ObjectiveValue:
    if value.terms:
        return value.over(kept)
    parts = np.array([value.parts[name].value for name in kept], dtype=float)
    found = float(parts.mean() if value.pooled == "mean" else parts.sum())
    left_out = tuple(name for name in value.parts if name not in kept)
    return replace(value, measured=replace(value.measured, value=found, lo=found, hi=found, reason=""), left_out=left_out)


def figures_read(figures: Mapping[str, Measured], unread: Mapping[str, str], *, words: str = "") -> dict[str, Measured]:
    """Figures, of which those that rest on an instrument that does not read the language are not measured.

    `unread`: as `Unread.either` or, of the humans' own figures, `Unread.humans`; `words`: why words of the sides are not compared.
    """
    return {name: Measured(None, reason=why) if (why := _why(name, unread, words)) else one for name, one in figures.items()}


_BY_REACTION = ("accept_", "reject_", "neither_", "over_acceptance", "decoy_acceptance", "disliked_acceptance", "item_agreement")
_BY_NAME = {"act_entropy": "act", "title": "disclosure", "attributes": "disclosure"}
_BY_WORDS = ("fluency", "fidelity", "classifier_auc")


def _why(name: str, unread: Mapping[str, str], words: str) -> str:
    if name in _BY_WORDS:
        return words
    instrument = "reaction" if name.startswith(_BY_REACTION) else _BY_NAME.get(name.removeprefix("human_"), "")
    return unread.get(instrument, "")


def humans_unread(reference: Reference) -> dict[str, str]:
    """Instrument → why it does not read the humans; empty where it does."""
    return dict(Unread.of(Languages(), reference).humans)


def unread_of(observed: Observed, reference: Reference) -> Unread:
    """What is not read of these dialogues and these humans."""
    return Unread.of(observed.languages, reference)
