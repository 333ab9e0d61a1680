"""A recording answers for the models: what it holds is served, what was missing is missing again, and anything else is an error."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest

from understudy.completion import MissingReply
from understudy.doors import recordings
from understudy.doors.gateway.caller import GatewayConfig
from understudy.doors.gateway.gateway import Exchange
from understudy.doors.gateway.replay import AskedModel, NotRecorded, Replay
from understudy.doors.store import Store
from understudy.errors import BadInput

sys.path.insert(0, str(Path(__file__).parent))
from scripted import PERMANENT, Scripted, request

MODELS = {"openai/some": AskedModel(None, 4096)}
ABOUT: recordings.AboutFields = {
    "version": recordings.VERSION, "understudy": "0", "python": "3", "dataset": "d", "logs": [], "sources": [], "command": [],
    "models": [], "replies": {"n": 0, "n_quoting": 0, "n_copying": 0}, "files": {},
}  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store in whose ledger the request 0 has a reply and the request 1 ended without one."""
    path = tmp_path / "store.duckdb"
    with Exchange(GatewayConfig(), provider=Scripted("hello", PERMANENT), store_path=path, run_id="run") as gateway:
        assert gateway.run(gateway.complete(request(0))).text == "hello"
        with pytest.raises(MissingReply):
            gateway.run(gateway.complete(request(1)))
    return path


def replay(store: Path, missing: Mapping[str, str], *, is_draft: bool = False) -> Replay:
    return Replay(GatewayConfig(), models=MODELS, missing=missing, is_draft=is_draft, store_path=store, run_id="again")


def missing_in(store: Path) -> dict[str, str]:
    with Store.open(store) as opened:
        return {row["completion_key"]: row["reason"] for row in opened.rows("play/failures")}


def test_a_call_without_a_reply_is_kept_until_there_is_one(store: Path) -> None:
    assert missing_in(store) == {request(1).key: PERMANENT.reason}
    with Exchange(GatewayConfig(), provider=Scripted("late"), store_path=store, run_id="later") as gateway:
        gateway.run(gateway.complete(request(1)))
    assert missing_in(store) == {}


def test_what_was_recorded_is_answered_and_nobody_is_asked(store: Path) -> None:
    with replay(store, missing_in(store)) as gateway:
        assert gateway.run(gateway.complete(request(0))).text == "hello"
        with pytest.raises(MissingReply, match="400"):
            gateway.run(gateway.complete(request(1)))
        assert (gateway.n_calls, gateway.n_served, gateway.context_of("openai/some")) == (0, 1, 4096)


def test_a_call_that_was_not_recorded_is_named_and_ends_the_run(store: Path) -> None:
    with replay(store, missing_in(store)) as gateway, pytest.raises(NotRecorded) as error:
        gateway.run(gateway.complete(request(2)))
    assert request(2).key in error.value.message
    assert "openai/some as seeker" in error.value.message
    assert (error.value.code, error.value.exit_code) == ("not_recorded", 4)
    assert request(2).key not in missing_in(store)


def test_a_draft_finds_the_calls_without_a_reply(store: Path) -> None:
    with replay(store, {}, is_draft=True) as gateway, pytest.raises(MissingReply):
        gateway.run(gateway.complete(request(2)))
    assert request(2).key in missing_in(store)


def test_a_recording_is_read_as_it_was_written_and_a_changed_file_is_refused(tmp_path: Path) -> None:
    rows = pl.DataFrame({"run_id": ["r"], "position": [0]})
    made = recordings.written(tmp_path / "one", ABOUT, {"marks": rows, "failures": rows.clear()})
    again = recordings.opened(tmp_path / "one")
    assert again.about == made.about
    assert again.table("failures") is None
    marks = again.table("marks")
    assert marks is not None
    assert marks.equals(rows)
    (tmp_path / "one" / "marks.parquet").write_bytes(b"PAR1")
    with pytest.raises(BadInput, match="not the file"):
        again.table("marks")
    with pytest.raises(BadInput, match="holds no recording"):
        recordings.opened(tmp_path)
    recordings.written(tmp_path / "two", {**ABOUT, "version": 99}, {})
    with pytest.raises(BadInput, match="version 99"):
        recordings.opened(tmp_path / "two")
