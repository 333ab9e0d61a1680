"""Lakes of the tests, with their catalogue in SQLite and in PostgreSQL, and rows that are hard to keep in another database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests import postgres
from understudy.doors.store import Store

SIZES, MEMBERS, TURNS = "optimize.sizes", "simulate.members", "ingest.turns"
# signs, characters that end texts elsewhere, and what looks like something else
HARD = ["", "it's \\ \"quoted\"", "a\x01b\n\t", "é 😀", "NULL", "{}", "[a, b]"]


@pytest.fixture(scope="module")
def cluster() -> Iterator[postgres.Cluster]:
    with postgres.cluster() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A lake that is not there yet."""
    if request.param == "sqlite":
        return f"ducklake:{tmp_path / 'lake'}"
    cluster: postgres.Cluster = request.getfixturevalue("cluster")
    monkeypatch.setenv("PGPASSWORD", postgres.PASSWORD)
    return address_in(cluster, tmp_path / "lake")


def address_in(cluster: postgres.Cluster, folder: Path) -> str:
    """A new database of the cluster as the catalogue of a lake."""
    return f"ducklake:postgres://{postgres.USER}@127.0.0.1:{cluster.port}/{cluster.database()}?folder={folder}"


def size(name: str, config: str = "{}") -> dict[str, Any]:
    return {"size_key": name, "config": config, "size": "{}", "cost": '{"usd":  0.1, "é": [1, null]}'}


def turns(n: int) -> pl.DataFrame:
    return pl.DataFrame({
        "dataset": ["d"] * n, "dialogue_id": [f"{i:05}" for i in range(n)], "turn_index": list(range(n)), "role": ["seeker"] * n,
        "text": [HARD[i % len(HARD)] for i in range(n)], "n_messages": [1] * n, "item_ids": [HARD[: i % 5] for i in range(n)],
    })  # fmt: skip


def fill(store: Store, *, n_turns: int = 20) -> None:
    """Rows of every kind of column, by small commits and by large ones."""
    store.add(SIZES, [size(name) for name in HARD])
    store.append(TURNS, turns(n_turns))
    anchors = pl.DataFrame({
        "profile_key": ["p"] * 4, "split": ["s"] * 4, "name": list("abcd"), "value": [0.1, 1e300, None, -0.0], "n": [1, 2**40, 0, -1],
        "n_floor": [0] * 4, "reason": HARD[:4],
    })  # fmt: skip
    store.add("profile.anchors", anchors)
    with store.transaction():
        store.insert("play.failures", ("completion_key", "reason", "run_id", "made_at"), [("k", "r", "u", "2026-01-02 03:04:05.678901")])
