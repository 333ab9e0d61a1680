"""A loopback server that speaks the OpenAI chat protocol, for tests and rehearsals.

It answers with rehearsal at its committed, unfitted parameters on surface 0, says so in `model`, and can fail on purpose.
Its log counts what the *server* saw. It is not a way to serve models: it listens on loopback alone and knows no users.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import socket
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from understudy import rehearsal
from understudy.completion import Message
from understudy.doors.faults import UNANSWERED, Faults, Kind, broken, refusal, until_gone
from understudy.doors.oddities import ODDITIES, Oddity, odd
from understudy.errors import BadInput

SURFACE = "0"
MODEL = "rehearsal"
_HOST = "127.0.0.1"
# what the log says of a request that got no whole answer
_NO_ANSWER = 0


class DevServer:
    """The application, its counts and its log."""

    def __init__(self, *, faults: Faults, latency_ms: int, log: IO[str] | None) -> None:
        self._faults, self._latency_s, self._log = faults, latency_ms / 1000, log
        self._surface = rehearsal.surface(SURFACE)
        self._n_requests, self._in_flight, self._burst_until, self._seen = 0, 0, 0.0, Counter[str]()
        chat = [Route(f"{base}/chat/completions", self.chat, methods=["POST"]) for base in ("/v1", "")]
        models = [Route(f"{base}/models", self.models) for base in ("/v1", "")]
        self.app = Starlette(routes=[*chat, *models, Route("/health", self.health)])

    async def health(self, _: Request) -> Response:
        """How many chat requests came so far."""
        return JSONResponse({"status": "ok", "n_requests": self._n_requests, "in_flight": self._in_flight})

    async def models(self, _: Request) -> Response:
        """The one model there is."""
        return JSONResponse({"object": "list", "data": [{"id": MODEL, "object": "model", "owned_by": "understudy"}]})

    async def chat(self, request: Request) -> Response:
        """A chat completion, or the fault that was drawn; logged either way."""
        self._n_requests += 1
        self._in_flight += 1
        line: dict[str, Any] = {"seq": self._n_requests, "at": datetime.now(UTC).isoformat(), "in_flight": self._in_flight}
        line |= {"status": _NO_ANSWER, "key": "", "fault": "", "tokens": 0}
        try:
            body = await request.body()
            line["key"] = hashlib.sha256(body).hexdigest()
            n_before = self._seen[line["key"]]
            self._seen[line["key"]] += 1
            await asyncio.sleep(self._latency_s)
            fault = self._fault(line["key"], n_before)
            line["fault"] = fault or ""
            response = await self._response(request, body, line, n_before)
            line["status"] = _NO_ANSWER if fault in UNANSWERED else response.status_code
            return response
        except ClientDisconnect:
            return Response(status_code=499)
        finally:
            self._in_flight -= 1
            self._note(line)

    def _fault(self, body_key: str, n_before: int) -> Kind | Oddity | None:
        now = asyncio.get_running_loop().time()
        if now < self._burst_until:
            return "rate_limited"
        fault = self._faults.draw(body_key, n_before)
        if fault == "rate_limited":
            self._burst_until = now + self._faults.burst_s
        return fault

    async def _response(self, request: Request, body: bytes, line: dict[str, Any], n_before: int) -> Response:
        fault: Kind | Oddity | None = line["fault"] or None
        if fault == "rate_limited":
            when = self._faults.retry_after(line["key"], n_before)
            return _error(429, "too many requests (a fault on purpose)", {"retry-after": when})
        if fault == "server_error":
            return _error(500, "internal error (a fault on purpose)")
        if fault == "hang":
            await until_gone(request, self._faults.hang_s)
        whole = self._answer(body, line)
        if fault is None or whole.status_code >= 400:
            return whole
        oddity = next((one for one in ODDITIES if one == fault), None)
        return odd(bytes(whole.body), oddity) if oddity else broken(bytes(whole.body), fault, self._faults)

    def _answer(self, body: bytes, line: dict[str, Any]) -> Response:
        try:
            asked = _read(body, without_system="system" in self._faults.refuses)
            if (refused := refusal(asked.parameters, self._faults.refuses)) is not None:
                return refused
            reply = rehearsal.respond(
                asked.messages,
                surface=self._surface,
                fitted=rehearsal.UNFITTED,
                temperature=asked.temperature,
                top_p=asked.top_p,
                seed=asked.seed,
                schema=asked.schema,
            )
        except BadInput as error:
            return _error(400, error.message)
        spent = reply.prompt_tokens, reply.completion_tokens
        # what comes as a whole answer was written, and a provider would charge for it
        line["tokens"] = sum(spent) if line["fault"] in ("", *ODDITIES) else 0
        return JSONResponse(
            {
                "id": f"chatcmpl-{line['key'][:24]}",
                "object": "chat.completion",
                "created": int(datetime.now(UTC).timestamp()),
                "model": MODEL,
                "system_fingerprint": f"{self._surface.digest[:12]}-unfitted",
                "choices": [{"index": 0, "message": {"role": "assistant", "content": reply.text}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": spent[0], "completion_tokens": spent[1], "total_tokens": sum(spent)},
            }
        )

    def _note(self, line: Mapping[str, Any]) -> None:
        if self._log is not None:
            self._log.write(json.dumps(line) + "\n")
            self._log.flush()


def serve(
    port: int,
    *,
    faults: Path | None = None,
    latency_ms: int = 0,
    log: Path | None = None,
    announce: Callable[[str], object] = sys.stdout.write,
) -> None:
    """Serves until it is stopped. Announces one JSON line `{port, api_base}` when it listens; port 0 takes a free one."""
    import uvicorn

    drawn = Faults.read(faults) if faults is not None else Faults()
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((_HOST, port))
    except OSError as error:
        listener.close()
        raise BadInput(f"cannot listen on {_HOST}:{port}: {error.strerror}", hint="choose another --port; 0 takes any free port") from error
    listener.listen(512)
    port = listener.getsockname()[1]
    with listener, log.open("a", encoding="utf-8") if log is not None else nullcontext() as file:
        server = DevServer(faults=drawn, latency_ms=latency_ms, log=file)
        announce(json.dumps({"port": port, "api_base": f"http://{_HOST}:{port}/v1"}) + "\n")
        sys.stdout.flush()
        config = uvicorn.Config(server.app, log_level="warning", access_log=False, timeout_graceful_shutdown=1)
        uvicorn.Server(config).run(sockets=[listener])


@dataclass(frozen=True, slots=True)
class _Asked:
    parameters: Mapping[str, Any]
    messages: tuple[Message, ...]
    temperature: float
    top_p: float
    seed: int
    schema: str


def _read(body: bytes, *, without_system: bool) -> _Asked:
    """The request. Raises BadInput for what is not a chat request. A missing seed is 0, so an answer depends on the request alone.

    `without_system`: the instruction stands in the first user message, before what is said, as a model without system messages takes it.
    As a message of its own it may have the role `developer` or `user`, which litellm gives it for some models.
    """
    try:
        asked = json.loads(body)
        if asked.get("stream"):
            raise BadInput('the request asks for a streamed reply, which this server does not give; send it with "stream": false')
        messages = tuple(Message(str(message["role"]), _content(message["content"])) for message in asked["messages"])
        return _Asked(
            parameters=asked,
            messages=_parted(messages) if without_system else _instructed(messages),
            temperature=float(asked.get("temperature", 1.0)),
            top_p=float(asked.get("top_p", 1.0)),
            seed=int(asked.get("seed") or 0),
            schema=_schema(asked.get("response_format")),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"the request is not a chat completion request: {type(error).__name__}: {error}") from error


def _schema(response_format: Any) -> str:
    """The JSON schema that the reply is to follow; empty where none is asked for. Raises BadInput for a format of another kind."""
    if response_format is None or response_format["type"] == "text":
        return ""
    if response_format["type"] != "json_schema":
        raise BadInput(f"response_format is {response_format['type']!r}, and this server knows text and json_schema")
    return json.dumps(response_format["json_schema"]["schema"])


def _instructed(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    first, second = (*messages, None, None)[:2]
    is_instruction = first is not None and second is not None and first.role in ("developer", "user") and second.role == "user"
    return (Message("system", messages[0].content), *messages[1:]) if is_instruction else messages


def _parted(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    first, *rest = messages
    instruction, blank, words = first.content.rpartition("\n\n")
    return (Message("system", instruction), Message("user", words), *rest) if first.role == "user" and blank else messages


def _content(value: Any) -> str:
    """Message content: a string, or a list of text parts as some clients send it."""
    return value if isinstance(value, str) else "".join(part["text"] for part in value if part["type"] == "text")


def _error(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    kind = "invalid_request_error" if status == 400 else "server_error"
    return JSONResponse({"error": {"message": message, "type": kind, "code": status}}, status_code=status, headers=headers)
