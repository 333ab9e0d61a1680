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
    def beside_act(self) -> str:
        """The reaction where the act does not say it already, else empty."""
        return "" if self.act == self.reaction else self.reaction

    @property
    def text(self) -> str:
        """The plan as it is kept beside a turn: act/reaction/words/wishes told/`end` or `on`; the wishes are not in it."""
        return f"{self.act}/{self.reaction}/{self.n_words}/{len(self.wishes)}/{'end' if self.ends else 'on'}"


def act_and_reaction(text: str) -> tuple[str, str]:
    """The act and the reaction of a plan as it is kept beside a turn."""
    act, reaction, *_ = text.split("/")
    return act, reaction
