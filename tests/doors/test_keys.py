"""A planted key is found nowhere: not in a row, log, artifact, traceback, event or answer, though servers send it back."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import copyfile
from threading import Thread

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request as Asked
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from understudy import rehearsal
from understudy.completion import Message, Request
from understudy.doors.events import recording
from understudy.doors.gateway import caller
from understudy.doors.gateway.caller import GatewayConfig
from understudy.doors.gateway.llm import Gateway
from understudy.errors import ProviderFailed

UNDERSTUDY = str(Path(sys.executable).with_name("understudy"))
# one that looks like a key, and one that looks like nothing
KEYS = ("sk-planted0123456789abcdefXYZ", "plantedwordswithoutanyform")


@contextmanager
def echoing(status: int, *, whole: bool = True, replies: bool = False) -> Iterator[tuple[str, list[str]]]:
    """The address of a server that answers with `status` and repeats the credentials it was sent; and what it was sent."""
    seen: list[str] = []

    async def chat(request: Asked) -> Response:
        sent = request.headers.get("authorization", "none")
        seen.append(sent)
        key = sent.removeprefix("Bearer ")
        text = f"You sent {key}. Incorrect API key provided: {key}. Headers: Authorization: {sent}; url https://me:{key}@host/?api_key={key}"
        if replies:
            said = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": f"I like {key} best."}}
            usage = {"prompt_tokens": 3, "completion_tokens": 3, "total_tokens": 6}
            told = {"id": key, "object": "chat.completion", "created": 1, "model": f"m-{key}", "system_fingerprint": key}
            return JSONResponse({**told, "choices": [said], "usage": usage})
        headers = {"x-echo": sent, "retry-after": "0"}
        if not whole:
            return PlainTextResponse(text, status_code=status, headers=headers)
        return JSONResponse({"error": {"message": text, "type": "e", "param": key, "code": status}}, status_code=status, headers=headers)

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        app = Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])])
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", access_log=False, timeout_graceful_shutdown=1))
        thread = Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1", seen
        finally:
            server.should_exit = True
            thread.join(5)


def leaks(key: str, folder: Path) -> list[str]:
    """The files below a folder that hold the key. A server that others use may remove one of its own meanwhile."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    found = []
    for path in files:
        with suppress(FileNotFoundError):
            found += [str(path)] if key.encode() in path.read_bytes() else []
    return found


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(("status", "whole"), [(200, True), (400, True), (401, True), (403, False), (429, True), (500, True), (502, False)])
def test_what_a_server_sends_back_of_the_key_is_not_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], key: str, status: int, whole: bool
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", key)
    monkeypatch.setattr(caller, "wait_s", lambda *_, **__: 0.0)
    request = Request("seeker", "openai/anything", (Message("user", "hi"),), 0.7, 1.0, 50, 1)
    surfaces = {"0": rehearsal.surface("0")}
    with (
        echoing(status, whole=whole) as (address, seen),
        recording(tmp_path / "events"),
        Gateway(
            GatewayConfig(api_base=address, max_attempts=2), store_path=tmp_path / "s.duckdb", fitted={}, surfaces=surfaces, run_id="r"
        ) as gateway,
        pytest.raises(ProviderFailed) as told,
    ):
        gateway.run(gateway.complete(request))
    assert seen[0] == f"Bearer {key}", "the server did get it"
    shown = "".join(traceback.format_exception(told.value)) + told.value.message + told.value.hint + repr(told.value.__context__)
    assert key not in shown
    assert "***" in told.value.message or status in (200, 502), "the rest of the reason is kept"
    assert leaks(key, tmp_path) == []
    printed = capfd.readouterr()
    assert key not in printed.out + printed.err


@pytest.mark.parametrize("key", KEYS)
def test_a_reply_that_says_the_key_is_kept_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", key)
    request = Request("seeker", "openai/anything", (Message("user", "hi"),), 0.7, 1.0, 50, 1)
    with (
        echoing(200, replies=True) as (address, seen),
        Gateway(
            GatewayConfig(api_base=address), store_path=tmp_path / "s.duckdb", fitted={}, surfaces={"0": rehearsal.surface("0")}, run_id="r"
        ) as gateway,
    ):
        reply = gateway.run(gateway.complete(request))
    assert seen == [f"Bearer {key}"]
    assert (reply.text, reply.reported_model, reply.engine, reply.fingerprint) == ("I like *** best.", "m-***", "m-***", "***")
    assert leaks(key, tmp_path) == []


@pytest.fixture(params=["shared", pytest.param("own", marks=pytest.mark.integration)])
def prefect_home(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the server keeps what a command tells it: that of all tests, or one that the command starts for itself."""
    if request.param == "own":
        return tmp_path / "prefect"
    monkeypatch.setenv("PREFECT_API_URL", request.getfixturevalue("prefect_server"))
    shared: Path = request.getfixturevalue("shared_folder")
    return shared / "prefect"


def test_a_command_that_fails_at_its_provider_leaves_no_key_behind_and_ends_at_once_with_four(
    profiled_sample: Path, prefect_home: Path, tmp_path: Path
) -> None:
    key = KEYS[0]
    copyfile(profiled_sample, tmp_path / "understudy.duckdb")
    loud = {"PREFECT_LOGGING_LEVEL": "DEBUG", "LITELLM_LOG": "DEBUG"}
    environment = {**os.environ, **loud, "PREFECT_HOME": str(tmp_path / "prefect"), "OPENAI_API_KEY": key}

    play = [UNDERSTUDY, "simulate", "--dataset", "sample", "--setting", "zero_shot", "--n", "8", "--events", "events.jsonl", "--json"]
    with echoing(401) as (address, seen):
        model = ["--model", "openai/gpt-4o-mini", "--api-base", address, "--concurrency", "4"]
        done = subprocess.run([*play, *model], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["error"]["code"]) == (4, "provider_failed"), done.stderr
    assert "environment" in answer["error"]["hint"]
    assert set(seen) == {f"Bearer {key}"}
    assert len(seen) <= 4, "no more calls than were in flight"
    assert key not in done.stdout + done.stderr
    assert (prefect_home / "prefect.db").is_file(), "with no address of a server a command starts one for itself"
    assert leaks(key, prefect_home) == leaks(key, tmp_path) == []
