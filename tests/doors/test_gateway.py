"""The gateway keeps what is paid for, makes no call twice, holds its caps and stops at a dead provider."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from understudy.completion import Completion, MissingReply, Request
from understudy.doors.gateway import caller
from understudy.doors.gateway.caller import GatewayConfig
from understudy.doors.gateway.calls import CallFailed
from understudy.doors.gateway.gateway import Exchange
from understudy.doors.store import Store
from understudy.errors import BudgetExhausted, ProviderFailed, UnderstudyError
from understudy.parameters import Caps

sys.path.insert(0, str(Path(__file__).parent))
from scripted import PERMANENT, TRANSIENT, Scripted, request


@pytest.fixture(autouse=True)
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caller, "wait_s", lambda *_, **__: 0.0)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store.duckdb"


def exchange(store: Path, provider: Scripted, **config: object) -> Exchange:
    return Exchange(GatewayConfig(**config), provider=provider, store_path=store, run_id="run")  # type: ignore[arg-type]


async def all_of(gateway: Exchange, n: int) -> list[Completion | BaseException]:
    return await asyncio.gather(*(gateway.complete(request(i)) for i in range(n)), return_exceptions=True)


def totals(store: Path) -> dict[str, float]:
    with Store.open(store) as opened:
        return opened.rows("play/ledger_totals")[0]


def outcomes(store: Path) -> list[str]:
    with Store.open(store) as opened:
        return sorted(row[0] for row in opened._connection.execute("select outcome from play.settlements").fetchall())


def test_a_reply_is_in_the_store_before_it_is_used_and_is_served_from_there(store: Path) -> None:
    provider = Scripted()
    with exchange(store, provider) as gateway:
        first = gateway.run(gateway.complete(request()))
        assert totals(store)["n"] == 1
        assert gateway.run(gateway.complete(request())) == first
        assert (gateway.n_calls, gateway.n_served, gateway.tokens) == (1, 1, 15)
        assert gateway.usd == pytest.approx(10e-6 + 5 * 2e-6)
    with exchange(store, provider) as again:
        assert again.run(again.complete(request())) == first
        assert (again.n_calls, again.n_served) == (0, 1)
    assert provider.n_sent == 1


def test_the_same_request_asked_at_once_is_sent_once(store: Path) -> None:
    provider = Scripted()
    with exchange(store, provider) as gateway:

        async def twice() -> list[Completion]:
            return await asyncio.gather(gateway.complete(request()), gateway.complete(request()))

        one, other = gateway.run(twice())
    assert one == other
    assert provider.n_sent == 1


def test_no_more_calls_are_in_flight_than_the_limit(store: Path) -> None:
    provider = Scripted()
    with exchange(store, provider, concurrency=3) as gateway:
        replies = gateway.run(all_of(gateway, 20))
    assert all(isinstance(reply, Completion) for reply in replies)
    assert provider.most_in_flight <= 3


def test_a_model_with_slots_is_sent_as_many_calls_and_the_wait_is_no_part_of_their_time(store: Path) -> None:
    class Slow(Scripted):
        async def send(self, request: Request) -> Completion:
            await asyncio.sleep(0.03)
            return await super().send(request)

    provider = Slow()
    provider.slots_of = {"local/some": 1}
    # all of them together take longer than one may
    with exchange(store, provider, concurrency=32, local_timeout_s=0.25, max_attempts=1) as gateway:

        async def mixed() -> list[Completion]:
            return await asyncio.gather(*(gateway.complete(request(at, "local/some")) for at in range(20)), gateway.complete(request()))

        replies = gateway.run(mixed())
    assert len(replies) == 21
    assert provider.most_in_flight <= 2, "one of the local model, and one of another"


def test_a_transient_failure_is_tried_again_and_each_attempt_is_reserved(store: Path) -> None:
    with exchange(store, Scripted(TRANSIENT, TRANSIENT, "at last")) as gateway:
        assert gateway.run(gateway.complete(request())).text == "at last"
        assert gateway.n_calls == 3
    assert outcomes(store) == ["failed", "failed"]
    assert totals(store)["n"] == 1
    assert totals(store)["n_unknown"] == 0


def test_a_permanent_failure_is_a_missing_reply_at_once_and_makes_no_completion(store: Path) -> None:
    provider = Scripted(PERMANENT)
    with exchange(store, provider) as gateway, pytest.raises(MissingReply, match="400") as told:
        gateway.run(gateway.complete(request()))
    assert told.value.hint == "shorten it"
    assert provider.n_sent == 1
    assert totals(store)["n"] == 0
    assert outcomes(store) == ["failed"]


def test_attempts_run_out(store: Path) -> None:
    provider = Scripted(*[TRANSIENT] * 9)
    with exchange(store, provider, max_attempts=3) as gateway, pytest.raises(MissingReply):
        gateway.run(gateway.complete(request()))
    assert provider.n_sent == 3


def test_a_server_that_asks_for_too_long_a_rest_is_not_waited_for(store: Path) -> None:
    provider = Scripted(CallFailed("429", transient=True, may_be_charged=False, retry_after_s=3600.0))
    with exchange(store, provider) as gateway, pytest.raises(MissingReply):
        gateway.run(gateway.complete(request()))
    assert provider.n_sent == 1


def test_failed_calls_in_a_row_open_the_breaker_for_the_run(store: Path) -> None:
    provider = Scripted(*[PERMANENT] * 50)
    with exchange(store, provider, breaker_after=4, concurrency=1) as gateway:
        replies = gateway.run(all_of(gateway, 10))
        assert [type(reply) for reply in replies] == [MissingReply] * 4 + [ProviderFailed] * 6
        with pytest.raises(ProviderFailed, match="4 calls in a row"):
            gateway.run(gateway.complete(request(99)))
    assert provider.n_sent == 4


TOO_LONG = CallFailed("the prompt is too long", transient=False, may_be_charged=False, hint="shorten it", in_a_row=3)


def test_prompts_that_are_all_too_long_end_the_run_before_ten_are_lost(store: Path) -> None:
    provider = Scripted(*[TOO_LONG] * 50)
    with exchange(store, provider, concurrency=1) as gateway:
        replies = gateway.run(all_of(gateway, 10))
        assert [type(reply) for reply in replies] == [MissingReply] * 3 + [ProviderFailed] * 7
        assert {reply.hint for reply in replies if isinstance(reply, ProviderFailed)} == {"shorten it"}
        assert "the prompt is too long" in str(replies[-1])
    assert provider.n_sent == 3


@pytest.mark.parametrize("before", ["a reply", TRANSIENT])
def test_prompts_of_which_some_are_too_long_are_missing_one_by_one(store: Path, before: str | CallFailed) -> None:
    script = [before, TOO_LONG, TOO_LONG, *([TOO_LONG, "a reply"] if isinstance(before, str) else [before, TOO_LONG, "a reply"])]
    provider = Scripted(*script)
    with exchange(store, provider, concurrency=1, max_attempts=1) as gateway:
        replies = gateway.run(all_of(gateway, len(script)))
    assert provider.n_sent == len(script)
    assert isinstance(replies[-1], Completion)


def test_the_failure_of_a_model_and_of_its_fallback_are_both_told(store: Path) -> None:
    other = CallFailed("no credit", transient=False, may_be_charged=False, in_a_row=1)
    fallbacks = {"seeker": ("openai/other",)}
    with exchange(store, Scripted(PERMANENT, other), fallbacks=fallbacks) as gateway, pytest.raises(MissingReply) as told:
        gateway.run(gateway.complete(request()))
    assert "400" in told.value.message
    assert "the fallback failed too: no credit" in told.value.message
    assert told.value.hint == "shorten it"


def test_a_success_between_failures_keeps_the_breaker_closed(store: Path) -> None:
    script = [step for _ in range(4) for step in (PERMANENT, PERMANENT, "fine")]
    with exchange(store, Scripted(*script), breaker_after=3, concurrency=1) as gateway:
        replies = gateway.run(all_of(gateway, 12))
    assert [isinstance(reply, Completion) for reply in replies] == [False, False, True] * 4


@pytest.mark.parametrize("caps", [Caps(calls=5), Caps(tokens=700), Caps(usd=0.0007)])
def test_a_cap_is_never_passed_and_what_was_paid_for_is_kept(store: Path, caps: Caps) -> None:
    provider = Scripted()
    with exchange(store, provider, caps=caps, concurrency=4) as gateway:
        replies = gateway.run(all_of(gateway, 100))
        assert gateway.n_calls == provider.n_sent
        assert gateway.tokens <= (caps.tokens or 10**9)
        assert (gateway.usd or 0.0) <= (caps.usd or 1.0)
    n_kept = sum(isinstance(reply, Completion) for reply in replies)
    assert 0 < n_kept < 100
    assert sum(isinstance(reply, BudgetExhausted) for reply in replies) == 100 - n_kept
    assert totals(store)["n"] == n_kept


def test_an_unknown_price_is_said_and_not_counted_as_nothing(store: Path) -> None:
    with exchange(store, Scripted(known_price=False)) as gateway:
        gateway.run(gateway.complete(request()))
        assert gateway.usd is None
    assert totals(store)["n_unpriced"] == 1


def test_a_cap_on_money_is_refused_where_the_price_is_unknown(store: Path) -> None:
    with (
        exchange(store, Scripted(known_price=False), caps=Caps(usd=1.0)) as gateway,
        pytest.raises(UnderstudyError, match="price"),
    ):
        gateway.run(gateway.complete(request()))


def test_a_cap_on_dialogues_ends_them(store: Path) -> None:
    with exchange(store, Scripted(), caps=Caps(dialogues=2)) as gateway:
        gateway.count_dialogue()
        gateway.count_dialogue()
        with pytest.raises(BudgetExhausted, match="2 dialogues"):
            gateway.count_dialogue()


def test_a_caller_that_goes_away_does_not_lose_the_paid_reply(store: Path) -> None:
    provider = Scripted()
    with exchange(store, provider) as gateway:

        async def leave() -> None:
            provider.gate.clear()
            waiting = asyncio.create_task(gateway.complete(request()))
            while provider.in_flight == 0:
                await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            provider.gate.set()

        gateway.run(leave())
    assert totals(store)["n"] == 1


def test_a_stop_from_outside_cancels_what_is_in_flight(store: Path) -> None:
    provider = Scripted()

    async def start(gateway: Exchange) -> asyncio.Task[Completion]:
        provider.gate.clear()
        waiting = asyncio.create_task(gateway.complete(request()))
        while provider.in_flight == 0:
            await asyncio.sleep(0)
        return waiting

    def interrupted() -> None:
        with exchange(store, provider, timeout_s=3600.0) as gateway:
            gateway.run(start(gateway))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert outcomes(store) == ["cancelled"]


def test_a_call_without_an_answer_in_time_fails(store: Path) -> None:
    provider = Scripted()
    with exchange(store, provider, timeout_s=0.01, max_attempts=2) as gateway:

        async def never() -> Completion:
            provider.gate.clear()
            return await gateway.complete(request())

        with pytest.raises(MissingReply, match="no answer within"):
            gateway.run(never())
    assert provider.n_sent == 2


def test_work_that_takes_too_long_ends_as_a_failed_provider(store: Path) -> None:
    with exchange(store, Scripted()) as gateway, pytest.raises(ProviderFailed, match="not finished within"):
        gateway.run(asyncio.sleep(3600), timeout_s=0.01)
