"""The ledger: order of commits, what a failing store does to its callers."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import pytest

from understudy.completion import Completion, Message, Request
from understudy.doors import migrations
from understudy.doors.gateway import ledger as module
from understudy.doors.gateway import ledger_tables
from understudy.doors.gateway.budget import Cost
from understudy.doors.gateway.ledger import Ledger
from understudy.doors.store import Store
from understudy.errors import StoreBusy, UnderstudyError

NOW = datetime(2026, 1, 1)
REQUEST = Request("seeker", "openai/some", (Message("user", "hi"),), 0.7, 1.0, 50, 1)
REPLY = Completion("hello", "m", "m", "stop", "", 3, 4, "greet")


def opened(path: Path) -> Ledger:
    return Ledger(path, run_id="run", now=lambda: NOW)


def test_a_kept_reply_is_found_by_the_next_run(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    ledger = opened(path)
    ledger.reserve("r1", REQUEST.key, max_tokens=60, max_usd=None).result()
    assert not ledger.has(REQUEST.key)
    ledger.keep("r1", REQUEST.key, request=REQUEST, completion=REPLY, usd=None, latency_s=0.1).result()
    assert ledger.has(REQUEST.key)
    ledger.close()
    again = opened(path)
    assert again.read(REQUEST.key).result() == REPLY
    again.close()


def test_an_empty_reply_of_before_keeps_its_cost_and_frees_its_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, path = tmp_path / "before", tmp_path / "s.duckdb"
    before.mkdir()
    for migration in (one for one in migrations.MIGRATIONS.glob("*.sql") if one.name < "0100"):
        shutil.copy(migration, before)
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "MIGRATIONS", before)
        with Store.open(path) as store:
            columns = ("role", "model", "reported_model", "engine", "finish_reason", "fingerprint")
            row = {**dict.fromkeys(columns, "m"), "prompt_tokens": 6, "completion_tokens": 160, "latency_s": 0.1, "made_at": NOW}
            texts = {REQUEST.key: " ", "another": "hello"}
            store.add("play.completions", [{**row, "completion_key": key, "text": text} for key, text in texts.items()])
    ledger = opened(path)
    assert (ledger.has(REQUEST.key), ledger.has("another")) == (False, True)
    assert ledger.read("another").result().usage is None
    ledger.keep(None, REQUEST.key, request=REQUEST, completion=REPLY, usd=None, latency_s=0.1).result()
    ledger.close()
    with Store.open(path) as store:
        totals = store.rows("play/ledger_totals")[0]
    assert (totals["n"], totals["n_unrecorded"], totals["tokens"]) == (3, 2, 2 * 166 + 7)


def test_a_call_without_a_reply_is_kept_with_its_cost_or_as_unknown(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    ledger = opened(path)
    for name, paid in (("r1", Cost(0, 0.0)), ("r2", Cost(70, 0.2)), ("r3", None)):
        ledger.reserve(name, REQUEST.key, max_tokens=100, max_usd=1.0).result()
        ledger.failed(name, reason="500", paid=paid).result()
    ledger.close()
    with Store.open(path) as store:
        totals = store.rows("play/ledger_totals")[0]
    found = {name: totals[name] for name in ("n_failed", "n_failed_unknown", "failed_tokens", "failed_usd", "n_unknown")}
    assert found == {"n_failed": 3, "n_failed_unknown": 1, "failed_tokens": 70, "failed_usd": 0.2, "n_unknown": 0}


def test_a_reservation_without_a_settlement_is_unknown(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    ledger = opened(path)
    ledger.reserve("r1", REQUEST.key, max_tokens=60, max_usd=0.1).result()
    ledger.reserve("r2", REQUEST.key, max_tokens=60, max_usd=0.1).result()
    ledger.failed("r2", reason="500", paid=None).result()
    ledger.close()
    with Store.open(path) as store:
        assert store.rows("play/ledger_totals")[0]["n_unknown"] == 1


def test_a_reply_settles_its_reservation_and_one_that_is_there_already_is_kept_once(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    ledger = opened(path)
    later = Completion("another", "m", "m", "stop", "", 3, 4, "greet")
    for reservation, reply in (("r1", REPLY), ("r2", later)):
        ledger.reserve(reservation, REQUEST.key, max_tokens=60, max_usd=None).result()
        ledger.keep(reservation, REQUEST.key, request=REQUEST, completion=reply, usd=None, latency_s=0.1).result()
    ledger.cancelled("r2", reason="said twice").result()
    assert ledger.read(REQUEST.key).result() == REPLY
    ledger.close()
    with Store.open(path) as store:
        totals = store.rows("play/ledger_totals")[0]
        assert (totals["n"], totals["n_duplicate_keys"], totals["n_unknown"]) == (1, 0, 0)
        assert store._connection.execute("select reservation_id, outcome from play.settlements").fetchall() == [("r2", "done")]


def test_closing_commits_what_is_queued(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    ledger = opened(path)
    for i in range(500):
        ledger.reserve(f"r{i}", REQUEST.key, max_tokens=60, max_usd=0.1)
    ledger.close()
    with Store.open(path) as store:
        assert store.counts()["play.reservations"] == 500


def test_a_writer_that_fails_is_heard_by_waiters_by_the_next_put_and_at_close(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = opened(tmp_path / "s.duckdb")
    monkeypatch.setitem(ledger_tables.COLUMNS, "play.reservations", ("no_such_column", *ledger_tables.COLUMNS["play.reservations"][1:]))
    with pytest.raises(Exception, match="no_such_column"):
        ledger.reserve("r1", REQUEST.key, max_tokens=60, max_usd=0.1).result()
    ledger._thread.join()
    with pytest.raises(UnderstudyError, match="could not be written"):
        ledger.failed("r1", reason="", paid=None)
    with pytest.raises(UnderstudyError, match="could not be written"):
        ledger.close()


def test_nothing_is_taken_after_closing(tmp_path: Path) -> None:
    ledger = opened(tmp_path / "s.duckdb")
    ledger.close()
    with pytest.raises(UnderstudyError, match="closed"):
        ledger.failed("r1", reason="", paid=None)


def test_a_store_that_cannot_be_opened_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object, **__: object) -> Store:
        raise StoreBusy("another process has the store open")

    monkeypatch.setattr(module.Store, "open", busy)
    with pytest.raises(StoreBusy):
        opened(tmp_path / "s.duckdb")
