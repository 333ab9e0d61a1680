"""A plan: what the seeker does in its next turn, before anybody words it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TurnPlan:
    """`act` and `reaction` as the instruments name them, the number of words, the wishes to be told, whether the seeker leaves after it.

    `has_offer`: something was just suggested, which the act can be about.
    """

    act: str
    reaction: str
    n_words: int
    wishes: tuple[str, ...] = ()
    ends: bool = False
    has_offer: bool = True

    @property
    def text(self) -> str:
        """The plan as it is kept beside a turn: act/reaction/words/wishes told/`end` or `on`; the wishes are not in it."""
        return f"{self.act}/{self.reaction}/{self.n_words}/{len(self.wishes)}/{'end' if self.ends else 'on'}"
