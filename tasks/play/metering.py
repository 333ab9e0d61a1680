"""What a piece of work costs: calls are marked as they are made, so that the bill holds over every process that worked on it."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from understudy.completion import Completion, Request
from understudy.doors.gateway.gateway import Exchange
from understudy.doors.gateway.llm import n_tokens
from understudy.doors.store import Store
from understudy.parameters import Caps
from understudy.play.dialogue import Played
from understudy.play.scene import Scene
from understudy.play.turn import Tally, next_turn
from understudy.prompt import template
from understudy.records import Measured, Turn
from understudy.statistics.rates import Z
from understudy.tasks.play.opened import OpenRun
from understudy.tasks.play.scenes import scenes_of
from understudy.tasks.play.work import Work

Fields = dict[str, Any]
# of a prompt and of a dialogue: enough for a mean, few enough to be read again
N_READ = 20
_NOT_METERED = "it was played by a command that does not record its cost"


@dataclass(frozen=True, slots=True)
class Spent:
    """Calls made, tokens of both directions and money; `usd` is None where a price is not known. Unknown calls at their worst."""

    n_calls: int = 0
    tokens: int = 0
    usd: float | None = 0.0
    n_unknown: int = 0

    def __add__(self, other: Spent) -> Spent:
        usd = None if self.usd is None or other.usd is None else self.usd + other.usd
        return Spent(self.n_calls + other.n_calls, self.tokens + other.tokens, usd, self.n_unknown + other.n_unknown)

    def left_of(self, caps: Caps) -> Caps | None:
        """What of `caps` on money, tokens and calls is left; None where nothing is. Caps on time and dialogues are of one process."""
        left = {"tokens": (caps.tokens, self.tokens), "calls": (caps.calls, self.n_calls), "usd": (caps.usd, self.usd or 0.0)}
        rest = {name: cap - used for name, (cap, used) in left.items() if cap is not None}
        return None if any(value <= 0 for value in rest.values()) else caps.model_copy(update=rest)


@contextmanager
def metered(opened: OpenRun, work: str) -> Iterator[None]:
    """Calls made in the block are billed to `work`. A block without calls leaves no row; one in another ends the other's bill."""
    gateway, store = opened.gateway, opened.store
    n_before, position = gateway.n_calls, _mark(opened, work, "")
    try:
        yield
    finally:
        if gateway.n_calls > n_before:
            _mark(opened, "", "")
        else:
            with store.transaction():
                store.apply("play/drop_mark", run_id=gateway.run_id, position=position)


def pays(opened: OpenRun, owner: str) -> None:
    """From here on every call of the run is billed to `owner` too."""
    _mark(opened, "", owner)


def spent_on(store: Store, *, work: str | None = None, owner: str | None = None) -> Spent:
    """The bill of a piece of work, or of all that a study paid for, over every process so far."""
    total = Spent()
    for row in store.rows("play/spent"):
        if (work is None or row["work"] == work) and (owner is None or row["owner"] == owner):
            usd = None if row["n_unpriced"] else row["usd"] + row["unknown_usd"]
            total += Spent(row["n_calls"], row["tokens"] + row["unknown_tokens"], usd, row["n_unknown"])
    return total


def spent_by(gateway: Exchange) -> Spent:
    """What the models of a run have been asked so far."""
    return Spent(gateway.n_calls, gateway.tokens, gateway.usd)


def bill(spent: Spent, *, was_played: bool) -> Fields:
    """`n_calls, tokens, usd` of a piece of work as figures; without a metered call unknown, if it was played at all."""
    if spent.n_calls == 0 and was_played:
        unknown = {"value": None, "reason": _NOT_METERED}
        return {"n_calls": unknown, "tokens": unknown, "usd": unknown, "n_unknown": 0}
    usd = {"value": spent.usd} if spent.usd is not None else {"value": None, "reason": "the price is not known"}
    return {"n_calls": {"value": spent.n_calls}, "tokens": {"value": spent.tokens}, "usd": usd, "n_unknown": spent.n_unknown}


def prompt_tokens(opened: OpenRun, work: Work) -> Measured:
    """Tokens of the system prompt at the start of a free run: the mean over some of the panel's scenarios, and their range."""
    scenes = [scene for scene in scenes_of(opened, work) if scene.mode == "free"][:N_READ]
    told = [template.system_prompt(one.genome, one.need, exemplars=one.exemplars, target=one.target) for one in scenes]
    if not told:
        return Measured(None, reason="there is no free run")
    counts = [n_tokens(text) for text in told]
    return Measured(statistics.mean(counts), min(counts), max(counts), len(counts))


def dialogue_cost(opened: OpenRun, work: Work, played: Sequence[Played]) -> tuple[Measured, Measured]:
    """Tokens (both directions) and USD of the seeker's side of a free run, by the first of those that came to an end.

    Every call is asked for again in the words in which it was made, so the ledger answers and nothing is paid.
    """
    ended = {one.play_key: one for one in played if one.mode == "free" and one.status in ("complete", "capped")}
    scenes = [scene for scene in scenes_of(opened, work) if scene.play_key in ended][:N_READ]
    if not scenes:
        return Measured(None, reason="no free run has ended"), Measured(None, reason="no free run has ended")
    asked = [_asked_again(opened.gateway, scene, ended[scene.play_key]) for scene in scenes]
    rows = opened.store.rows("play/completion_costs", completion_keys=sorted({key for keys in asked for key in keys}))
    known = {row["completion_key"]: row for row in rows}
    costs = [[known[key] for key in keys] for keys in asked]
    tokens = _mean([float(sum(row["tokens"] for row in one)) for one in costs])
    if any(row["usd"] is None for one in costs for row in one):
        return tokens, Measured(None, n=len(costs), reason="the price is not known")
    return tokens, _mean([sum(row["usd"] for row in one) for one in costs])


def _asked_again(gateway: Exchange, scene: Scene, played: Played) -> list[str]:
    keys = list[str]()

    async def noting(request: Request) -> Completion:
        keys.append(request.key)
        return await gateway.complete(request)

    async def turns() -> None:
        said = [Turn(turn.role, turn.text, 1, turn.item_ids) for turn in played.turns]
        for index, turn in enumerate(said):
            if turn.role == "seeker":
                await next_turn(scene, said[:index], index, Tally(noting))

    gateway.run(turns())
    return keys


def _mean(values: Sequence[float]) -> Measured:
    mean = statistics.mean(values)
    radius = Z * statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0.0
    return Measured(mean, max(0.0, mean - radius), mean + radius, len(values))


def _mark(opened: OpenRun, work: str, owner: str) -> int:
    position = next(opened.marks)
    made_at = datetime.now(UTC).replace(tzinfo=None)
    row = {"run_id": opened.gateway.run_id, "position": position, "owner": owner, "work": work, "made_at": made_at}
    opened.store.add("play.marks", [row])
    return position
