"""The loopback server: the OpenAI protocol, honest about what answers, failing on purpose and counting what it saw."""

from __future__ import annotations

import hashlib
import io
import json
import socket
import subprocess
import sys
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from understudy.doors.devserver import DevServer, serve
from understudy.doors.faults import KINDS, Faults
from understudy.errors import BadInput
from understudy.prompt.genome import Genome
from understudy.prompt.setting import load_setting
from understudy.prompt.template import render
from understudy.records import Need


def body(seed: int = 1, **more: Any) -> dict[str, Any]:
    genome: Genome = load_setting("zero_shot").genome
    messages = render(genome, Need(genres=("comedy",)), [], exemplars=(), target=None)
    asked = [{"role": message.role, "content": message.content} for message in messages]
    return {"model": "anything", "messages": asked, "temperature": 0.7, "seed": seed, **more}


NONE = Faults()


def server(faults: Faults = NONE, log: io.StringIO | None = None) -> TestClient:
    return TestClient(DevServer(faults=faults, latency_ms=0, log=log).app, raise_server_exceptions=False)


def test_served_it_says_where_and_writes_its_log(tmp_path: Path) -> None:
    program = f"from pathlib import Path; from understudy.doors.devserver import serve; serve(0, log=Path({str(tmp_path / 'log')!r}))"
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        where = json.loads(process.stdout.readline())
        with httpx.Client(trust_env=False) as client:
            answer = client.post(f"{where['api_base']}/chat/completions", json=body(), timeout=30)
        assert answer.json()["model"] == "rehearsal"
        assert str(where["port"]) in where["api_base"]
    finally:
        process.terminate()
        process.wait(30)
    assert [json.loads(line)["status"] for line in (tmp_path / "log").read_text().splitlines()] == [200]


def test_a_port_in_use_is_bad_input() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(BadInput, match="cannot listen"):
            serve(taken.getsockname()[1])


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/chat/completions"])
def test_it_answers_as_rehearsal_and_the_same_request_alike(path: str) -> None:
    client = server()
    first, again, other = (client.post(path, json=body(seed)).json() for seed in (1, 1, 2))
    assert first["model"] == "rehearsal"
    assert first["choices"][0]["message"]["content"]
    assert first["usage"]["total_tokens"] == first["usage"]["prompt_tokens"] + first["usage"]["completion_tokens"] > 0
    assert first["choices"] == again["choices"]
    assert first["choices"] != other["choices"]


@pytest.mark.parametrize(
    "asked",
    [
        {"messages": [{"role": "user", "content": "What is the capital of France?"}]},
        {"messages": "none"},
        {},
        {**body(), "stream": True},
        {**body(), "temperature": "warm"},
    ],
)
def test_what_is_not_a_seeker_s_prompt_is_refused(asked: dict[str, Any]) -> None:
    answer = server().post("/v1/chat/completions", json=asked)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


def test_broken_json_is_refused() -> None:
    assert server().post("/v1/chat/completions", content=b'{"mess').status_code == 400
    assert server().post("/v1/chat/completions", content=b"[]").status_code == 400


def test_it_lists_its_model_and_its_health() -> None:
    client = server()
    assert client.get("/v1/models").json()["data"][0]["id"] == "rehearsal"
    assert client.get("/health").json()["n_requests"] == 0


def test_the_log_has_one_line_for_each_request() -> None:
    log = io.StringIO()
    client = server(log=log)
    for asked in (body(1), body(1), body(2), {}):
        client.post("/v1/chat/completions", json=asked)
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [line["seq"] for line in lines] == [1, 2, 3, 4]
    assert [line["status"] for line in lines] == [200, 200, 200, 400]
    assert lines[0]["key"] == lines[1]["key"] != lines[2]["key"]
    assert set(lines[0]) == {"seq", "at", "status", "key", "in_flight", "fault", "tokens"}
    assert lines[0]["tokens"] > 0
    assert lines[3]["tokens"] == 0


@pytest.mark.parametrize(("fault", "status"), [("rate_limited", 429), ("server_error", 500)])
def test_a_refusal_on_purpose(fault: str, status: int) -> None:
    answer = server(Faults(**{fault: 1.0}, retry_after_s=2)).post("/v1/chat/completions", json=body())  # type: ignore[arg-type]
    assert answer.status_code == status
    assert answer.headers.get("retry-after") == ("2" if status == 429 else None)


def test_a_429_may_say_when_as_a_date() -> None:
    faults = Faults(rate_limited=1.0, retry_after_s=100, retry_after_date=1.0)
    header = server(faults).post("/v1/chat/completions", json=body()).headers["retry-after"]
    assert 90 < (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds() < 101


def test_a_429_begins_a_burst_in_which_everybody_is_refused() -> None:
    seed = next(n for n in range(50) if Faults(rate_limited=0.5, seed=n).draw(key_of(body(1)), 0) == "rate_limited")
    log = io.StringIO()
    client = server(Faults(rate_limited=0.5, burst_s=3600, seed=seed), log)
    assert [client.post("/v1/chat/completions", json=body(n)).status_code for n in range(1, 12)] == [429] * 11
    assert {json.loads(line)["fault"] for line in log.getvalue().splitlines()} == {"rate_limited"}


def key_of(asked: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(asked, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


def answered(fault: str, log: io.StringIO | None = None) -> httpx.Response:
    answer: httpx.Response = server(Faults(**{fault: 1.0}, drip_s=0.1), log).post("/v1/chat/completions", json=body())  # type: ignore[arg-type]
    return answer


def test_answers_broken_on_purpose_are_what_they_are_called() -> None:
    whole = server().post("/v1/chat/completions", json=body())
    truncated = answered("truncated")
    assert 0 < len(truncated.content) < len(whole.content)
    with pytest.raises(json.JSONDecodeError):
        truncated.json()
    malformed = answered("malformed")
    assert malformed.status_code == 200
    assert "html" in malformed.headers["content-type"]
    assert answered("empty").json()["choices"][0]["message"]["content"] == ""
    assert "choices" not in answered("wrong_schema").json()
    assert (answered("error_body").status_code, list(answered("error_body").json())) == (200, ["error"])
    assert answered("drip").json()["choices"] == whole.json()["choices"]


@pytest.mark.parametrize("fault", [kind for kind in KINDS if kind not in ("hang", "reset")])
def test_the_log_names_the_fault_and_counts_no_tokens_for_it(fault: str) -> None:
    log = io.StringIO()
    answered(fault, log)
    line = json.loads(log.getvalue())
    assert (line["fault"], line["tokens"]) == (fault, 0)


def test_faults_come_at_their_rates_and_a_second_try_is_drawn_anew() -> None:
    faults = Faults(rate_limited=0.2, server_error=0.1, seed=3)
    drawn = [faults.draw(f"request {n}", 0) for n in range(2000)]
    assert drawn == [faults.draw(f"request {n}", 0) for n in range(2000)]
    assert drawn.count("rate_limited") / 2000 == pytest.approx(0.2, abs=0.04)
    assert drawn.count("server_error") / 2000 == pytest.approx(0.1, abs=0.03)
    assert drawn != [faults.draw(f"request {n}", 1) for n in range(2000)]
    assert {Faults(**{kind: 1.0}).draw("x", 0) for kind in KINDS} == set(KINDS)  # type: ignore[arg-type]


def test_the_guide_s_file_of_faults_is_one_and_names_every_kind(tmp_path: Path) -> None:
    guide = (Path(__file__).resolve().parents[2] / "docs" / "models.md").read_text("utf-8")
    path = tmp_path / "faults.toml"
    path.write_text(guide.split("```toml\n")[1].split("```")[0])
    faults = Faults.read(path)
    assert all(getattr(faults, kind) > 0 for kind in KINDS)


@pytest.mark.parametrize(
    ("text", "told"),
    [("hangs = 0.1", "hangs"), ("hang = 'x'", "hang"), ("hang = 0.9\nreset = 0.9", "at most 1"), ("hang =", "cannot read")],
)
def test_a_wrong_file_of_faults_is_refused(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "faults.toml"
    path.write_text(text)
    with pytest.raises(BadInput, match=told):
        Faults.read(path)
