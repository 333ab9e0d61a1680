"""A bill holds over processes: calls fall to the work that was marked, calls in flight count at their worst, caps shrink by it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from understudy.doors.store import Store
from understudy.parameters import Caps
from understudy.tasks.play.metering import Spent, bill, spent_on

START = datetime(2026, 1, 1)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "s.duckdb")


def mark(store: Store, run: str, position: int, work: str, seconds: float, owner: str = "") -> None:
    store.add("play.marks", [{"run_id": run, "position": position, "owner": owner, "work": work, "made_at": at(seconds)}])


def call(
    store: Store, name: str, seconds: float, *, run: str | None = None, usd: float | None = 0.5, ended: str = "answered", **paid: Any
) -> None:
    """A call of 10 tokens; without a run it is one of the embedded model."""
    if run is not None:
        row = {"reservation_id": name, "completion_key": name, "max_tokens": 100, "max_usd": 2.0, "run_id": run, "made_at": at(seconds)}
        store.add("play.reservations", [row])
    if ended == "answered":
        completion: dict[str, Any] = {
            "completion_key": name, "role": "seeker", "model": "m", "reported_model": "m", "engine": "m", "text": "", "finish_reason": "",
            "fingerprint": "", "prompt_tokens": 6, "completion_tokens": 4, "usd": usd, "latency_s": 0.1, "made_at": at(seconds + 0.5),
            "reservation_id": name if run else None,
        }  # fmt: skip
        store.add("play.completions", [completion])
    elif ended != "unknown":
        settlement = {"reservation_id": name, "outcome": ended, "reason": "refused", "run_id": run, "made_at": at(seconds + 0.5)}
        store.add("play.settlements", [settlement | {("usd" if name == "usd_paid" else name): value for name, value in paid.items()}])


def test_calls_fall_to_the_span_they_were_made_in_over_two_processes(store: Store) -> None:
    mark(store, "one", 0, "", 0, owner="study")
    mark(store, "one", 1, "search", 10)
    call(store, "a", 5, run="one")
    call(store, "b", 11, run="one")
    call(store, "c", 12, run="one", ended="unknown")
    # killed; another process goes on, and a third run that is nobody's
    mark(store, "two", 0, "", 100, owner="study")
    mark(store, "two", 1, "search", 101)
    call(store, "d", 102, run="two")
    mark(store, "two", 2, "", 110)
    call(store, "e", 111, run="two")
    call(store, "f", 200, run="three")
    search = spent_on(store, work="search")
    assert (search.n_calls, search.n_unknown) == (3, 1)
    assert search.tokens == 10 + 10 + 100
    assert search.usd == pytest.approx(0.5 + 0.5 + 2.0)
    assert spent_on(store, owner="study").n_calls == 5


def test_embedded_calls_fall_to_their_span_by_time(store: Store) -> None:
    mark(store, "one", 0, "search", 0)
    call(store, "a", 1, usd=0.0)
    mark(store, "one", 1, "", 5)
    call(store, "b", 6, usd=0.0)
    assert spent_on(store, work="search") == Spent(1, 10, 0.0, 0)


def test_a_call_that_was_refused_costs_nothing_and_one_that_was_cancelled_its_worst(store: Store) -> None:
    mark(store, "one", 0, "w", 0)
    call(store, "a", 1, run="one", ended="failed")
    assert spent_on(store, work="w").usd == 0.0
    call(store, "b", 2, run="one", ended="cancelled")
    assert spent_on(store, work="w").usd == 2.0


def test_a_failed_call_costs_what_was_paid_for_it_or_its_worst_where_nobody_knows(store: Store) -> None:
    mark(store, "one", 0, "w", 0)
    call(store, "a", 1, run="one", ended="failed", may_be_charged=True, tokens=70, usd_paid=0.2)
    assert spent_on(store, work="w") == Spent(1, 70, 0.2, 0)
    call(store, "b", 2, run="one", ended="failed", may_be_charged=True, tokens=None)
    assert spent_on(store, work="w") == Spent(2, 170, 2.2, 1)
    call(store, "c", 3, run="one", ended="failed", may_be_charged=False, tokens=0)
    assert spent_on(store, work="w") == Spent(3, 170, 2.2, 1)


def test_a_call_of_before_that_never_answered_counts_at_its_worst(store: Store) -> None:
    mark(store, "one", 0, "w", 0)
    call(store, "a", 1, run="one", ended="failed", reason="there was no answer within 60 s")
    assert spent_on(store, work="w") == Spent(1, 100, 2.0, 1)


def test_an_unpriced_call_makes_the_sum_unknown(store: Store) -> None:
    mark(store, "one", 0, "w", 0)
    call(store, "a", 1, run="one", usd=None)
    spent = spent_on(store, work="w")
    assert spent.usd is None
    assert bill(spent, was_played=True)["usd"] == {"value": None, "reason": "the price is not known"}


def test_caps_shrink_by_what_was_spent_until_nothing_is_left() -> None:
    left = Spent(10, 500, 1.5).left_of(Caps(usd=2.0, calls=11, tokens=600, minutes=3))
    assert left is not None
    assert (left.usd, left.calls, left.tokens, left.minutes) == (0.5, 1, 100, 3)
    assert Spent(10, 500, 2.0).left_of(Caps(usd=2.0)) is None
    assert Spent(10, 500, 2.0).left_of(Caps()) == Caps()


def test_what_was_played_without_a_meter_is_unknown_and_not_nothing() -> None:
    assert bill(Spent(), was_played=True)["n_calls"]["value"] is None
    assert bill(Spent(), was_played=False)["n_calls"] == {"value": 0}
