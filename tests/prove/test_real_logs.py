"""What has to be shown on the real logs, from the command line. `make prove` runs it and prints the figures; it takes half an hour."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT.parent / "shared" / "data" / "redial"
UNDERSTUDY = str(Path(sys.executable).with_name("understudy"))
NIGHT = ("nightly", "--dataset", "redial", "--data", str(LOGS), "--anyway", "--json")
SMALL = ("--population", "4", "--generations", "2", "--panel", "8,8,6", "--n", "190")
CONCURRENCY = 16

pytestmark = [
    pytest.mark.prove,
    pytest.mark.logs,
    pytest.mark.skipif(not LOGS.is_dir(), reason=f"the human logs are not at {LOGS}"),
]


def run(folder: Path, *words: str) -> tuple[int, dict[str, Any], float]:
    """Exit code, fields and seconds of a command on the store in `folder`."""
    began = time.monotonic()
    environment = {**os.environ, "PREFECT_HOME": str(folder / "prefect")}
    command = [UNDERSTUDY, *words, "--store", str(folder / "night.duckdb")]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return done.returncode, json.loads(done.stdout), time.monotonic() - began


def told(title: str, fields: dict[str, Any], seconds: float) -> None:
    """Prints the honest table of a night."""
    print(f"\n## {title}: {seconds:.0f} s, {fields['n_model_calls']} model calls, release {fields['release']}")
    for name, row in fields["objectives"].items():
        figures = [row[column]["value"] for column in ("seed", "optimized", "human", "difference")]
        print(name, *(f"{value:.3f}" if value is not None else "not measured" for value in figures), row["floor"], row["outcome"])
    for verdict in fields["verdicts"]:
        if verdict["outcome"] == "failed":
            print("failed:", verdict["suite"], verdict["expectation"], verdict["detail"])


def status(folder: Path) -> dict[str, Any]:
    return run(folder, "status", "--json")[1]


def without_nights(tables: dict[str, int]) -> dict[str, int]:
    """What nights leave in the store besides the notes that they were there."""
    return {name: n for name, n in tables.items() if not name.startswith("publish.night")}


def test_a_night_the_same_night_and_another_batch(tmp_path: Path) -> None:
    code, first, seconds = run(tmp_path, *NIGHT, "--batch", "one")
    told("one night", first, seconds)
    assert code == (0 if first["release"] else 3)
    assert code == 0 or [one for one in first["verdicts"] if one["outcome"] == "failed"]
    before = status(tmp_path)

    code, again, seconds = run(tmp_path, *NIGHT, "--batch", "one")
    told("the same night", again, seconds)
    after = status(tmp_path)
    assert again["n_model_calls"] == 0
    assert (again["release"] or {}).get("digest") == (first["release"] or {}).get("digest")
    assert after["store_digest"] == before["store_digest"]
    assert without_nights(after["tables"]) == without_nights(before["tables"])

    code, two, seconds = run(tmp_path, *NIGHT, "--batch", "two")
    told("another batch", two, seconds)
    tables = status(tmp_path)["tables"]
    # the seed, the pick and the batch, on contexts and replies of their own; a pick may be the seed
    assert tables["optimize.evaluations"] - before["tables"]["optimize.evaluations"] in (2, 3)
    assert (two["calls"]["search"], two["n_model_calls"] > 1000) == (0, True)
    assert two["overlap"]["n_batches"] == 1
    assert 0 < two["overlap"]["value"] < 1
    assert tables["optimize.candidates"] == before["tables"]["optimize.candidates"]
    if code == 0 and first["release"]:
        assert two["release"]["digest"] != first["release"]["digest"]


def test_on_the_null_surface_nothing_is_claimed(tmp_path: Path) -> None:
    _, fields, seconds = run(tmp_path, *NIGHT, "--batch", "one", "--surface", "null", *SMALL)
    told("null surface", fields, seconds)
    assert {row["outcome"] for row in fields["objectives"].values()} <= {"inconclusive", "not_measured"}


def test_a_prompt_that_gives_titles_away_is_not_published(tmp_path: Path) -> None:
    leaky = ("--setting", str(ROOT / "examples" / "leaky.toml"), "--generations", "0", "--batch", "leaky", "--n", "190")
    code, fields, seconds = run(tmp_path, *NIGHT, *leaky)
    told("a leaky prompt", fields, seconds)
    assert code == 3
    title = next(one for one in fields["verdicts"] if one["suite"] == "leakage" and one["expectation"] == "title")
    assert not title["passed"]
    tables = status(tmp_path)["tables"]
    assert tables["publish.releases"] == tables["publish.dialogues"] == 0
    assert tables["validate.quarantine"] == fields["n_quarantined"] > 0


@pytest.fixture
def devserver(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    log = tmp_path / "server.jsonl"
    command = [UNDERSTUDY, "devserver", "--port", "0", "--log", str(log)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    yield json.loads(process.stdout.readline())["api_base"], log
    process.send_signal(signal.SIGINT)
    process.wait(30)


def test_a_killed_night_ends_as_an_undisturbed_one(tmp_path: Path, devserver: tuple[str, Path]) -> None:
    base, log = devserver
    served = ("--model", "openai/anything", "--api-base", base, "--concurrency", str(CONCURRENCY), "--batch", "one", *SMALL)
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    whole.mkdir()
    parts.mkdir()
    _, undisturbed, seconds = run(whole, *NIGHT, *served)
    told("a night on a server", undisturbed, seconds)
    n_undisturbed = len(log.read_text().splitlines())
    assert undisturbed["engine"] == "rehearsal"

    events = parts / "events.jsonl"
    command = [UNDERSTUDY, *NIGHT, *served, "--store", str(parts / "night.duckdb"), "--events", str(events)]
    environment = {**os.environ, "PREFECT_HOME": str(parts / "prefect")}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not events.exists() or events.read_text().count('"generation_started"') < 2:
        assert process.poll() is None
        time.sleep(0.05)
    time.sleep(2)
    process.kill()
    process.wait()
    _, resumed, seconds = run(parts, *NIGHT, *served)
    told("killed in its second generation and run again", resumed, seconds)
    n_resumed = len(log.read_text().splitlines()) - n_undisturbed
    print(f"calls seen by the server: undisturbed {n_undisturbed}, killed and resumed {n_resumed}, concurrency {CONCURRENCY}")
    assert n_resumed <= n_undisturbed + CONCURRENCY
    assert status(parts)["store_digest"] == status(whole)["store_digest"]
    assert (resumed["release"] or {}).get("digest") == (undisturbed["release"] or {}).get("digest")
    assert status(parts)["ledger"]["n_unknown"] <= CONCURRENCY


def other_logs(name: str) -> Path:
    folder = LOGS.parent / name
    return folder if folder.is_dir() else pytest.skip(f"the human logs are not at {folder}")


def test_a_night_on_logs_without_forms_books_to_a_release_or_to_named_gates(tmp_path: Path) -> None:
    words = ("nightly", "--dataset", "opendialkg", "--data", str(other_logs("opendialkg")), "--generations", "1", "--n", "250", "--json")
    code, fields, seconds = run(tmp_path, *words, "--batch", "one")
    told("a night on OpenDialKG", fields, seconds)
    outcomes = {f"{one['suite']}/{one['expectation']}": one["outcome"] for one in fields["verdicts"]}
    assert outcomes["bias/decoy_acceptance"] == outcomes["leakage/attributes"] == "not_applicable"
    assert outcomes["release/unmeasured"] == "passed"
    assert (code, "failed" in outcomes.values()) in ((0, False), (3, True))


def test_a_night_on_few_logs_of_an_unknown_licence_is_refused_with_both_named(tmp_path: Path) -> None:
    code, fields, _ = run(tmp_path, "nightly", "--dataset", "inspired", "--data", str(other_logs("inspired")), "--json")
    named = {f"{one['suite']}/{one['expectation']}" for one in fields["verdicts"] if one["outcome"] == "failed"}
    assert (code, fields["n_model_calls"]) == (3, 0)
    assert {"release/unlicensed_sources", "alignment/behavioural_distance", "bias/positive_bias"} <= named
