"""A worker is killed and the servers are restarted in the middle of one search on a lake of PostgreSQL; the same command finishes it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copyfile
from urllib.parse import urlsplit

import pytest

from tests import postgres, prefect_server
from tests.workers.commands import PATIENCE_S, ROOT, UNDERSTUDY, Commands, killed_once
from tests.workers.searching import CONCURRENCY
from tests.workers.test_runners import searches  # noqa: F401  a fixture
from understudy.doors.store import Store

pytestmark = pytest.mark.integration


@dataclass(slots=True)
class Servers:
    """A cluster of PostgreSQL, and a Prefect server whose database is in it."""

    cluster: postgres.Cluster
    folder: Path
    address: str
    prefect: str
    catalogue: str = field(init=False)

    def __post_init__(self) -> None:
        self.catalogue = self.cluster.database()

    @property
    def lake(self) -> str:
        """The address of a lake with its catalogue in the cluster."""
        place = f"{postgres.USER}@127.0.0.1:{self.cluster.port}/{self.catalogue}"
        return f"ducklake:postgres://{place}?folder={self.folder / 'lake'}"

    @property
    def environment(self) -> dict[str, str]:
        """What a command needs to find both."""
        return {"PREFECT_API_URL": self.address, "PGPASSWORD": postgres.PASSWORD}

    def restarted(self) -> None:
        """Both servers end without a farewell and come back at the same addresses."""
        os.kill(int(self.prefect), signal.SIGKILL)
        self.cluster.control("-m", "immediate", "restart")
        self.address, self.prefect = prefect_server.started(self.folder, port=str(urlsplit(self.address).port))


@pytest.fixture
def servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Servers]:
    """Both servers, running."""
    with postgres.cluster() as cluster:
        place = f"{postgres.USER}:{postgres.PASSWORD}@127.0.0.1:{cluster.port}/{cluster.database()}"
        monkeypatch.setenv("PREFECT_API_DATABASE_CONNECTION_URL", f"postgresql+asyncpg://{place}")
        monkeypatch.setenv("PGPASSWORD", postgres.PASSWORD)
        running = Servers(cluster, tmp_path, *prefect_server.started(tmp_path))
        yield running
        os.kill(int(running.prefect), signal.SIGTERM)


def test_a_killed_worker_and_restarted_servers_are_finished_by_the_same_command(
    searches: Commands, servers: Servers, profiled_sample: Path, tmp_path: Path  # noqa: F811
) -> None:
    profiled = copyfile(profiled_sample, tmp_path / "profiled.duckdb")
    subprocess.run([UNDERSTUDY, "store", "move", str(profiled), servers.lake], cwd=ROOT, check=True, capture_output=True)
    n_before = searches.asked().total()
    process = searches.begun_on(servers.lake, "dask", **servers.environment)
    killed_once(process, searches, "dask", n_before=n_before, n=100)
    searches.until_asked(process, since=n_before, n=250)
    servers.restarted()
    process.communicate(timeout=PATIENCE_S)
    n_kept = int(_replies(servers.lake))
    assert 0 < n_kept < searches.digest("threads")[1]["n"]

    searches.ended(searches.begun_on(servers.lake, "dask", **servers.environment))
    asked = searches.asked(n_before)
    with Store.open(servers.lake, read_only=True) as store:
        digest, totals = store.digest(), store.rows("play/ledger_totals")[0]
    assert (digest, totals["n"]) == (searches.digest("threads")[0], searches.digest("threads")[1]["n"])
    assert totals["n_duplicate_keys"] == 0
    # what was in flight was asked for again: once for the worker, once for the command that the servers ended
    assert max(asked.values()) <= 3
    assert asked.total() - len(asked) <= 2 * CONCURRENCY
    assert asked.total() <= n_kept + 2 * CONCURRENCY + (totals["n"] - n_kept)
    # finished work makes no call
    searches.ended(searches.begun_on(servers.lake, "dask", **servers.environment))
    assert searches.asked(n_before) == asked


def _replies(lake: str) -> int:
    with Store.open(lake, read_only=True) as store:
        return int(store.rows("play/ledger_totals")[0]["n"])
