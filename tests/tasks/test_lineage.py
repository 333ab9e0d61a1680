"""Nights tell OpenLineage what they read and what they made: in a file beside the store, and to an endpoint by setting."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import UUID

import pytest

from understudy.doors import openlineage
from understudy.doors.store import Store
from understudy.errors import GateFailed
from understudy.release.columns import COLUMNS
from understudy.tasks.publish.nights import recorded

SOURCE = {
    "source_sha256": "f" * 64, "dataset": "d", "reader": "redial", "reader_version": 1, "licence": "CC0-1.0",
    **dict.fromkeys(("n_records", "n_dialogues", "n_items", "n_messages", "n_duplicates", "n_rejects", "n_attached"), 0),
}  # fmt: skip
RELEASE = {
    "name": "d-seekers", "version": 3, "digest": "abc", "batch_key": "k", "dataset": "d", "licence": "CC0-1.0", "engine": "m",
    "n_dialogues": 1, "n_turns": 2, "n_examples": 1, "manifest": "{}", "path": "p", "made_at": datetime(2026, 11, 29),
}  # fmt: skip


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store with one source and one release; no setting of the caller reaches it."""
    for name in ("URL", "API_KEY", "NAMESPACE", "DISABLED"):
        monkeypatch.delenv(f"OPENLINEAGE_{name}", raising=False)
    with Store.open(tmp_path / "s.duckdb") as opened:
        opened.add("ingest.sources", [SOURCE])
        opened.add("publish.releases", [RELEASE])
        yield opened


def events(store: Store) -> list[dict[str, Any]]:
    path = openlineage.file_of(store.path)
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def night(store: Store, error: BaseException | None = None) -> None:
    with recorded(store, dataset="d", batch="one") as begun:
        if error is not None:
            raise error
        begun.released({"name": "d-seekers", "version": 3, "digest": "abc", "path": "p"})


def test_a_night_tells_its_begin_and_its_end_with_what_it_read_and_made(store: Store) -> None:
    night(store)
    start, complete = events(store)
    assert (start["eventType"], complete["eventType"]) == ("START", "COMPLETE")
    assert UUID(start["run"]["runId"]) == UUID(complete["run"]["runId"])
    for one in (start, complete):
        assert set(one) == {"eventType", "eventTime", "run", "job", "inputs", "outputs", "producer", "schemaURL"}
        assert one["job"] | {"facets": {}} == {"namespace": "understudy", "name": "nightly", "facets": {}}
        (source,) = one["inputs"]
        assert source["facets"]["version"]["datasetVersion"] == SOURCE["source_sha256"]
    assert start["outputs"] == []
    assert [one["name"] for one in complete["outputs"]] == [f"releases/d-seekers/{table}" for table in COLUMNS]
    assert complete["outputs"][0]["facets"]["version"]["datasetVersion"] == "3+abc"
    facets = [facet for one in (start, complete) for part in (one["run"], one["job"]) for facet in part["facets"].values()]
    assert all(facet["_producer"] and facet["_schemaURL"] for facet in facets)


@pytest.mark.parametrize(
    ("error", "kind", "reason"),
    [
        (GateFailed("leakage/title: 0.6"), "FAIL", "leakage/title"), (ValueError("odd"), "FAIL", "odd"),
        (KeyboardInterrupt(), "ABORT", "signal"),
    ],
)  # fmt: skip
def test_a_night_that_ends_otherwise_says_how(store: Store, error: BaseException, kind: str, reason: str) -> None:
    with pytest.raises(type(error)):
        night(store, error)
    _, end = events(store)
    assert end["eventType"] == kind
    assert reason in end["run"]["facets"]["errorMessage"]["message"]
    assert end["outputs"] == []


def test_nothing_is_told_where_it_is_switched_off(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENLINEAGE_DISABLED", "true")
    night(store)
    assert events(store) == []


class Endpoint(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.heard.append((self.path, self.headers.get("Authorization"), body))  # type: ignore[attr-defined]
        self.send_response(self.server.code)  # type: ignore[attr-defined]
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize("code", [200, 500])
def test_an_endpoint_hears_the_same_and_its_failure_changes_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, code: int
) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    server.heard, server.code = [], code  # type: ignore[attr-defined]
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("OPENLINEAGE_URL", f"http://127.0.0.1:{server.server_address[1]}/")
    monkeypatch.setenv("OPENLINEAGE_API_KEY", "secret-key")
    monkeypatch.setenv("OPENLINEAGE_NAMESPACE", "ours")
    night(store)
    server.shutdown()
    server.server_close()
    heard = server.heard  # type: ignore[attr-defined]
    assert [(path, key) for path, key, _ in heard] == [("/api/v1/lineage", "Bearer secret-key")] * 2
    assert [body for *_, body in heard] == events(store)
    assert heard[0][2]["job"]["namespace"] == "ours"
    assert ("was not delivered" in caplog.text) == (code == 500)
    assert "secret" not in caplog.text + openlineage.file_of(store.path).read_text(encoding="utf-8")
