"""The flow behind `understudy evaluate`: several recommenders, a running CRS and one that is down, scores of people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from shutil import copyfile
from threading import Lock, Thread
from typing import Any

import pytest

from understudy.doors.store import Store
from understudy.errors import BadInput, ProviderFailed
from understudy.flows.stages import evaluate, simulate
from understudy.parameters import PanelSize, RunOptions

ROOT = Path(__file__).resolve().parents[2]
plain = pytest.mark.usefixtures("plain_flows")
FIGURES = ("success", "rounds", "satisfaction", "acceptance")


@pytest.fixture
def store(profiled_sample: Path, tmp_path: Path) -> Path:
    """A store with the profiled sample, of a test's own."""
    return Path(copyfile(profiled_sample, tmp_path / "sample.duckdb"))


def evaluated(store: Path, *recommenders: str) -> dict[str, Any]:
    return evaluate("sample", list(recommenders), setting="zero_shot", n=30, options=RunOptions(store=store))


@pytest.fixture
def crs() -> Iterator[str]:
    """A CRS in iEvaLM's form that offers one title for ever."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Nothing."""

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            body = json.dumps({"response": "What about something you have never heard of?"}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def failing_crs() -> Iterator[tuple[str, list[bool]]]:
    """A CRS that answers HTML twice out of three times for as long as its switch holds False."""
    switch, seen, turn = [False], count(), Lock()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Nothing."""

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            with turn:
                good = switch[0] or next(seen) % 3 == 2
            body = json.dumps({"response": "Enjoy it, goodbye!"}).encode() if good else b"<html>busy</html>"
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    class Server(ThreadingHTTPServer):
        request_queue_size = 64

    server = Server(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http:ievalm:http://127.0.0.1:{server.server_address[1]}", switch
    server.shutdown()
    server.server_close()


def is_figure(one: dict[str, Any]) -> bool:
    return {"value", "ci", "n"} == set(one) if one["value"] is not None else bool(one["reason"])


@pytest.mark.usefixtures("prefect_server")
def test_several_recommenders_are_judged_and_compared_and_the_second_time_nothing_is_asked(store: Path) -> None:
    fields = evaluated(store, "retrieval", "contrarian")
    for row in fields["rows"]:
        assert all(is_figure(row[name]) for name in FIGURES)
        assert set(row["recall"]) == {"1", "10", "50"}
        assert (row["n_dialogues"], row["n_missing"]) == (30, 0)
    good, bad = fields["rows"]
    assert (good["recommender"], bad["recommender"]) == ("retrieval", "contrarian")
    assert good["recall"]["10"]["value"] > bad["recall"]["10"]["value"]
    assert 1 <= bad["satisfaction"]["value"] <= good["satisfaction"]["value"] <= 5
    assert good["n_scored"] + good["n_invalid"] == 30
    success = next(one for one in fields["differences"] if one["metric"] == "success")
    assert success["direction"] in ("higher", "lower", "inconclusive")
    assert fields["rank_agreement"]["value"] is None
    assert fields["rank_agreement"]["reason"]
    assert is_figure(fields["human"]["success"])
    assert (fields["split"], fields["engine"]) == ("select", "rehearsal")
    assert fields["n_model_calls"] > 0
    again = evaluated(store, "retrieval", "contrarian")
    assert again["n_model_calls"] == 0
    assert again["rows"] == fields["rows"]


@plain
def test_a_model_as_recommender_is_judged_and_its_made_up_titles_are_counted(store: Path) -> None:
    fields = evaluated(store, "llm")
    assert fields["name"].startswith('llm@3{"model":"rehearsal/')
    assert fields["recall"]["50"]["value"] is not None
    assert isinstance(fields["n_ungrounded"], int)
    assert fields["n_missing"] == 0


@plain
def test_a_running_crs_is_judged_by_what_its_text_names(store: Path, crs: str) -> None:
    fields = evaluated(store, f"http:ievalm:{crs}")
    assert fields["recall"]["10"] == {"value": None, "reason": "the recommender gives no ranking", "n": 0}
    assert fields["success"]["value"] == 0.0
    assert fields["n_missing"] == 0
    assert fields["name"] == 'http@1{"crs":"{\\"preset\\":\\"ievalm\\",\\"url\\":\\"' + crs + '\\"}"}'


@plain
def test_a_crs_that_is_down_fails_with_the_reason(store: Path) -> None:
    with pytest.raises(ProviderFailed, match="cannot be reached"):
        evaluated(store, "http:ievalm:http://127.0.0.1:9")


@plain
@pytest.mark.parametrize("command", ["evaluate", "simulate"])
def test_mostly_missing_is_no_result_and_the_same_command_asks_again(
    command: str, store: Path, failing_crs: tuple[str, list[bool]]
) -> None:
    crs, switch = failing_crs

    def run() -> dict[str, Any]:
        if command == "evaluate":
            return evaluated(store, crs)
        small = PanelSize(per_stratum=1, behaviour=4, free=0)
        return simulate("sample", setting="zero_shot", n=30, batch="b", report=small, options=RunOptions(store=store, recommender=crs))

    with pytest.raises(ProviderFailed, match=r"\d+ of 30 dialogues .* missing, most often because:") as failed:
        run()
    # a connection that breaks on a busy machine is tried again, and so is one answer more that the server counts
    n_missing = int(failed.value.message.split(" of 30")[0].split()[-1])
    assert 15 < n_missing <= 21
    kept = counts(store)
    assert kept["simulate.batches"] == kept["optimize.evaluations"] == 0
    switch[0] = True
    again = run()
    assert (again["n_missing"], again["n_complete"]) == (0, 30)
    assert set(again["ends"]["complete"]) <= {"goodbye", "recommender_goodbye"}
    # a replay is one call; the report of a batch comes after its dialogues
    n_replays = again["calls"]["report"]["made"] if command == "simulate" else 0
    assert counts(store)["play.dialogues"] == kept["play.dialogues"] + n_missing + n_replays
    assert run()["n_model_calls"] == 0


def counts(store: Path) -> dict[str, int]:
    with Store.open(store) as opened:
        return opened.counts()


@plain
def test_a_recommender_that_cannot_be_judged_is_bad_input(store: Path) -> None:
    refused = ((["nobody"], "there is no"), (["retrieval", "retrieval@2"], "named more than once"), (["llm:x"], "takes no argument"))
    for recommenders, told in refused:
        with pytest.raises(BadInput, match=told):
            evaluated(store, *recommenders)


@plain
def test_people_s_scores_of_the_same_systems_give_a_rank_agreement(store: Path) -> None:
    liked = {"retrieval": "satisfied", "popularity": "neutral", "random": "frustrated"}
    with Store.open(store) as opened, opened.transaction():
        for name, value in liked.items():
            for k in range(4):
                opened.add("ingest.dialogues", [dialogue(f"{name}{k}", name)])
                opened.add("ingest.labels", [label(f"{name}{k}", value)])
    agreement = evaluated(store, *liked)["rank_agreement"]
    assert (agreement["human"], agreement["simulated"], agreement["n"]) == ("sentiment", "satisfaction", 3)
    assert agreement["systems"] == ["popularity", "random", "retrieval"]
    assert agreement["ci"][0] <= agreement["value"] <= agreement["ci"][1]


def dialogue(dialogue_id: str, system: str) -> dict[str, Any]:
    return {
        "dataset": "sample", "dialogue_id": dialogue_id, "content_sha256": "x", "source_sha256": "x", "licence": "x",
        "seeker_id": "p", "recommender_id": system, "official_split": None, "n_messages": 2, "n_turns": 2,
        "is_annotation": False, "is_tagged": True,
    }  # fmt: skip


def label(dialogue_id: str, value: str) -> dict[str, Any]:
    return {
        "dataset": "sample", "dialogue_id": dialogue_id, "labels_sha256": "x", "position": 0, "turn_index": None,
        "name": "sentiment", "value": value, "annotator": "", "source_sha256": "x", "licence": "x",
    }  # fmt: skip
