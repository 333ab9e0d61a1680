"""The planner: from the state of a conversation and the dials of a prompt to the plan of the next turn."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import numpy as np

from understudy.keys import digest, rng_of
from understudy.policy import VERSION, fitting, moments, suits
from understudy.policy.fitted import REACTIONS, FittedPolicy
from understudy.policy.moments import ACCEPT, Moment, ReadActs, moment_of, own_turns, suggested
from understudy.policy.plans import TurnPlan
from understudy.policy.suits import Suits
from understudy.prompt.dials import PolicyDials
from understudy.prompt.template import attributes
from understudy.records import Item, Need, Turn

Outcome = TypeVar("Outcome")
_N_KEPT = 50_000


@dataclass(frozen=True, slots=True)
class PlanningPoint:
    """Where a turn is planned: what the seeker is told and has heard. `target`: the item whose attributes it is told, else None.

    `draws`: what the draws hang on, which is scenario, replicate and turn and never the prompt, so that prompts share their luck.
    """

    need: Need
    history: Sequence[Turn]
    target: Item | None
    draws: tuple[str | int, ...]


@dataclass(frozen=True)
class Planner:
    """A fitted policy over a catalogue. Not slotted: the acts of turns that come back with every later turn are kept."""

    fitted: FittedPolicy
    suits: Suits
    items: Mapping[str, Item]
    read_acts: ReadActs
    instrument: str
    """The digest of what reads acts."""
    _acts: dict[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def digest(self) -> str:
        """32 hex digits over all that plans hang on but the dials."""
        parts = [VERSION, fitting.VERSION, moments.VERSION, suits.VERSION, self.fitted.digest, self.instrument]
        return digest(["planner", *parts])[:32]

    def plan(self, point: PlanningPoint, dials: PolicyDials) -> TurnPlan:
        """The plan of the next turn; the same for the same point and dials."""
        rng = rng_of("policy", VERSION, *point.draws)
        u_move, u_length, u_told, u_end = (float(u) for u in rng.random(4))
        moment = self.moment(point)
        act, _, reaction = _drawn(shifted(self.fitted.chances(moment), dials), u_move).partition("/")
        n_told = _drawn(_tilted(self.fitted.chances_told(act), dials), u_told)
        chance = _moved(self.fitted.chance_of_end(act, moment), dials.ending)
        words = max(1, round(self.fitted.length(act, u_length) * dials.length))
        wishes, has_offer = self._wishes(point, n_told, rng), moment.setting in ("one", "offers")
        return TurnPlan(act, reaction, words, wishes, ends=u_end < chance, has_offer=has_offer)

    def moment(self, point: PlanningPoint) -> Moment:
        """What the seeker knows at a point."""
        offered = suggested(point.history)
        labels = [self.items[one].label for one in offered if one in self.items]
        return moment_of(point.history, point.need, labels=labels, suits=self.suits, acts=self._acts_of(own_turns(point.history)))

    def _acts_of(self, said: Sequence[str]) -> list[str]:
        new = [text for text in dict.fromkeys(said) if text not in self._acts]
        if new:
            if len(self._acts) > _N_KEPT:
                self._acts.clear()
                new = list(dict.fromkeys(said))
            self._acts.update(zip(new, self.read_acts(new), strict=True))
        return [self._acts[text] for text in said]

    def _wishes(self, point: PlanningPoint, n: int, rng: np.random.Generator) -> tuple[str, ...]:
        """`n` wishes that the seeker has not told yet, or as many as are left."""
        told = " ".join(own_turns(point.history)).casefold()
        known = [*point.need.genres, *point.need.people, *point.need.liked, *(attributes(point.target) if point.target else ())]
        left = [wish for wish in dict.fromkeys(known) if wish.removeprefix("with ").removeprefix("from the ").casefold() not in told]
        return tuple(left[int(place)] for place in sorted(rng.permutation(len(left))[:n]))


def shifted(chances: Mapping[str, float], dials: PolicyDials) -> dict[str, float]:
    """The chances of moves as the dials bend them: sharpened within each reaction, then with the odds of acceptance moved."""
    by_reaction: dict[str, float] = dict.fromkeys(REACTIONS, 0.0)
    sharp = {move: chance**dials.sharpness for move, chance in chances.items()}
    inside: dict[str, float] = dict.fromkeys(REACTIONS, 0.0)
    for move, chance in chances.items():
        by_reaction[_reaction(move)] += chance
        inside[_reaction(move)] += sharp[move]
    if 0 < by_reaction[ACCEPT] < 1:
        accepted = _moved(by_reaction[ACCEPT], dials.acceptance)
        rest = (1 - accepted) / (1 - by_reaction[ACCEPT])
        by_reaction = {name: accepted if name == ACCEPT else share * rest for name, share in by_reaction.items()}
    return {move: by_reaction[_reaction(move)] * sharp[move] / inside[_reaction(move)] for move in chances if inside[_reaction(move)] > 0}


def _tilted(chances: Sequence[float], dials: PolicyDials) -> dict[int, float]:
    weights = {n: chance * math.exp(dials.telling * n) for n, chance in enumerate(chances)}
    total = sum(weights.values())
    return {n: weight / total for n, weight in weights.items()}


def _moved(chance: float, logits: float) -> float:
    """A chance with its log-odds moved; 0 and 1 stay."""
    if chance <= 0 or chance >= 1:
        return chance
    return 1 / (1 + math.exp(-(math.log(chance / (1 - chance)) + logits)))


def _drawn(chances: Mapping[Outcome, float], u: float) -> Outcome:
    """The outcome at the share `u` of the chances in their order; there is one at least."""
    reached = 0.0
    *before, last = chances
    for outcome in before:
        reached += chances[outcome]
        if u < reached:
            return outcome
    return last


def _reaction(move: str) -> str:
    return move.partition("/")[2]
