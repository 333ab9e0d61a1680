"""A coordinator and its workers over real lines and a real store; models are scripted."""

from __future__ import annotations

import asyncio
import copy
import pickle
import socket
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any

import polars as pl
import pytest

from tests.doors.scripted import PERMANENT, Scripted, request
from understudy.completion import Completion, MissingReply
from understudy.doors import gauge
from understudy.doors.gateway.budget import worst_case
from understudy.doors.gateway.caller import GatewayConfig
from understudy.doors.gateway.gateway import Exchange
from understudy.doors.store import Store
from understudy.doors.workers.asking import Asking
from understudy.doors.workers.calls import LOST
from understudy.doors.workers.coordinator import Coordinator
from understudy.doors.workers.elsewhere import StoreElsewhere
from understudy.doors.workers.gateway import Joining, WorkerExchange
from understudy.errors import BudgetExhausted, ProviderFailed, Stopped, UnderstudyError
from understudy.parameters import Caps

WORST = worst_case(request(0), None).tokens


@dataclass
class Worker:
    """A worker in a thread of this process: its calls, its provider and its store."""

    exchange: WorkerExchange
    provider: Scripted
    questions: Asking
    store: StoreElsewhere

    def asks(self, n: int) -> Future[Completion]:
        """The reply to the n-th request, which is asked for at once."""
        future: Future[Completion] = Future()

        def work() -> None:
            try:
                future.set_result(self.exchange.run(self.exchange.complete(request(n))))
            except BaseException as error:
                future.set_exception(error)

        Thread(target=work, daemon=True).start()
        return future

    def hold(self) -> None:
        """Calls stay in flight from now on."""
        self.provider.gate.clear()

    def free(self) -> None:
        """Calls in flight are answered."""
        self.exchange.on_loop(self.provider.gate.set)

    def cut(self) -> None:
        """What a kill does to a worker: its lines are gone at once."""
        self.exchange.books.ledger._asking._line.close()  # type: ignore[attr-defined]
        self.questions.close()


class Run:
    """A run with a coordinator, and as many workers as a test wants."""

    def __init__(self, path: Path, *, caps: dict[str, Any], concurrency: int) -> None:
        self.closing = ExitStack()
        self.path, self.config = path, GatewayConfig(caps=Caps(**caps), concurrency=concurrency, max_attempts=1)
        self.store = self.closing.enter_context(Store.open(path))
        self.gateway = Exchange(self.config, provider=Scripted(), store_path=path, run_id="run")
        self.closing.callback(self.gateway.close)
        self.coordinator = self.closing.enter_context(
            Coordinator(self.store, self.gateway, facts="facts", host="127.0.0.1", concurrency=concurrency)
        )

    def worker(self, provider: Scripted | None = None) -> Worker:
        """A worker that has joined."""
        ticket, provider = self.coordinator.ticket(0), provider or Scripted()
        address, key = (ticket.host, ticket.port), ticket.key.encode()
        questions = Asking(address, key)
        exchange = WorkerExchange(self.config, joining=Joining(address, key, questions), provider=provider, run_id="run")
        self.closing.callback(exchange.close)
        return Worker(exchange, provider, questions, StoreElsewhere(questions))

    def settlements(self) -> list[dict[str, Any]]:
        """What was written of calls without a reply."""
        return self.rows("select outcome, reason, may_be_charged from play.settlements")

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The rows of a query of the test's own."""
        return self.store._connection.execute(sql).pl().to_dicts()


@pytest.fixture
def make_run(tmp_path: Path) -> Iterator[Any]:
    made: list[Run] = []

    def make(*, concurrency: int = 8, **caps: Any) -> Run:
        made.append(Run(tmp_path / "store.duckdb", caps=caps, concurrency=concurrency))
        return made[-1]

    yield make
    for run in made:
        run.closing.close()


def until(true: Any) -> None:
    """Waits until something is so; a test that waits in vain is ended from outside."""

    async def looked() -> None:
        while not true():
            await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(looked(), 60))


def test_a_reply_is_in_the_store_when_a_worker_gets_it_and_another_worker_is_served(make_run: Any) -> None:
    run = make_run()
    one, other = run.worker(), run.worker()
    assert one.asks(0).result().text == "reply 1"
    assert [row["text"] for row in run.rows("select text from play.completions")] == ["reply 1"]
    assert other.asks(0).result().text == "reply 1"
    assert (one.provider.n_sent, other.provider.n_sent, other.exchange.n_served) == (1, 0, 1)
    assert run.gateway.n_calls == 1


def test_of_two_workers_that_want_one_reply_at_once_one_asks(make_run: Any) -> None:
    run = make_run()
    one, other = run.worker(), run.worker()
    one.hold()
    first = one.asks(0)
    until(lambda: one.provider.in_flight)
    second = other.asks(0)
    one.free()
    assert first.result().text == second.result().text == "reply 1"
    assert other.provider.n_sent == 0


def test_a_worker_asks_where_the_one_that_was_about_to_has_failed(make_run: Any) -> None:
    run = make_run()
    one, other = run.worker(Scripted(PERMANENT)), run.worker()
    one.hold()
    first = one.asks(0)
    until(lambda: one.provider.in_flight)
    second = other.asks(0)
    one.free()
    with pytest.raises(MissingReply):
        first.result()
    assert second.result().text == "reply 1"
    assert [row["outcome"] for row in run.settlements()] == ["failed"]


def test_the_cap_on_calls_holds_over_all_workers(make_run: Any) -> None:
    run = make_run(calls=5)
    workers = [run.worker() for _ in range(3)]
    asked = [workers[n % 3].asks(n) for n in range(12)]
    errors = [future.exception() for future in asked]
    assert sum(worker.provider.n_sent for worker in workers) == 5
    assert sum(isinstance(error, BudgetExhausted) for error in errors) == 7
    assert run.gateway.n_calls == 5


def test_what_a_lease_did_not_use_is_taken_back_and_serves_another_worker(make_run: Any) -> None:
    # room for the worst case of one call beside what two calls cost (15 tokens each)
    run = make_run(tokens=WORST + 30)
    one, other = run.worker(), run.worker()
    for worker, n in ((one, 0), (other, 1), (one, 2)):
        assert worker.asks(n).result().text
    assert run.gateway.tokens == 45
    with pytest.raises(BudgetExhausted):
        other.asks(3).result()


class Slow:
    """A gate at which every call stays for a moment, so that those of several workers are in flight at once."""

    async def wait(self) -> None:
        await asyncio.sleep(0.02)


def test_no_more_calls_are_in_flight_than_the_run_may_have(make_run: Any) -> None:
    run = make_run(concurrency=2)
    provider = Scripted()
    provider.gate = Slow()  # type: ignore[assignment]
    workers = [run.worker(provider), run.worker(provider)]
    for future in [workers[n % 2].asks(n) for n in range(20)]:
        future.result()
    assert provider.most_in_flight <= 2
    assert provider.n_sent == 20


def test_a_worker_that_is_killed_with_a_lease_in_hand_has_spent_its_worst_case(make_run: Any) -> None:
    run = make_run(tokens=2 * WORST)
    one, other = run.worker(), run.worker()
    one.hold()
    one.asks(0)
    until(lambda: one.provider.in_flight)
    waiting = other.asks(0)
    one.cut()
    # it wants the same reply, and may ask for it now
    assert waiting.result().text == "reply 1"
    assert run.settlements() == [{"outcome": "cancelled", "reason": LOST, "may_be_charged": True}]
    assert run.gateway.tokens == WORST + 15
    # the call that was lost may have been charged: what is left is not enough for another one
    with pytest.raises(BudgetExhausted):
        other.asks(1).result()
    assert other.provider.n_sent == 1
    one.free()


def test_what_a_worker_said_of_its_calls_is_counted_once_it_has_caught_up(make_run: Any) -> None:
    run = make_run()
    one = run.worker()
    for n in range(20):
        one.asks(n).result()
        one.exchange.catch_up()
        assert (run.gateway.n_calls, run.gateway.tokens) == (n + 1, 15 * (n + 1))


def test_a_worker_has_caught_up_when_the_run_has_heard_it_and_not_before(make_run: Any) -> None:
    run, hears = make_run(), Event()
    one = run.worker()
    run.gateway.on_loop(hears.wait)
    catching_up = Thread(target=one.exchange.catch_up)
    catching_up.start()
    catching_up.join(0.2)
    assert catching_up.is_alive()
    hears.set()
    catching_up.join()


def test_a_piece_that_another_worker_plays_anew_is_counted_once(make_run: Any) -> None:
    run = make_run()
    workers, seen = [run.worker(), run.worker()], list[gauge.Progress]()
    with gauge.watched(seen.append):
        gauge.planned(2)
        for worker, done in ((workers[0], 1), (workers[1], 0), (workers[1], 1), (workers[1], 2)):
            worker.questions.tell("reached", "piece", done)
            # it is answered after what was said before it
            worker.questions.ask("facts").result()
        assert [one.done for one in seen] == [0, 1, 0, 1, 2]


def test_a_worker_whose_run_has_ended_is_told_so(make_run: Any) -> None:
    run = make_run()
    one = run.worker()
    one.hold()
    asked = one.asks(0)
    until(lambda: one.provider.in_flight)
    run.coordinator.__exit__()
    one.free()
    with pytest.raises(UnderstudyError, match="run that this worker works for has ended"):
        asked.result()


def test_whoever_has_not_the_key_is_told_nothing_and_disturbs_nobody(make_run: Any) -> None:
    run = make_run()
    ticket = run.coordinator.ticket(0)
    with pytest.raises(ProviderFailed, match="cannot be reached"):
        Asking((ticket.host, ticket.port), b"another")
    with socket.create_connection((ticket.host, ticket.port)) as silent:
        silent.sendall(b"\x00\x00\x00\x04junk")
        assert run.worker().asks(0).result().text == "reply 1"


def test_the_key_is_not_shown(make_run: Any) -> None:
    ticket = make_run().coordinator.ticket(3)
    assert ticket.key not in f"{ticket!r} {ticket}"
    assert pickle.loads(pickle.dumps(ticket)) == ticket


def test_a_worker_reads_the_rows_of_queries_and_writes_whole_transactions(make_run: Any) -> None:
    run = make_run()
    store = run.worker().store
    row = {"adaptation_key": "k", "model": "m", "parameter": "p", "value": "v", "instead": ""}

    def broken() -> None:
        with store.transaction():
            store.add("play.adaptations", [row])
            store.add("play.no_such_table", pl.DataFrame({"a": [1]}))

    with pytest.raises(UnderstudyError, match="no_such_table"):
        broken()
    assert run.rows("select * from play.adaptations") == []
    with store.transaction():
        assert store.add("play.adaptations", [row]) == 0
    assert run.store.rows("play/adaptation_keys") == store.rows("play/adaptation_keys") == [{"adaptation_key": "k"}]


def test_a_worker_neither_opens_the_store_nor_runs_sql(make_run: Any) -> None:
    store = make_run().worker().store
    with pytest.raises(UnderstudyError, match="does not open the store"):
        store.digest()
    with pytest.raises(UnderstudyError, match="there is no query"):
        store.rows("select 1")
    with pytest.raises(UnderstudyError, match="a worker asked to copy_to"):
        store._asking.ask("write", [("copy_to", ("/nowhere",), {})]).result()


def test_errors_reach_a_worker_as_they_were_raised() -> None:
    for error in (Stopped(), BudgetExhausted("too much", hint="less")):
        there = pickle.loads(pickle.dumps(error))
        assert (type(there), there.message, there.hint) == (type(error), error.message, error.hint)
        assert copy.copy(there).message == error.message
