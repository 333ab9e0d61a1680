"""The faults that the loopback server simulates: their rates, their kinds, and what each sends."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Literal, get_args

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from understudy.doors.oddities import ODDITIES, Oddity
from understudy.errors import BadInput
from understudy.keys import share_of

Kind = Literal[
    "rate_limited", "server_error", "hang", "reset", "truncated", "malformed", "empty", "wrong_schema", "error_body", "drip"
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)
DRAWN: tuple[Kind | Oddity, ...] = (*KINDS, *ODDITIES)
REFUSABLE = ("temperature", "top_p", "max_tokens", "max_completion_tokens", "seed", "system", "response_format")
# those after which the client has no whole answer, whatever status the first bytes said
UNANSWERED: frozenset[Kind] = frozenset({"hang", "reset", "drip"})
_HTML = "<!doctype html><html><head><title>Welcome</title></head><body>Sign in to use this network.</body></html>"
_LOOK_UP_S = 0.05


@dataclass(frozen=True, slots=True)
class Faults:
    """Shares of requests that fail or are answered oddly, in [0, 1] and at most 1 together, drawn from seed, request and how often it came.

    Each 429 begins a burst of `burst_s` in which everybody is refused; `retry_after_date` is the share that say when to come
    back as a date. A drip sends its bytes over `drip_s`, so that no single read of the client waits long. A request with one of
    `refuses` (parameters, or `system`) is refused in any case.
    """

    rate_limited: float = 0.0
    server_error: float = 0.0
    hang: float = 0.0
    reset: float = 0.0
    truncated: float = 0.0
    malformed: float = 0.0
    empty: float = 0.0
    wrong_schema: float = 0.0
    error_body: float = 0.0
    drip: float = 0.0
    no_usage: float = 0.0
    null_usage: float = 0.0
    zero_usage: float = 0.0
    negative_usage: float = 0.0
    huge_usage: float = 0.0
    odd_signs: float = 0.0
    cut: float = 0.0
    overlong: float = 0.0
    endless: float = 0.0
    thoughts: float = 0.0
    tool_call: float = 0.0
    events: float = 0.0
    no_choices: float = 0.0
    parts: float = 0.0
    number: float = 0.0
    retry_after_s: float = 1.0
    retry_after_date: float = 0.0
    burst_s: float = 0.0
    hang_s: float = 3600.0
    drip_s: float = 3600.0
    seed: int = 0
    refuses: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        shares = {kind: getattr(self, kind) for kind in (*DRAWN, "retry_after_date")}
        if any(not 0.0 <= share <= 1.0 for share in shares.values()) or sum(shares[kind] for kind in DRAWN) > 1.0 + 1e-9:
            raise BadInput(f"the fault rates are {shares}; each must lie in [0, 1], and their sum must be at most 1")

    @classmethod
    def read(cls, path: Path) -> Faults:
        """The faults of a TOML file with the keys of this class. Raises BadInput naming the key."""
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise BadInput(f"cannot read {path} as a file of faults: {error}") from error
        refuses = values.pop("refuses", [])
        if not isinstance(refuses, list) or not set(refuses) <= set(REFUSABLE):
            raise BadInput(f"{path}: refuses = {refuses!r} is no list of parameters", hint=f"name some of {', '.join(REFUSABLE)}")
        known = [field.name for field in fields(cls) if field.name != "refuses"]
        for name, value in values.items():
            if name not in known or isinstance(value, bool) or not isinstance(value, int | float):
                raise BadInput(
                    f"{path}: {name} = {value!r} is not a known fault with a number",
                    hint=f"give a number for each of these keys: {', '.join(known)}",
                )
        return cls(**values, refuses=tuple(refuses))

    def draw(self, body_key: str, n_before: int) -> Kind | Oddity | None:
        """What goes wrong with a request; the same one tried again has a new draw."""
        share, passed = share_of("fault", self.seed, body_key, n_before), 0.0
        for kind in DRAWN:
            passed += getattr(self, kind)
            if share < passed:
                return kind
        return None

    def retry_after(self, body_key: str, n_before: int) -> str:
        """The `retry-after` of a 429: seconds or, for a share of them, a date."""
        if share_of("date", self.seed, body_key, n_before) < self.retry_after_date:
            return format_datetime(datetime.now(UTC) + timedelta(seconds=self.retry_after_s), usegmt=True)
        return f"{self.retry_after_s:g}"


def refusal(asked: Mapping[str, Any], refuses: Collection[str]) -> Response | None:
    """The refusal, in OpenAI's words, of a request that holds what is refused; None for any other."""
    held = next((name for name in refuses if name in asked), None)
    if "system" in refuses and any(message.get("role") == "system" for message in asked["messages"]):
        held, words = "messages[0].role", "Unsupported value: 'messages[0].role' does not support 'system' with this model."
    elif held is not None:
        words = f"Unsupported parameter: '{held}' is not supported with this model."
    else:
        return None
    error = {"message": words, "type": "invalid_request_error", "param": held, "code": "unsupported_value"}
    return JSONResponse({"error": error}, status_code=400)


def broken(whole: bytes, fault: Kind | Oddity, faults: Faults) -> Response:
    """What is sent instead of the answer `whole`: no answer, a part of it, or something that is no answer."""
    if fault in ("hang", "reset"):
        return _Cut()
    if fault == "drip":
        return _Drip(whole, faults.drip_s)
    if fault == "truncated":
        return Response(whole[: len(whole) // 2], media_type="application/json")
    if fault == "malformed":
        return Response(_HTML, media_type="text/html")
    return JSONResponse(_NOT_A_COMPLETION[fault])


_NOT_A_COMPLETION: Mapping[str, Any] = {
    "empty": {
        "id": "chatcmpl-empty",
        "object": "chat.completion",
        "created": 0,
        "model": "rehearsal",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": ""}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 0, "total_tokens": 1},
    },
    "wrong_schema": {"id": "chatcmpl-odd", "object": "text", "created": 0, "model": "rehearsal", "output": [{"text": "Hello there"}]},
    "error_body": {"error": {"message": "upstream failed (a fault on purpose)", "type": "server_error", "code": 502}},
}


async def until_gone(request: Request, seconds: float) -> None:
    """Returns after so long, or when the client has left."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while loop.time() < end and not await request.is_disconnected():
        await asyncio.sleep(min(_LOOK_UP_S, max(0.0, end - loop.time())))


class _Cut(Response):
    """An answer that promises more than it sends; the server then closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
        await send({"type": "http.response.body", "body": b'{"id": ', "more_body": False})


class _Drip(Response):
    """An answer that comes a byte at a time."""

    def __init__(self, whole: bytes, seconds: float) -> None:
        super().__init__(whole, media_type="application/json")
        self._between_s = seconds / max(1, len(whole))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        body = bytes(self.body)
        for place in range(len(body)):
            await send({"type": "http.response.body", "body": body[place : place + 1], "more_body": place + 1 < len(body)})
            await asyncio.sleep(self._between_s)
            if await request.is_disconnected():
                return
