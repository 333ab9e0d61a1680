"""The fitted policy: counts of what people did in each state, and the chances that follow from them.

A rare state borrows from the state without its finest condition: p = (n · share + BORROWED · p of the coarser state) / (n + BORROWED),
Dirichlet smoothing with the coarser state as its mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from understudy.keys import digest
from understudy.policy.moments import Moment

VERSION = 1
BORROWED = 10.0
QUANTILES = tuple(place / 20 for place in range(21))
# reactions in the order in which chances are laid out, so that a shift of acceptance moves along one draw
REACTIONS = ("accept", "neither", "none", "reject")
MOST_TOLD = 3
Counts = Mapping[str, float]


@dataclass(frozen=True)
class FittedPolicy:
    """Not slotted: sums over states are kept.

    `edges`: thirds of the fit of suggested items on `exemplar`, empty where too few were known. `moves`: state → act/reaction → turns.
    `lengths`: act → words of a turn at QUANTILES. `wishes_told`: act → number of wishes told → turns. `ends`: act, turn, accepted before →
    (last turns, turns).
    """

    edges: tuple[float, ...]
    moves: Mapping[str, Mapping[str, int]]
    lengths: Mapping[str, tuple[float, ...]]
    wishes_told: Mapping[str, tuple[int, ...]]
    ends: Mapping[str, tuple[int, int]]
    n_turns: int

    @cached_property
    def digest(self) -> str:
        """64 hex digits over the content."""
        return digest({"version": VERSION, **self.as_json()})

    def as_json(self) -> dict[str, Any]:
        """Plain JSON from which `from_json` makes an equal policy."""
        return {
            "edges": list(self.edges), "moves": {name: dict(of) for name, of in self.moves.items()},
            "lengths": {name: list(of) for name, of in self.lengths.items()},
            "wishes_told": {name: list(of) for name, of in self.wishes_told.items()},
            "ends": {name: list(of) for name, of in self.ends.items()}, "n_turns": self.n_turns,
        }  # fmt: skip

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> FittedPolicy:
        """The policy that `as_json` described."""
        return cls(
            tuple(value["edges"]), value["moves"], {name: tuple(of) for name, of in value["lengths"].items()},
            {name: tuple(of) for name, of in value["wishes_told"].items()}, {name: (of[0], of[1]) for name, of in value["ends"].items()},
            value["n_turns"],
        )  # fmt: skip

    def chances(self, moment: Moment) -> dict[str, float]:
        """act/reaction → its chance; they sum to 1. In a setting that nobody was in, those of all settings."""
        views = views_of(moment, self.edges)
        known = self._views.get(views[0]) or self._views[""]
        total = sum(known.values())
        chances = {move: n / total for move, n in sorted(known.items(), key=lambda one: _place(one[0]))}
        for view in views[1:]:
            here = self._views.get(view, {})
            n = sum(here.values())
            chances = {move: (here.get(move, 0.0) + BORROWED * chance) / (n + BORROWED) for move, chance in chances.items()}
        return chances

    def length(self, act: str, u: float) -> float:
        """Words of a turn of this act at the share `u` of people's turns."""
        at = u * (len(QUANTILES) - 1)
        low = min(int(at), len(QUANTILES) - 2)
        known = self.lengths.get(act) or self.lengths[""]
        return known[low] + (at - low) * (known[low + 1] - known[low])

    def chances_told(self, act: str) -> list[float]:
        """The chances of telling 0, 1, …, MOST_TOLD wishes and more in a turn of this act."""
        overall, known = self.wishes_told[""], self.wishes_told.get(act, (0,) * (MOST_TOLD + 1))
        n, total = sum(known), sum(overall)
        return [(one + BORROWED * every / total) / (n + BORROWED) for one, every in zip(known, overall, strict=True)]

    def chance_of_end(self, act: str, moment: Moment) -> float:
        """The chance that a turn of this act is the seeker's last one."""
        chance = 0.0
        for n_before, view in enumerate(end_views(act, moment)):
            last, n = self.ends.get(view, (0, 0))
            chance = (last + BORROWED * chance) / (n + BORROWED) if n_before else last / n
        return chance

    @cached_property
    def _views(self) -> dict[str, dict[str, float]]:
        """Moves by every view of a state, from the coarsest."""
        views: dict[str, dict[str, float]] = {}
        for state, of in self.moves.items():
            parts = state.split("|")
            for view in ("", *("|".join(parts[:n]) for n in (1, 3, 4, 5))):
                found = views.setdefault(view, {})
                for move, n in of.items():
                    found[move] = found.get(move, 0.0) + n
        return views


def state_of(moment: Moment, edges: Sequence[float]) -> str:
    """The state of a moment: setting | seen | fit | previous act | turn."""
    is_offer = moment.setting in ("one", "offers")
    seen = ("seen" if moment.seen else "new") if is_offer else "-"
    return "|".join((moment.setting, seen, bin_of(moment.fit, edges) if is_offer else "-", moment.previous, str(moment.turn)))


def views_of(moment: Moment, edges: Sequence[float]) -> tuple[str, str, str, str]:
    """The state of a moment from its coarsest view to the finest: setting; seen and fit; previous act; turn."""
    parts = state_of(moment, edges).split("|")
    return (parts[0], "|".join(parts[:3]), "|".join(parts[:4]), "|".join(parts))


def end_views(act: str, moment: Moment) -> tuple[str, str, str, str]:
    """The states in which a turn may be the last one, from the coarsest."""
    accepted = "accepted" if moment.has_accepted else "open"
    return ("", accepted, f"{accepted}|{act}", f"{accepted}|{act}|{moment.turn}")


def bin_of(fit: float | None, edges: Sequence[float]) -> str:
    """The third in which a fit lies; `unknown` where there is none."""
    return "unknown" if fit is None or not edges else str(sum(fit > edge for edge in edges))


def move_of(act: str, reaction: str) -> str:
    """What a turn does: its act, and what it makes of the one item that was suggested (`none` where there was not one)."""
    return f"{act}/{reaction}"


def _place(move: str) -> tuple[int, str]:
    return REACTIONS.index(move.partition("/")[2]), move
