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
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Literal, get_args

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from understudy import rehearsal
from understudy.completion import Message
from understudy.errors import BadInput
from understudy.keys import share_of

SURFACE = "0"
MODEL = "rehearsal"
_HOST = "127.0.0.1"
Kind = Literal["rate_limited", "server_error", "hang", "reset", "malformed", "empty"]
KINDS: tuple[Kind, ...] = get_args(Kind)
# what the log says of a request that got no whole answer
_NO_ANSWER = 0


@dataclass(frozen=True, slots=True)
class Faults:
    """Shares of requests that fail, each in [0, 1], drawn from seed, request and how often it came; at most 1 together."""

    rate_limited: float = 0.0
    server_error: float = 0.0
    hang: float = 0.0
    reset: float = 0.0
    malformed: float = 0.0
    empty: float = 0.0
    retry_after_s: float = 1.0
    hang_s: float = 3600.0
    seed: int = 0

    def __post_init__(self) -> None:
        shares = [getattr(self, kind) for kind in KINDS]
        if any(not 0.0 <= share <= 1.0 for share in shares) or sum(shares) > 1.0 + 1e-9:
            raise BadInput(f"fault rates are shares in [0, 1] that sum to at most 1; seen: {dict(zip(KINDS, shares, strict=True))}")

    @classmethod
    def read(cls, path: Path) -> Faults:
        """The faults of a TOML file with the keys of this class. Raises BadInput naming the key."""
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise BadInput(f"cannot read {path} as a file of faults: {error}") from error
        known = [field.name for field in fields(cls)]
        for name, value in values.items():
            if name not in known or isinstance(value, bool) or not isinstance(value, int | float):
                raise BadInput(f"{path}: {name} = {value!r} is not a fault", hint=f"numbers under the keys {', '.join(known)}")
        return cls(**values)

    def draw(self, body_key: str, n_before: int) -> Kind | None:
        """What goes wrong with a request; the same one tried again has a new draw."""
        share, passed = share_of("fault", self.seed, body_key, n_before), 0.0
        for kind in KINDS:
            passed += getattr(self, kind)
            if share < passed:
                return kind
        return None


class DevServer:
    """The application, its counts and its log."""

    def __init__(self, *, faults: Faults, latency_ms: int, log: IO[str] | None) -> None:
        self._faults, self._latency_s, self._log = faults, latency_ms / 1000, log
        self._surface = rehearsal.surface(SURFACE)
        self._n_requests, self._in_flight, self._seen = 0, 0, Counter[str]()
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
        line |= {"status": _NO_ANSWER, "key": ""}
        try:
            body = await request.body()
            line["key"] = hashlib.sha256(body).hexdigest()
            n_before = self._seen[line["key"]]
            self._seen[line["key"]] += 1
            await asyncio.sleep(self._latency_s)
            fault = self._faults.draw(line["key"], n_before)
            response = self._answer(body, line["key"]) if fault is None else await self._failed(fault)
            line["status"] = _NO_ANSWER if fault in ("hang", "reset") else response.status_code
            return response
        except ClientDisconnect:
            return Response(status_code=499)
        finally:
            self._in_flight -= 1
            self._note(line)

    def _answer(self, body: bytes, body_key: str) -> Response:
        try:
            asked = _read(body)
            reply = rehearsal.respond(
                asked.messages,
                surface=self._surface,
                fitted=rehearsal.UNFITTED,
                temperature=asked.temperature,
                top_p=asked.top_p,
                seed=asked.seed,
            )
        except BadInput as error:
            return _error(400, error.message)
        spent = reply.prompt_tokens, reply.completion_tokens
        return JSONResponse(
            {
                "id": f"chatcmpl-{body_key[:24]}",
                "object": "chat.completion",
                "created": int(datetime.now(UTC).timestamp()),
                "model": MODEL,
                "system_fingerprint": f"{self._surface.digest[:12]}-unfitted",
                "choices": [{"index": 0, "message": {"role": "assistant", "content": reply.text}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": spent[0], "completion_tokens": spent[1], "total_tokens": sum(spent)},
            }
        )

    async def _failed(self, fault: Kind) -> Response:
        if fault == "rate_limited":
            return _error(429, "too many requests (a fault on purpose)", {"retry-after": f"{self._faults.retry_after_s:g}"})
        if fault == "server_error":
            return _error(500, "internal error (a fault on purpose)")
        if fault == "hang":
            await asyncio.sleep(self._faults.hang_s)
        if fault in ("hang", "reset"):
            return _Broken()
        if fault == "malformed":
            return Response('{"choices": [{"message": {"content": "Hi', media_type="application/json")
        said = {"index": 0, "message": {"role": "assistant", "content": ""}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 1, "completion_tokens": 0, "total_tokens": 1}
        return JSONResponse({"id": "chatcmpl-empty", "object": "chat.completion", "model": MODEL, "choices": [said], "usage": usage})

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
        raise BadInput(f"cannot listen on {_HOST}:{port}: {error.strerror}", hint="choose another --port, or 0 for a free one") from error
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
    messages: tuple[Message, ...]
    temperature: float
    top_p: float
    seed: int


class _Broken(Response):
    """An answer that promises more than it sends; the server then closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
        await send({"type": "http.response.body", "body": b'{"id": ', "more_body": False})


def _read(body: bytes) -> _Asked:
    """The request. Raises BadInput for what is not a chat request. A missing seed is 0, so an answer depends on the request alone."""
    try:
        asked = json.loads(body)
        if asked.get("stream"):
            raise BadInput("this server does not stream")
        return _Asked(
            messages=tuple(Message(str(message["role"]), _content(message["content"])) for message in asked["messages"]),
            temperature=float(asked.get("temperature", 1.0)),
            top_p=float(asked.get("top_p", 1.0)),
            seed=int(asked.get("seed") or 0),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"not a chat request: {type(error).__name__}: {error}") from error


def _content(value: Any) -> str:
    """Message content: a string, or a list of text parts as some clients send it."""
    return value if isinstance(value, str) else "".join(part["text"] for part in value if part["type"] == "text")


def _error(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    kind = "invalid_request_error" if status == 400 else "server_error"
    return JSONResponse({"error": {"message": message, "type": kind, "code": status}}, status_code=status, headers=headers)
