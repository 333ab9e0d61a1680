"""The estimate of a run before it is made: calls, tokens, cost and minutes, each with a range. No model is called.

Ranges are extremes multiplied: the lower end takes every assumption at its low end, the upper at its high one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from understudy.completion import ModelRole
from understudy.doors.gateway.budget import Price

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Estimate:
    """An expected value between two bounds."""

    value: float
    lo: float
    hi: float

    @classmethod
    def exactly(cls, value: float) -> Estimate:
        """A figure that is known."""
        return cls(value, value, value)

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(self.value + other.value, self.lo + other.lo, self.hi + other.hi)

    def __mul__(self, other: Estimate | float) -> Estimate:
        by = other if isinstance(other, Estimate) else Estimate.exactly(other)
        return Estimate(self.value * by.value, self.lo * by.lo, self.hi * by.hi)

    def at_least(self, other: Estimate) -> Estimate:
        """The larger of the two, bound by bound."""
        return Estimate(max(self.value, other.value), max(self.lo, other.lo), max(self.hi, other.hi))

    def as_json(self, digits: int = 0) -> Fields:
        """`{value, range}`, rounded."""
        kept = [round(part, digits) if digits else round(part) for part in (self.value, self.lo, self.hi)]
        return {"value": kept[0], "range": kept[1:]}


NONE = Estimate.exactly(0.0)


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of a run: `n_evaluations` of `n_replays` replays and `n_free` free runs each; a free run has `turns` seeker turns.

    `n_rewritings`: sections of prompts that a critic is asked to rewrite beside them. `n_questions`: what is asked outside of dialogues.
    `spread`: the share by which the replays may be fewer or more, where it is not known yet which dialogues are replayed.
    """

    name: str
    n_evaluations: Estimate
    n_replays: float
    n_free: float
    turns: Estimate
    n_rewritings: Estimate = NONE
    n_questions: Estimate = NONE
    spread: float = 0.0

    @property
    def replays(self) -> Estimate:
        """Replays of one evaluation."""
        return Estimate(1.0, 1.0 - self.spread, 1.0 + self.spread) * self.n_replays

    @property
    def n_seeker_turns(self) -> Estimate:
        """Turns that a seeker has to take."""
        return self.n_evaluations * (self.turns * self.n_free + self.replays)

    @property
    def n_recommender_turns(self) -> Estimate:
        """Turns that a recommender has to take."""
        return self.n_evaluations * (self.turns * self.n_free)

    @property
    def n_runs(self) -> Estimate:
        """Free runs."""
        return self.n_evaluations * self.n_free

    @property
    def n_dialogues(self) -> Estimate:
        """Replays and free runs."""
        return self.n_evaluations * (self.replays + Estimate.exactly(self.n_free))


@dataclass(frozen=True, slots=True)
class RoleCalls:
    """The calls of one role: how many a turn, how long, at what price, how many seconds each. `source` says where this is from.

    `cached`: the share of the prompt's tokens that the server is expected to have in its cache; None where nothing is known of it.
    `per_run`: those that a free run asks for once it is over; `per_rewriting`: those of a critic for each section; `per_question`: those
    of a question outside of dialogues.
    """

    model: str
    per_turn: Estimate
    prompt_tokens: Estimate
    reply_tokens: Estimate
    latency_s: Estimate
    price: Price | None
    source: str
    per_run: Estimate = NONE
    per_rewriting: Estimate = NONE
    per_question: Estimate = NONE
    cached: Estimate | None = None

    @property
    def tokens(self) -> Estimate:
        """Of one call, both directions."""
        return self.prompt_tokens + self.reply_tokens

    @property
    def cached_fields(self) -> Fields:
        """The expected share of cached prompt tokens as the answer has it."""
        return {"value": None, "reason": "no call in the ledger reports it"} if self.cached is None else self.cached.as_json(3)

    @property
    def usd(self) -> Estimate | None:
        """Of one call; None where the price is not known."""
        if self.price is None:
            return None
        full, cached = self.price.of(1, 0), self.price.of(1, 0, cached=1)
        share = self.cached or NONE
        # the more is cached the less is paid, so the ends change places
        a_token = Estimate(*(full - part * (full - cached) for part in (share.value, share.hi, share.lo)))
        return self.prompt_tokens * a_token + self.reply_tokens * self.price.reply


@dataclass(frozen=True, slots=True)
class StageGroup:
    """Stages whose calls are of the same kinds: those of one prompt setting, or of a probe. `name` says which, where there are several."""

    name: str
    stages: Sequence[Stage]
    calls: Mapping[ModelRole, RoleCalls]


@dataclass(frozen=True, slots=True)
class Way:
    """How calls go out, and what our own work takes: seconds of a call, of an evaluation, of the start."""

    concurrency: int
    rpm: int | None
    tpm: int | None
    call_s: Estimate
    evaluation_s: Estimate
    start_s: Estimate


def estimated(parts: Sequence[StageGroup], way: Way) -> Fields:
    """The fields of `understudy estimate`: per stage and in all `n_dialogues, n_free_runs, n_calls, tokens, usd, minutes`."""
    rows = [{"part": part.name, **_stage(stage, part.calls, way)} for part in parts for stage in part.stages]
    unknown = sorted({one.model for part in parts for one in part.calls.values() if one.price is None})
    usd = sum((row["usd"] for row in rows if row["usd"] is not None), NONE)
    reason = f"the price of {', '.join(unknown)} is not known; give it with --price IN,OUT"
    whole: Fields = {name: sum((row[name] for row in rows), NONE) for name in ("n_dialogues", "n_free_runs", "n_calls", "tokens")}
    minutes = sum((row["seconds"] for row in rows), way.start_s) * (1 / 60)
    return {
        **{name: figure.as_json() for name, figure in whole.items()},
        "usd": {"value": None, "reason": reason} if unknown else usd.as_json(4),
        "minutes": minutes.as_json(2),
        "stages": [_row(row) for row in rows],
    }


def _stage(stage: Stage, calls: Mapping[ModelRole, RoleCalls], way: Way) -> Fields:
    turns = {role: stage.n_recommender_turns if role == "recommender" else stage.n_seeker_turns for role in calls}
    n_calls = {
        role: turns[role] * one.per_turn
        + stage.n_runs * one.per_run
        + stage.n_rewritings * one.per_rewriting
        + stage.n_questions * one.per_question
        for role, one in calls.items()
    }
    tokens = sum((n_calls[role] * one.tokens for role, one in calls.items()), NONE)
    costs = [None if one.usd is None else n_calls[role] * one.usd for role, one in calls.items()]
    all_calls = sum(n_calls.values(), NONE)
    waiting = sum((n_calls[role] * one.latency_s for role, one in calls.items()), NONE) * (1 / way.concurrency)
    # the longest dialogue of an evaluation is played turn by turn
    a_turn = sum((one.per_turn * one.latency_s for one in calls.values()), NONE)
    afterwards = sum((one.per_run * one.latency_s for one in calls.values()), NONE)
    longest = a_turn * stage.turns + afterwards if stage.n_free else a_turn
    seconds = waiting.at_least(longest).at_least(all_calls * way.call_s)
    if way.rpm:
        seconds = seconds.at_least(all_calls * (60 / way.rpm))
    if way.tpm:
        seconds = seconds.at_least(tokens * (60 / way.tpm))
    return {
        "stage": stage.name,
        "n_evaluations": stage.n_evaluations,
        "n_dialogues": stage.n_dialogues,
        "n_free_runs": stage.n_runs,
        "n_calls": all_calls,
        "tokens": tokens,
        "usd": None if any(cost is None for cost in costs) else sum((cost for cost in costs if cost is not None), NONE),
        "seconds": seconds + stage.n_evaluations * way.evaluation_s,
    }


def _row(row: Fields) -> Fields:
    told = {name: row[name].as_json() for name in ("n_evaluations", "n_dialogues", "n_free_runs", "n_calls", "tokens")}
    usd = {"value": None, "reason": "unknown price"} if row["usd"] is None else row["usd"].as_json(4)
    part = {"part": row["part"]} if row["part"] else {}
    return {**part, "stage": row["stage"], **told, "usd": usd, "minutes": (row["seconds"] * (1 / 60)).as_json(2)}
