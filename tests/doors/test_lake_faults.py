"""What can be wrong with a lake: another folder, another catalogue, no extension, no server; and where a password may not be seen."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests import postgres
from tests.doors.lakes import SIZES, address_in, fill, size
from understudy.doors import lake
from understudy.doors.copies import snapshot
from understudy.doors.lake import INLINED
from understudy.doors.store import Store
from understudy.errors import BadInput, UnderstudyError

pytestmark = pytest.mark.integration


def test_a_folder_of_something_else_is_refused_and_left(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(BadInput, match=r"holds notes\.txt and no catalogue\.sqlite"):
        Store.open(f"ducklake:{tmp_path}")
    with pytest.raises(BadInput, match="is a file"):
        Store.open(f"ducklake:{tmp_path / 'notes.txt'}")
    assert [one.name for one in tmp_path.iterdir()] == ["notes.txt"]


def test_a_catalogue_that_is_none_or_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / lake.CATALOGUE).write_text("no database", encoding="utf-8")
    with pytest.raises(BadInput, match="cannot be opened"):
        Store.open(f"ducklake:{tmp_path}")
    address = f"ducklake:{tmp_path / 'other'}"
    with Store.open(address) as store:
        store._connection.execute("drop table main.migrations")
    with pytest.raises(BadInput, match="no store of understudy"):
        Store.open(address)


def test_what_is_not_there_is_not_made_to_be_read(address: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no store at ducklake:"):
        Store.open(address, read_only=True)
    assert list(tmp_path.iterdir()) == []


def test_without_the_extra_it_is_named(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lake, "find_spec", lambda _: None)
    with pytest.raises(BadInput, match="needs the package duckdb-extension-ducklake") as seen:
        Store.open(address)
    assert "install-lake" in seen.value.hint


def test_an_extension_of_another_duckdb_is_named(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lake.duckdb, "__version__", "1.5.99")
    with pytest.raises(BadInput, match=r"is of DuckDB v\S+, and v1\.5\.99 is installed"):
        Store.open(address)


def test_a_server_that_does_not_answer_is_told_without_the_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "hunter2")
    with pytest.raises(BadInput, match="cannot be opened") as seen:
        Store.open(f"ducklake:postgres://ada@127.0.0.1:1/none?folder={tmp_path / 'lake'}")
    assert "hunter2" not in f"{seen.value.message} {seen.value.hint} {seen.value.__cause__}"


def test_a_wrong_password_is_told_and_never_shown(cluster: postgres.Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "hunter2")
    with pytest.raises(BadInput, match="password authentication failed") as seen:
        Store.open(f"ducklake:postgres://{postgres.USER}@127.0.0.1:{cluster.port}/postgres?folder={tmp_path / 'lake'}")
    assert "hunter2" not in f"{seen.value.message} {seen.value.hint} {seen.value.__cause__}"


def test_the_password_is_in_no_file_of_the_lake(cluster: postgres.Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", postgres.PASSWORD)
    with Store.open(address_in(cluster, tmp_path / "lake")) as store:
        fill(store, n_turns=INLINED + 1)
        snapshot(store)
        address = str(store.address)
    files = [one for one in (tmp_path / "lake").rglob("*") if one.is_file()]
    assert len(files) > 1
    assert postgres.PASSWORD not in address
    assert [one.name for one in files if postgres.PASSWORD.encode() in one.read_bytes()] == []


def test_a_catalogue_knows_where_its_files_lie(cluster: postgres.Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", postgres.PASSWORD)
    base = f"ducklake:postgres://{postgres.USER}@127.0.0.1:{cluster.port}/{cluster.database()}"
    with Store.open(f"{base}?folder={tmp_path / 'one'}"):
        pass
    with pytest.raises(BadInput, match="do not lie in"):
        Store.open(f"{base}?folder={tmp_path / 'two'}")


def test_a_server_that_stops_is_told_and_what_was_committed_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", postgres.PASSWORD)
    with postgres.cluster() as own:
        address = address_in(own, tmp_path / "lake")
        with Store.open(address) as store:
            store.add(SIZES, [size("a")])
            with pytest.raises(UnderstudyError) as seen, store.transaction():
                _add_and_stop(store, own)
        assert json.dumps([seen.value.message, seen.value.hint]).count(postgres.PASSWORD) == 0
        with Store.open(address) as store:
            assert store.counts()[SIZES] == 1


def _add_and_stop(store: Store, cluster: postgres.Cluster) -> None:
    store.add(SIZES, [size("b")])
    cluster.control("-m", "immediate", "restart")


def test_a_folder_that_is_moved_is_the_same_lake(tmp_path: Path) -> None:
    with Store.open(f"ducklake:{tmp_path / 'here'}") as store:
        fill(store, n_turns=INLINED + 1)
        digest = store.digest()
    os.rename(tmp_path / "here", tmp_path / "there")
    with Store.open(f"ducklake:{tmp_path / 'there'}", read_only=True) as store:
        assert store.digest() == digest
