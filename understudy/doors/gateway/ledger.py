"""The ledger: every model call is reserved in the store before it is made, and its reply is there before it is used.

One thread owns the connection. It takes whatever is queued, commits it by one statement a table and wakes the waiters, so
batches grow with the load. After a kill nothing but the calls in flight can be paid for again; their reservations are unsettled.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import asdict, astuple, dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from typing import Any

from understudy.completion import Completion, Request
from understudy.doors.gateway.budget import Cost
from understudy.doors.gateway.ledger_tables import (
    ADAPTATIONS,
    COLUMNS,
    COMPLETIONS,
    FAILURES,
    LOCAL_MODELS,
    RESERVATIONS,
    SETTLEMENTS,
    SHARED,
)  # fmt: skip
from understudy.doors.gateway.refusals import Adaptation
from understudy.doors.local.facts import ServedModel
from understudy.doors.store import Store
from understudy.errors import UnderstudyError
from understudy.keys import key

# a commit costs much the same for one row and for fifty, and each takes turns with the event loop, so a batch waits this long
# for company: at 200 ms a call less (measured: 2) costs more calls per second than it saves, and so does more (10)
_GATHER_S = 0.006

@dataclass(frozen=True, slots=True)
class _Write:
    table: str
    row: tuple[Any, ...]
    done: Future[Any]


@dataclass(frozen=True, slots=True)
class _ReadRow:
    completion_key: str
    done: Future[Completion]


Work = Callable[[], None]


def _at_once(work: Work) -> None:
    work()


class Ledger:
    """An open ledger over the store at `store_path`. `now` gives the time of a row; it is in no key and no digest.

    `deliver` wakes those who wait for a batch, all of them in one go: a thread that has to be told of every row by itself
    gets to work on none of them.
    """

    def __init__(
        self, store_path: Path | str, *, run_id: str, now: Callable[[], datetime], deliver: Callable[[Work], object] = _at_once
    ) -> None:
        self._path, self._run_id, self._now, self._deliver = Path(store_path), run_id, now, deliver
        self._queue: SimpleQueue[_Write | _ReadRow | None] = SimpleQueue()
        self._lock = Lock()
        self._error: BaseException | None = None
        self._closed, self._closing = False, Event()
        self._seen: dict[str, list[tuple[str, str]]] = {}
        self._settled: set[str] = set()
        self._adaptations: set[str] = set()
        self._served: set[str] = set()
        opened: Future[set[str]] = Future()
        self._thread = Thread(target=self._work, args=(opened,), name="ledger", daemon=True)
        self._thread.start()
        self._known = opened.result()

    def has(self, completion_key: str) -> bool:
        """Whether the reply is in the store."""
        return completion_key in self._known

    def saw(self, model: str, completion: Completion) -> str | None:
        """What answered under a model's name before, where the reply is of something that never did; None where nothing is new."""
        seen, answered = self._seen.setdefault(model, []), (completion.reported_model, completion.fingerprint)
        if answered in seen:
            return None
        before = " ".join(seen[-1]).strip() if seen else None
        seen.append(answered)
        return before

    def read(self, completion_key: str) -> Future[Completion]:
        """The stored reply of a key that `has` knows."""
        done: Future[Completion] = Future()
        self._put(_ReadRow(completion_key, done))
        return done

    def reserve(self, reservation_id: str, completion_key: str, *, max_tokens: int, max_usd: float | None) -> Future[None]:
        """Done when the reservation is committed: only then may a call be made that somebody can charge for."""
        return self._write(RESERVATIONS, (reservation_id, completion_key, max_tokens, max_usd, self._run_id, self._now()))

    def keep(
        self,
        reservation_id: str | None,
        completion_key: str,
        *,
        request: Request,
        completion: Completion,
        usd: float | None,
        latency_s: float,
    ) -> Future[Completion | None]:
        """Done when the reply is committed, which settles its reservation (None where there was none): only then may it be used.

        Its result is the reply that another process kept first under this key, which is to be used instead; None where there is none.
        """
        reply = (
            completion_key, request.role, request.model, completion.reported_model, completion.engine, completion.text,
            completion.finish_reason, completion.fingerprint, completion.prompt_tokens, completion.completion_tokens,
            completion.intended_act, completion.n_normalised, completion.n_cut_bytes, completion.usage, completion.prompt_is_cut,
            completion.cached_tokens, completion.cache_write_tokens, usd, latency_s, self._now(), reservation_id,
        )  # fmt: skip
        return self._write(COMPLETIONS, reply)

    def failed(self, reservation_id: str, *, reason: str, paid: Cost | None) -> Future[None]:
        """Done when it is committed that a reserved call ended without a reply, and what it cost; `paid` is None where nobody knows."""
        known = (True, None, None) if paid is None else (paid.tokens > 0, paid.tokens, paid.usd)
        return self._write(SETTLEMENTS, self._settled_as(reservation_id, "failed", reason, known))

    def cancelled(self, reservation_id: str, *, reason: str) -> Future[None]:
        """Done when it is committed that a reserved call was stopped in flight; nobody knows whether it is charged."""
        return self._write(SETTLEMENTS, self._settled_as(reservation_id, "cancelled", reason, (True, None, None)))

    def _settled_as(self, reservation_id: str, outcome: str, reason: str, paid: tuple[bool, int | None, float | None]) -> tuple[Any, ...]:
        return (reservation_id, outcome, reason, self._run_id, self._now(), *paid)

    def note_adaptation(self, adaptation: Adaptation) -> None:
        """Keeps, once, what was left out of the requests to a model."""
        name = key("adaptation", 1, **asdict(adaptation))
        if name not in self._adaptations:
            self._adaptations.add(name)
            self._write(ADAPTATIONS, (name, adaptation.model, adaptation.parameter, adaptation.value, adaptation.instead))

    def note_served(self, served: ServedModel) -> None:
        """Keeps, once, which local weights are asked and how they are served; committed no later than their replies."""
        if served.key not in self._served:
            self._served.add(served.key)
            self._write(LOCAL_MODELS, (served.key, *astuple(served)))

    def missed(self, completion_key: str, reason: str) -> None:
        """Keeps, once, that a call ended without a reply, whoever was asked, and why."""
        self._write(FAILURES, (completion_key, reason, self._run_id, self._now()))

    def close(self) -> None:
        """Commits what is queued and closes the store. Raises what the writer met."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._closing.set()
                self._queue.put(None)
        self._thread.join()
        if self._error is not None:
            raise UnderstudyError(f"the ledger could not be written: {self._error}") from self._error

    def _write(self, table: str, row: tuple[Any, ...]) -> Future[Any]:
        done: Future[Any] = Future()
        self._put(_Write(table, row, done))
        return done

    def _put(self, job: _Write | _ReadRow) -> None:
        with self._lock:
            if self._error is not None:
                raise UnderstudyError(f"the ledger could not be written: {self._error}") from self._error
            if self._closed:
                raise UnderstudyError("the ledger is closed")
            self._queue.put(job)

    def _work(self, opened: Future[set[str]]) -> None:
        batch: list[_Write | _ReadRow] = []
        try:
            with Store.open(self._path) as store:
                for row in store.rows("play/fingerprints"):
                    self._seen.setdefault(row["model"], []).append((row["reported_model"], row["fingerprint"]))
                self._adaptations.update(store.frame("play/adaptation_keys")["adaptation_key"])
                opened.set_result(set(store.frame("play/completion_keys")["completion_key"]))
                more = True
                while more:
                    batch, more = self._take()
                    self._commit(store, [job for job in batch if isinstance(job, _Write)])
                    if reads := [job for job in batch if isinstance(job, _ReadRow)]:
                        self._deliver(partial(_resolve, _answers_of(store, reads)))
        except BaseException as error:
            if not opened.done():
                opened.set_exception(error)
                return
            self._fail(batch, error)

    def _take(self) -> tuple[list[_Write | _ReadRow], bool]:
        """All that is queued, at least one job; False with it when the ledger is being closed."""
        batch: list[_Write | _ReadRow] = []
        job = self._queue.get()
        if job is not None:
            self._closing.wait(_GATHER_S)
        while job is not None:
            batch.append(job)
            try:
                job = self._queue.get_nowait()
            except Empty:
                return batch, True
        return batch, False

    def _commit(self, store: Store, writes: list[_Write]) -> None:
        if not writes:
            return
        # Each statement commits by itself: what a batch says of one call stands in one row. Replies come first, so that no
        # reservation is committed before the replies that were handed in before it.
        names = (LOCAL_MODELS, COMPLETIONS, SETTLEMENTS, RESERVATIONS, ADAPTATIONS, FAILURES)
        tables: dict[str, dict[str, tuple[Any, ...]]] = {name: {} for name in names}
        # in a store that others write to, one commit for all tables: what is looked for stays true until then
        with store.transaction() if store.is_shared else nullcontext():
            others = self._kept_by_others(store, writes)
            for write in writes:
                self._sort_in(tables, write)
            for table, rows in tables.items():
                if rows and table in SHARED:
                    store.add(table, [dict(zip(COLUMNS[table], row, strict=True)) for row in rows.values()])
                elif rows:
                    store.insert(table, COLUMNS[table], list(rows.values()))
        self._known.update(tables[COMPLETIONS])
        self._settled.update(tables[SETTLEMENTS])
        self._deliver(partial(_resolve, [(write.done, others.get(write.row[0])) for write in writes]))

    def _kept_by_others(self, store: Store, writes: list[_Write]) -> dict[str, Completion]:
        """Key → the reply that another process kept while ours was on its way, of the replies that are about to be kept."""
        keys = sorted({write.row[0] for write in writes if write.table == COMPLETIONS} - self._known)
        found = _completions_of(store, keys) if keys and store.is_shared else {}
        self._known.update(found)
        return found

    def _sort_in(self, tables: dict[str, dict[str, tuple[Any, ...]]], write: _Write) -> None:
        """Adds a row to its table, once for its key: of two rows with one key the first is kept."""
        name = write.row[0]
        reservation_id = write.row[-1] if write.table == COMPLETIONS else None
        if write.table == SETTLEMENTS and name in self._settled:
            return
        if write.table == COMPLETIONS and (name in self._known or name in tables[COMPLETIONS]):
            if reservation_id is not None:
                row = dict(zip(COLUMNS[COMPLETIONS], write.row, strict=True))
                # the reply that is not kept was paid for all the same
                paid = (True, row["prompt_tokens"] + row["completion_tokens"], row["usd"])
                tables[SETTLEMENTS][reservation_id] = self._settled_as(reservation_id, "done", "the reply was there", paid)
            return
        tables[write.table].setdefault(name, write.row)

    def _fail(self, batch: list[_Write | _ReadRow], error: BaseException) -> None:
        with self._lock:
            self._error = error
            while not self._queue.empty():
                job = self._queue.get()
                batch.extend([job] if job is not None else [])
        self._deliver(partial(_reject, [job.done for job in batch], error))


def _answers_of(store: Store, reads: list[_ReadRow]) -> list[tuple[Future[Any], Any]]:
    found = _completions_of(store, sorted({read.completion_key for read in reads}))
    return [(read.done, found[read.completion_key]) for read in reads]


def _completions_of(store: Store, keys: list[str]) -> dict[str, Completion]:
    return {row.pop("completion_key"): Completion(**row) for row in store.rows("play/completions", keys=keys)}


def _resolve(ended: list[tuple[Future[Any], Any]]) -> None:
    for done, value in ended:
        # a waiter that was cancelled has cancelled its future; the row is committed all the same
        if done.set_running_or_notify_cancel():
            done.set_result(value)


def _reject(waiting: list[Future[Any]], error: BaseException) -> None:
    for done in waiting:
        if not done.done():
            done.set_exception(error)
