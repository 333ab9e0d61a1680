"""What a seeker knows when its turn comes: what was just done, what it did before, whether it knows the item and how that fits.

The same function reads human dialogues, on which the policy is fitted, and the conversations that are played.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from understudy.policy.suits import Suits
from understudy.prompt.template import Stage, stage_of
from understudy.records import Need, Turn

VERSION = 1
START = "start"
ACCEPT = "accept"
Setting = Literal["opening", "ask", "chat", "one", "offers"]
ReadActs = Callable[[Sequence[str]], Sequence[str]]
"""The acts of a seeker's turns, in their order, by the instrument that measures both humans and simulators."""
# titles that were all named before are talked about and not suggested
_WITHOUT_OFFER: Mapping[Stage, Setting] = {"opening": "opening", "ask": "ask", "chat": "chat", "recommend": "chat"}
_BUCKETS = (0, 1, 2, 3, 5, 8)


@dataclass(frozen=True, slots=True)
class Moment:
    """The state that the policy is conditioned on.

    `setting`: `one` where the recommender has just suggested exactly one new item, `offers` for several. `previous`: the act of the
    seeker's last turn. `seen`: whether it knows what was suggested; `fit` in [0, 1], None where nobody can tell.
    """

    setting: Setting
    previous: str
    n_said: int
    has_accepted: bool
    seen: bool = False
    fit: float | None = None

    @property
    def turn(self) -> int:
        """The bucket of the number of turns that the seeker has said before: 0, 1, 2, 3–4, 5–7, 8 and more."""
        return max(place for place, least in enumerate(_BUCKETS) if self.n_said >= least)


def moment_of(history: Sequence[Turn], need: Need, *, labels: Sequence[str], suits: Suits, acts: Sequence[str]) -> Moment:
    """The moment after `history`. `acts`: of the seeker's turns in it; `labels`: of the items just suggested."""
    stage, offered = stage_of(history), suggested(history)
    previous, n_said, has_accepted = acts[-1] if acts else START, len(acts), ACCEPT in acts
    if stage != "recommend" or not offered:
        return Moment(_WITHOUT_OFFER[stage], previous, n_said, has_accepted)
    fits = [found for one in offered if (found := suits.fit(need, one)) is not None]
    seen = all(label in need.seen for label in labels) and bool(labels)
    setting: Setting = "one" if len(offered) == 1 else "offers"
    return Moment(setting, previous, n_said, has_accepted, seen, max(fits, default=None))


def suggested(history: Sequence[Turn]) -> list[str]:
    """The items that the last turn, the recommender's, names for the first time."""
    if not history or history[-1].role != "recommender":
        return []
    before = {item_id for turn in history[:-1] for item_id in turn.item_ids}
    return [item_id for item_id in dict.fromkeys(history[-1].item_ids) if item_id not in before]


def own_turns(history: Sequence[Turn]) -> list[str]:
    """What the seeker has said so far; a turn without words is none."""
    return [turn.text for turn in history if turn.role == "seeker" and turn.text]
