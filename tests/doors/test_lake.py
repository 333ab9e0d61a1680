"""A store on DuckLake, with its catalogue in SQLite and in PostgreSQL: the same rows, keys and digest as in a file, and several writers."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from threading import Thread

import duckdb
import polars as pl
import pytest

from tests.doors.lakes import HARD, MEMBERS, SIZES, TURNS, fill, size, turns
from understudy.doors import lake_tables, migrations
from understudy.doors.copies import moved, snapshot
from understudy.doors.lake import INLINED, LakeEngine
from understudy.doors.store import Store
from understudy.errors import BadInput, UnderstudyError
from understudy.tasks.publish.outcomes import end_unfinished

pytestmark = pytest.mark.integration

WRITER = """
import sys
from understudy.doors.store import Store
address, name = sys.argv[1:]
with Store.open(address) as store:
    print("open", flush=True)
    sys.stdin.readline()
    new = 0
    for start in range(0, 60, 6):
        rows = [{"batch_key": str(n), "play_key": "p"} for n in range(start, start + 6)]
        new += store.add("simulate.members", rows)
        store.insert("play.failures", ("completion_key", "reason", "run_id", "made_at"), [(str(start), name, name, "2026-01-01")])
print(new)
"""
HOLDER = """
import sys
from understudy.doors.store import Store
with Store.open(sys.argv[1]) as store:
    store.add("simulate.members", [{"batch_key": "kept", "play_key": "p"}])
    with store.transaction():
        store.add("simulate.members", [{"batch_key": "lost", "play_key": "p"}])
        print("written", flush=True)
        sys.stdin.readline()
"""


def writing(script: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def parquet(store: Store) -> list[Path]:
    return sorted(store.path.parent.rglob("*.parquet"))


def test_a_lake_has_the_digest_of_a_file_with_the_same_rows(address: str, tmp_path: Path) -> None:
    with Store.open(tmp_path / "a.duckdb") as file, Store.open(address) as store:
        assert store.digest() == file.digest()
        for one in (file, store):
            fill(one, n_turns=INLINED + 500)
        assert store.counts() == file.counts()
        assert store.digest() == file.digest()
        assert store.tables() == file.tables()
        store.add(SIZES, [size("another")])
        assert store.digest() != file.digest()


def test_a_row_whose_key_is_there_is_left_and_the_first_of_two_is_taken(address: str) -> None:
    with Store.open(address) as store:
        assert store.add(SIZES, [size("a", "1"), size("b", "1"), size("a", "2")]) == 2
        assert store.add(SIZES, [size("b", "3"), size("c", "3")]) == 1
        store.insert(SIZES, ("size_key", "config", "size", "cost"), [("c", "4", "{}", "{}")])
        found = store._connection.execute("select size_key, config from optimize.sizes order by rowid").fetchall()
    assert found == [("a", "1"), ("b", "1"), ("c", "3")]


def test_rows_stay_in_the_order_in_which_they_were_added(address: str) -> None:
    names = [f"{(i * 7919) % 3001:04}" for i in range(3001)]
    with Store.open(address) as store:
        store.add(MEMBERS, pl.DataFrame({"batch_key": names, "play_key": ["p"] * len(names)}))
        found = [row[0] for row in store._connection.execute("select batch_key from simulate.members order by rowid").fetchall()]
    assert found == names


def test_a_transaction_that_fails_leaves_nothing(address: str) -> None:
    with Store.open(address) as store:
        with pytest.raises(duckdb.Error), store.transaction():
            _add_and_fail(store)
        assert store.counts()[SIZES] == 0
        assert store.add(SIZES, [size("a")]) == 1


def _add_and_fail(store: Store) -> None:
    assert store.add(SIZES, [size("a")]) == 1
    store.apply("ingest/complete_items", incoming=pl.DataFrame({"dataset": ["none of its columns"]}))


def test_a_small_commit_makes_no_file_and_a_large_one_does(address: str) -> None:
    with Store.open(address) as store:
        for n in range(5):
            store.add(SIZES, [size(f"{n}{name}") for name in HARD])
            store.append(TURNS, turns(50))
        assert parquet(store) == []
        store.append(TURNS, turns(INLINED + 1))
        assert len(parquet(store)) == 1


def test_two_processes_that_write_one_key_leave_one_row(address: str) -> None:
    with Store.open(address):
        writers = [writing(WRITER, address, name) for name in ("one", "two")]
        for one in writers:
            assert one.stdout is not None
            assert one.stdout.readline() == "open\n"
        told = [one.communicate("go\n")[0] for one in writers]
    assert [one.returncode for one in writers] == [0, 0]
    with Store.open(address, read_only=True) as store:
        assert sum(int(one) for one in told) == store.counts()[MEMBERS] == 60
        assert store.counts()["play.failures"] == 10
        keys = store._connection.execute("select count(distinct batch_key), min(batch_key::int), max(batch_key::int) from simulate.members")
        assert keys.fetchall() == [(60, 0, 59)]


def test_a_key_that_another_process_has_not_committed_yet_is_waited_for(address: str) -> None:
    n_new: list[int] = []
    with Store.open(address) as store:
        holder = writing(HOLDER, address)
        assert holder.stdout is not None
        assert holder.stdout.readline() == "written\n"
        other = Thread(target=lambda: n_new.append(store.add(MEMBERS, [{"batch_key": "lost", "play_key": "p"}])))
        other.start()
        # long enough for a row that is added without waiting
        other.join(3.0)
        holder.communicate("go\n")
        other.join()
        assert n_new == [0]
        assert store.counts()[MEMBERS] == 2


def test_a_writer_that_is_killed_loses_what_it_had_not_committed_and_its_turn(address: str) -> None:
    holder = writing(HOLDER, address)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "written\n"
    with Store.open(address, read_only=True) as reading:
        # whoever reads waits for no writer
        assert reading.counts()[MEMBERS] == 1
        assert reading.has_others()
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    with Store.open(address) as store:
        assert not store.has_others()
        assert store.add(MEMBERS, [{"batch_key": name, "play_key": "p"} for name in ("kept", "lost")]) == 1
        assert store.counts()[MEMBERS] == 2


def test_the_night_of_another_process_is_not_ended(address: str) -> None:
    night = {"night_id": "n", "dataset": "d", "batch": "b", "run_id": "r", "began_at": "2026-01-01"}
    with Store.open(address) as one:
        one.add("publish.nights", [night])
        with Store.open(address) as other:
            end_unfinished(other)
            assert other.counts()["publish.night_ends"] == 0
        end_unfinished(one)
        assert one.counts()["publish.night_ends"] == 1


def test_a_store_moves_into_a_lake_and_back_with_one_digest(address: str, tmp_path: Path) -> None:
    with Store.open(tmp_path / "a.duckdb") as store:
        fill(store, n_turns=INLINED + 500)
        digest = store.digest()
    there = moved(tmp_path / "a.duckdb", address)
    back = moved(address, tmp_path / "b.duckdb")
    assert there["store_digest"] == back["store_digest"] == digest
    assert there["n_rows"] == back["n_rows"] == sum(there["tables"].values()) > INLINED
    assert moved(tmp_path / "a.duckdb", address)["n_rows"] == 0
    with Store.open(tmp_path / "a.duckdb", read_only=True) as one, Store.open(tmp_path / "b.duckdb") as other:
        # the keys of a file are there again, and the order of its rows
        query = "select dialogue_id from ingest.turns order by rowid"
        assert one._connection.execute(query).fetchall() == other._connection.execute(query).fetchall()
        with pytest.raises(duckdb.ConstraintException):
            other.insert(SIZES, ("size_key", "config", "size", "cost"), [("", "1", "{}", "{}")])


def test_a_store_with_other_rows_is_not_moved_into(address: str, tmp_path: Path) -> None:
    with Store.open(address) as store, Store.open(tmp_path / "a.duckdb") as other:
        store.add(SIZES, [size("a")])
        other.add(SIZES, [size("b")])
    with pytest.raises(BadInput, match="has 1 rows, and not those of"):
        moved(address, tmp_path / "a.duckdb")
    with pytest.raises(BadInput, match="are the same store"):
        moved(address, address)


def test_a_snapshot_of_a_lake_is_a_file_with_its_digest_and_small_commits_are_written_together(address: str) -> None:
    order = "select dialogue_id from ingest.turns order by rowid"
    with Store.open(address) as store:
        for _ in range(3):
            store.append(TURNS, turns(20))
        fill(store)
        digest, rows = store.digest(), store._connection.execute(order).fetchall()
        assert parquet(store) == []
        with Store.open(snapshot(store), read_only=True) as kept:
            assert kept.digest() == store.digest() == digest
        # and one for the migrations
        assert len(parquet(store)) == 1 + sum(n > 0 for n in store.counts().values())
        assert store._connection.execute(order).fetchall() == rows
        assert store.add(SIZES, [size(name) for name in (*HARD, "another")]) == 1
        assert store.counts()[TURNS] == 80


def test_rows_that_change_as_they_are_written_together_are_told(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open(address) as store:
        fill(store)
        monkeypatch.setattr(LakeEngine, "tidy", lambda _, connection: connection.execute("delete from optimize.sizes where size_key = ''"))
        with pytest.raises(BadInput, match="changed as they were written together"):
            store.tidy()


def test_a_lake_of_before_is_brought_up_to_the_migrations(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = migrations.texts()
    folder = tmp_path / "migrations"
    folder.mkdir()
    monkeypatch.setattr(migrations, "MIGRATIONS", folder)
    # those after which only columns, tables, views and rows are changed
    later = [name for name in shipped if name > "0100"]
    for name, text in shipped.items():
        if name not in later:
            (folder / name).write_text(text, encoding="utf-8")
    columns = ("completion_key", "role", "model", "reported_model", "engine", "text", "finish_reason", "fingerprint")
    with Store.open(address) as store:
        assert "play.adaptations" not in store.tables()
        said = (("a", "hi"), ("b", "  "))
        values = [(name, "seeker", "m", "m", "e", text, "stop", "f", 1, 1, 0.0, "2026-01-01") for name, text in said]
        store.insert("play.completions", (*columns, "prompt_tokens", "completion_tokens", "latency_s", "made_at"), values)
    for name in later:
        (folder / name).write_text(shipped[name], encoding="utf-8")
    with Store.open(address) as store, Store.open(tmp_path / "a.duckdb") as file:
        found = store._connection.execute("select completion_key, cached_tokens from play.completions order by 1").fetchall()
        assert found == [("a", None), ("empty-b", None)]
        assert store.tables() == file.tables()
        assert store.counts()["play.completions"] == 2
    # a migration that takes something away has to be written for lakes as well
    (folder / "9000_less.sql").write_text("alter table play.completions drop column usage;", encoding="utf-8")
    with pytest.raises(UnderstudyError, match="which no migration only adds to"):
        Store.open(address)
    (folder / "9000_less.sql").unlink()
    with Store.open(address) as store:
        assert store.counts()["play.completions"] == 2


def test_the_tables_of_a_lake_have_the_columns_of_a_file(address: str, tmp_path: Path) -> None:
    query = "select schema_name || '.' || table_name, column_name, data_type, is_nullable from duckdb_columns() "
    named = query + "where schema_name in ('play', 'ingest', 'publish') and not internal order by 1, column_index"
    with Store.open(address) as store, Store.open(tmp_path / "a.duckdb") as file:
        assert store._connection.execute(named).fetchall() == file._connection.execute(named).fetchall()
        assert len(lake_tables.wanted().views) == len(store._connection.execute("from duckdb_views() where not internal").fetchall())
