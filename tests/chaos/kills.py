"""`kill -9` at moments of a night, with rehearsal and with a paid model in flight; then the same command again."""

from __future__ import annotations

from multiprocessing import get_context
from pathlib import Path

from tests.chaos.night import Strike
from tests.chaos.nights import (
    CONCURRENCY,
    MOMENTS,
    MOMENTS_PAID,
    NOTHING,
    PLAYED,
    PROFILED,
    SEARCHED,
    Paid,
    begun,
    ledger_of,
    night,
    preload,
    prepared,
    same,
    served,
    whole,
)
from tests.chaos.results import Missed, Result, keep, kept, require

N_RUNNERS = 4
_FORK = get_context("fork")
_ORDER = (PLAYED, SEARCHED, PROFILED, NOTHING)
Moments = tuple[tuple[str, Strike], ...]
REHEARSAL, PAID = "kills, rehearsal", "kills, paid model in flight"


def run(folder: Path) -> None:
    """All moments that have no result yet, some nights at a time: first with rehearsal, then with a paid model."""
    preload()
    whole(prepared(folder / "base"), "rehearsal")
    _all(folder, REHEARSAL, MOMENTS)
    (folder / "base-paid").mkdir(exist_ok=True)
    with served(folder / "base-paid") as paid:
        whole(prepared(folder / "base-paid", paid), "paid", paid)
    _all(folder, PAID, MOMENTS_PAID)


def _all(folder: Path, section: str, moments: Moments) -> None:
    runners = [_FORK.Process(target=_part, args=(folder, section, moments, place)) for place in range(N_RUNNERS)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()


def _part(folder: Path, section: str, moments: Moments, place: int) -> None:
    """Every N_RUNNERS-th moment, the late ones first, which take the least time."""
    own = folder / f"runner-{place}"
    own.mkdir(exist_ok=True)
    places = sorted(range(place, len(moments), N_RUNNERS), key=lambda at: _ORDER.index(moments[at][0]))
    if section == REHEARSAL:
        for at in places:
            _one(section, moments, own, folder / "base", at, None)
        return
    with served(own) as paid:
        for at in places:
            _one(section, moments, own, folder / "base-paid", at, paid)


def named(strike: Strike) -> str:
    """The moment in words."""
    return f"{'after' if strike.after else 'before'} {strike.at} {strike.nth}"


def _one(section: str, moments: Moments, folder: Path, base: Path, at: int, paid: Paid | None) -> None:
    state, strike = moments[at]
    name = f"{at + 1:02}: {named(strike)}"
    if f"{section}/{name}" in kept():
        return
    own = begun(folder / "night", base, state)
    try:
        told, n_held = _tried(own, base, strike, paid, state), 1
    except Missed as error:
        told, n_held = str(error), 0
    keep(Result(section, name, 1, n_held, told))
    print(f"{section}: {name}: {told}", flush=True)


def _tried(own: Path, base: Path, strike: Strike, paid: Paid | None, state: str) -> str:
    undisturbed = whole(base, "paid" if paid else "rehearsal", paid)
    before = paid.n_seen if paid else 0
    killed = night(own, strike, paid=paid)
    require(killed.is_killed, f"was not killed: {killed.code} {killed.errors[-300:]}")
    n_first = paid.n_seen - before if paid else 0
    again = night(own, paid=paid)
    same(again, undisturbed, own)
    if paid is None:
        return f"same release and store; {again.answer['n_model_calls']} calls afterwards"
    start, end = ledger_of(base, state), again.answer["ledger"]
    n_all = paid.n_seen - before
    n_twice, n_unknown = n_all - (end["n"] - start["n"]), end["n_unknown"] - start["n_unknown"]
    require(0 <= n_twice <= CONCURRENCY, f"{n_twice} calls were paid twice, with {CONCURRENCY} in flight at most")
    require(n_unknown <= CONCURRENCY, f"{n_unknown} reservations are unknown")
    return f"same release and store; the server saw {n_first} calls, then {n_all - n_first}; {n_twice} twice, {n_unknown} unknown"
