"""A real language model, the packaged one, plays: the same twice where it computes one whole prompt after another, and after a kill on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from shutil import copyfile

import pytest

from tests.doors.test_children import gone
from tests.flows.test_stopping import children_of
from understudy.doors.store import Store

pytestmark = pytest.mark.integration

UNDERSTUDY = str(Path(sys.executable).with_name("understudy"))
PATIENCE_S = 3000
# one thread and short replies: the machine may have other work, and what is said does not matter here
MODEL = ("--model", "local/smollm2", "--threads", "1", "--slots", "1", "--reply-tokens", "12", "--num-ctx", "2048")
SEARCH = (
    "optimize", "--dataset", "sample", "--setting", "zero_shot", "--population", "4", "--generations", "1", "--panel", "2,4,1",
)  # fmt: skip


def command(folder: Path, store: str, *words: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache"), "PREFECT_HOME": str(folder / "prefect")}
    line = [UNDERSTUDY, *words, *MODEL, "--store", store, "--events", f"{store}.jsonl", "--json"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(line, cwd=folder, env=environment, text=True, start_new_session=True, **pipes)


def answered(process: subprocess.Popen[str]) -> dict[str, object]:
    out, errors = process.communicate(timeout=PATIENCE_S)
    assert out, errors[-3000:]
    fields: dict[str, object] = json.loads(out)
    return fields


def completions(store: Path) -> dict[str, tuple[str, str]]:
    """The replies in a store, by their keys: text and who said it."""
    with Store.open(store, read_only=True) as opened:
        keys = list(opened.frame("play/completion_keys")["completion_key"])
        rows = opened.rows("play/completions", keys=keys)
    return {row["completion_key"]: (row["text"], row["engine"]) for row in rows if row["engine"] != "rehearsal"}


def test_two_stores_get_the_same_digest_from_one_slot_without_a_prefix_cache(profiled_sample: Path, tmp_path: Path) -> None:
    digests = []
    for name in ("one.duckdb", "other.duckdb"):
        copyfile(profiled_sample, tmp_path / name)
        answered(command(tmp_path, name, "simulate", "--dataset", "sample", "--setting", "zero_shot", "--n", "1", "--no-report",
                         "--batch", "tiny", "--no-prefix-cache", "--calls", "6"))  # fmt: skip
        said = completions(tmp_path / name)
        assert said
        assert {engine for _, engine in said.values()} == {next(iter(said.values()))[1]} != {"rehearsal"}
        with Store.open(tmp_path / name, read_only=True) as store:
            digests.append((store.digest(), said))
            [known] = store.rows("simulate/local_models")
            assert known["is_reproducible"]
    assert digests[0] == digests[1]


def test_a_killed_search_leaves_no_server_and_goes_on_without_paying_twice(profiled_sample: Path, tmp_path: Path) -> None:
    store = tmp_path / "s.duckdb"
    copyfile(profiled_sample, store)
    process = command(tmp_path, store.name, *SEARCH, "--calls", "40")
    end, events, log = time.monotonic() + PATIENCE_S, tmp_path / "s.duckdb.jsonl", tmp_path / "s.duckdb.wal"
    while not (events.exists() and "model_ready" in events.read_text()):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.2)
    began = log.stat().st_size
    while log.stat().st_size == began:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.2)
    time.sleep(5)
    started = children_of(process)
    process.kill()
    process.communicate()
    # Prefect's server, and that of the model
    assert len(started) >= 2
    assert all(gone(pid) for pid in started)

    before = completions(store)
    assert before
    n_more = 4
    fields = answered(command(tmp_path, store.name, *SEARCH, "--calls", str(n_more)))
    after = completions(store)
    assert before.items() <= after.items(), fields
    assert len(after) <= len(before) + n_more
    words = [UNDERSTUDY, "status", "--store", store.name, "--json"]
    status = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
    ledger = json.loads(status.stdout)["ledger"]
    assert (ledger["n_duplicate_keys"], ledger["n_unknown"], ledger["usd"]) == (0, 0, 0.0)
