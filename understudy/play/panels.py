"""Panels: which contexts and scenarios one evaluation plays. Stratified with equal allocation, seeded, rotating.

A fixed panel lets a search fit its noise, so panel after panel takes the next slice of one seeded order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, count
from typing import Any, Literal

from understudy.errors import BadInput
from understudy.keys import key, share_of
from understudy.records import DECOY, STRATA, Context, Scenario

VERSION = 1
Kind = Literal["reactions", "behaviour", "free"]
# model calls of one piece, as they are counted where a panel is divided: in the sample a seeker has about four turns in a dialogue
# that is replayed whole, and a free run takes eight calls of its seeker
CALLS: Mapping[Kind, int] = {"reactions": 1, "behaviour": 4, "free": 8}
# of the dialogues of a batch. A release has to stay within one in a hundred after a tenth of the batch went to quarantine
MOST_OF_ONE_SEEKER = 0.009
NO_SCENARIO = "this split has no scenario that could be played"
NO_SCENARIO_HINT = (
    "a scenario needs an item that the recommender suggests and that the seeker's form calls unseen and liked or, in a log "
    "without forms, that the seeker accepts. Ingest a catalogue under the same --dataset where the log tags no items; "
    "`understudy profile --json` counts what was found under splits and suggestions"
)


@dataclass(frozen=True, slots=True)
class Panel:
    """What is to be played: reaction contexts, dialogues whose every seeker turn is replayed, free runs with their replicate.

    `replicate` is that of the replays.
    """

    reactions: tuple[str, ...]
    behaviour: tuple[str, ...]
    free: tuple[tuple[str, int], ...]
    replicate: int = 0

    @property
    def key(self) -> str:
        """The content key of the panel."""
        return key("panel", VERSION, reactions=self.reactions, behaviour=self.behaviour, free=self.free, replicate=self.replicate)


def divided(panel: Panel, n_calls: int) -> list[Panel]:
    """Panels of about `n_calls` calls each (CALLS), whose pieces together are those of `panel`, each once and in its order."""
    pieces: list[tuple[Kind, Any]] = [(kind, piece) for kind in CALLS for piece in getattr(panel, kind)]
    parts: dict[int, dict[Kind, list[Any]]] = {}
    for (kind, piece), until in zip(pieces, accumulate(CALLS[kind] for kind, _ in pieces), strict=True):
        parts.setdefault((until - 1) // n_calls, {one: [] for one in CALLS})[kind].append(piece)
    return [Panel(**{kind: tuple(mine) for kind, mine in part.items()}, replicate=panel.replicate) for part in parts.values()]


def draw_panel(
    contexts: Iterable[Context],
    scenarios: Iterable[Scenario],
    *,
    per_stratum: int,
    n_behaviour: int,
    n_free: int,
    seed: int,
    rotation: int = 0,
    replicate: int = 0,
) -> Panel:
    """The panel of one rotation: the same number from every stratum and from the decoys, or all that there are.

    Dialogues with fewer than two seeker turns say nothing of how turns follow each other and are not replayed whole.
    Where `n_free` is more than there are scenarios, they are played again as the next replicate.
    """
    known = list(contexts)
    reactions: list[str] = []
    for stratum in (*STRATA, DECOY):
        ids = [one.context_id for one in known if one.stratum == stratum]
        reactions += _slice(ids, per_stratum, f"reaction/{stratum}", seed, rotation)
    n_turns: dict[str, int] = {}
    for one in known:
        if one.stratum is None:
            n_turns[one.dialogue_id] = n_turns.get(one.dialogue_id, 0) + 1
    behaviour = _slice([one for one, n in n_turns.items() if n >= 2], n_behaviour, "behaviour", seed, rotation)
    free = _repeated([one.scenario_id for one in scenarios], n_free, seed, rotation, replicate)
    return Panel(tuple(reactions), tuple(behaviour), free, replicate)


def draw_free(
    scenarios: Iterable[Scenario], seekers: Mapping[str, str], n: int, *, seed: int, replicate: int = 0
) -> tuple[tuple[str, int], ...]:
    """`n` free runs for a release, each scenario with its replicate, so that no seeker stands for much of it.

    `seekers`: dialogue id → seeker id. Scenarios come in one seeded order, again and again; one whose seeker has as many dialogues as
    one may have is passed over. That is MOST_OF_ONE_SEEKER of them, and where there are too few seekers for that, as many as an even
    division asks for.
    """
    own = {one.scenario_id: seekers.get(one.dialogue_id, one.dialogue_id) for one in scenarios}
    order = _order(own, "free", seed)
    if not n:
        return ()
    if not order:
        raise BadInput(NO_SCENARIO, hint=NO_SCENARIO_HINT)
    most = max(int(MOST_OF_ONE_SEEKER * n), -(-n // len(set(own.values()))))
    drawn: list[tuple[str, int]] = []
    taken: Counter[str] = Counter()
    for again in count():
        for scenario in order:
            if len(drawn) == n:
                return tuple(drawn)
            if taken[own[scenario]] < most:
                taken[own[scenario]] += 1
                drawn.append((scenario, replicate + again))
    raise AssertionError("unreachable: every round draws at least one")


def _slice(ids: Sequence[str], n: int, name: str, seed: int, rotation: int) -> list[str]:
    order = _order(ids, name, seed)
    if n >= len(order):
        return order
    start = rotation * n % len(order)
    return (order + order)[start : start + n]


def _repeated(ids: Sequence[str], n: int, seed: int, rotation: int, replicate: int) -> tuple[tuple[str, int], ...]:
    if n and not ids:
        raise BadInput(NO_SCENARIO, hint=NO_SCENARIO_HINT)
    order = _order(ids, "free", seed)
    start = rotation * n
    places = range(start, start + n)
    # a scenario that comes round within one panel is another replicate; one that comes round later is not
    return tuple((order[place % len(order)], replicate + (place - start) // len(order)) for place in places)


def _order(ids: Iterable[str], name: str, seed: int) -> list[str]:
    return sorted(set(ids), key=lambda one: (share_of("panel", VERSION, seed, name, one), one))
