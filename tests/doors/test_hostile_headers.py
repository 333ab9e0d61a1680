"""What servers say in headers: a redirect sends no prompt elsewhere, and an odd time to wait is an outcome with a reason."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from understudy.completion import MissingReply
from understudy.doors.gateway import caller
from understudy.errors import ProviderFailed

sys.path.insert(0, str(Path(__file__).parent))
from test_llm import gateway, listening, request

MODELS = ("openai/anything", "anthropic/claude-3-5-haiku-latest", "gemini/gemini-2.5-flash", "ollama_chat/llama3.2", "azure/deployment")
KEYS = ("ANTHROPIC", "GEMINI", "AZURE")


@dataclass
class Redirecting:
    """A server that sends everybody to another place of its own, and what came there."""

    address: str = ""
    asked: list[str] = field(default_factory=list)
    elsewhere: list[bytes] = field(default_factory=list)

    async def redirect(self, asked: Request) -> Response:
        self.asked.append(asked.url.path)
        return Response(status_code=307, headers={"location": f"{self.address}/elsewhere"})

    async def arrived(self, asked: Request) -> Response:
        self.elsewhere.append(await asked.body())
        return Response("{}", media_type="application/json")


@pytest.fixture(scope="module")
def server() -> Iterator[Redirecting]:
    redirecting = Redirecting()
    methods = ["GET", "POST"]
    routes = [Route("/elsewhere", redirecting.arrived, methods=methods), Route("/{path:path}", redirecting.redirect, methods=methods)]
    with listening(app=Starlette(routes=routes)) as (address, _):
        redirecting.address = address.removesuffix("/v1")
        yield redirecting


@pytest.mark.parametrize("model", MODELS)
def test_a_redirect_is_not_followed_and_ends_the_run(
    tmp_path: Path, server: Redirecting, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caller, "wait_s", lambda *_, **__: 0.0)
    for name in KEYS:
        monkeypatch.setenv(f"{name}_API_KEY", "planted-key-4711-0815")
    monkeypatch.setenv("AZURE_API_VERSION", "2024-10-21")
    before = len(server.asked)
    with gateway(tmp_path, api_base=server.address, api_base_for=model) as opened, pytest.raises(ProviderFailed) as told:
        opened.run(opened.complete(request(model=model)))
    assert server.elsewhere == []
    assert len(server.asked) == before + 1
    assert "redirect" in told.value.message
    assert "--api-base" in told.value.hint
    assert not isinstance(told.value, MissingReply), "the next call would be redirected as well"


@pytest.mark.parametrize(
    ("retry_after", "n_sent"),
    [("3600", 1), ("Wed, 21 Oct 999999999999999999999999 07:28:00 GMT", 2), ("-5", 2), ("nan", 2), ("Fri, 31 Dec 9999 23:59:59 GMT", 1)],
)
def test_an_odd_retry_after_of_a_model_is_an_outcome(
    tmp_path: Path, retry_after: str, n_sent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caller, "wait_s", lambda *_, **__: 0.0)
    sent: list[str] = []

    async def refusing(asked: Request) -> Response:
        sent.append(asked.url.path)
        return Response('{"error": {"message": "slow down"}}', status_code=429, headers={"retry-after": retry_after})

    with (
        listening(app=Starlette(routes=[Route("/v1/chat/completions", refusing, methods=["POST"])])) as (address, _),
        gateway(tmp_path, api_base=address, max_attempts=2) as opened,
        pytest.raises(MissingReply, match="slow down"),
    ):
        opened.run(opened.complete(request(model="openai/anything")))
    assert len(sent) == n_sent
