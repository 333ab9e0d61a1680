"""The door to running recommenders over HTTP: limits, retries, cookies and a breaker for each. It knows no CRS's form of message.

A CRS is asked on the gateway's loop. Whatever it does wrong ends as MissingReply with the reason, and after so many turns in a row
as ProviderFailed, as with models. Reasons hold no text of the reply and no credentials.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

from understudy.completion import MissingReply
from understudy.doors.gateway.calls import Breaker, retry_after, scrubbed
from understudy.errors import BadInput

Result = TypeVar("Result")
_FIRST_WAIT_S = 0.2
# answers that say the message was not taken in; a message that may have been is never sent twice, since a CRS remembers
_NOT_TAKEN = frozenset({429, 503})


class Unanswered(Exception):
    """A turn without a usable answer; the breaker counts it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Limits:
    """What a CRS is given: seconds a turn (all attempts together), turns in flight, bytes of one answer, attempts to reach it."""

    timeout_s: float = 30.0
    concurrency: int = 8
    max_bytes: int = 1 << 20
    attempts: int = 3


class Http:
    """The connections of one run; every CRS has its own breaker. Used on one event loop and closed there."""

    def __init__(self, *, breaker_after: int) -> None:
        self._breaker_after = breaker_after
        self._transport: httpx.AsyncHTTPTransport | None = None
        self._breakers: dict[str, Breaker] = {}
        self._slots: dict[tuple[str, int], asyncio.Semaphore] = {}
        logging.getLogger("httpx").setLevel(logging.CRITICAL)

    def line(self, address: str, limits: Limits) -> Line:
        """The way to the CRS at an address. Lines to one address share its breaker, and its slots where their number is the same."""
        address = checked_address(address)
        breaker = self._breakers.setdefault(address, Breaker(self._breaker_after))
        slots = self._slots.setdefault((address, limits.concurrency), asyncio.Semaphore(limits.concurrency))
        return Line(self, address, limits, breaker, slots)

    def client(self) -> httpx.AsyncClient:
        """A client with cookies of its own over the shared connections. Environment proxies are not used."""
        if self._transport is None:
            self._transport = httpx.AsyncHTTPTransport(trust_env=False)
        return httpx.AsyncClient(transport=self._transport, trust_env=False, follow_redirects=False, timeout=None)

    async def close(self) -> None:
        """Ends the connections."""
        if self._transport is not None:
            await self._transport.aclose()
            self._transport = None


class Line:
    """The connection to one CRS."""

    def __init__(self, http: Http, address: str, limits: Limits, breaker: Breaker, permits: asyncio.Semaphore) -> None:
        self._http, self._address, self._limits, self._breaker, self._slots = http, address, limits, breaker, permits

    def visit(self, *, key_env: str | None = None) -> Visit:
        """A session with the CRS. `key_env` names the environment variable that holds the key it wants, if any."""
        key = os.environ.get(key_env, "").strip() if key_env else ""
        if key_env and not (key and key.isascii() and key.isprintable()):
            # a header would refuse other characters, with the key in its message
            raise BadInput(f"the environment variable {key_env} is not set or holds no valid key", hint="set it to the recommender's key")
        return Visit(self._http.client(), self._address, self._limits, key)

    async def turn(self, talk: Callable[[], Awaitable[Result]]) -> Result:
        """What `talk` returns, within the limits. Raises MissingReply where it raises Unanswered or takes too long, ProviderFailed."""
        async with self._slots:
            self._breaker.check()
            try:
                async with asyncio.timeout(self._limits.timeout_s):
                    result = await talk()
            except TimeoutError:
                reason = f"did not answer within {self._limits.timeout_s:g} s"
            except Unanswered as failure:
                reason = failure.reason
            else:
                self._breaker.succeeded()
                return result
        reason = f"the recommender at {self._address} {reason}"
        self._breaker.failed(reason)
        raise MissingReply(reason)


class Visit:
    """One session: its cookies, its name, and the CRS's answers as JSON or text."""

    def __init__(self, client: httpx.AsyncClient, address: str, limits: Limits, key: str) -> None:
        self._client, self._address, self._limits, self._key = client, address, limits, key
        self.name = f"understudy-{uuid.uuid4().hex}"

    async def post_json(self, path: str, value: Any) -> Any:
        """The JSON that answers a JSON message. Raises Unanswered."""
        text = await self._text("POST", path, json.dumps(value).encode(), "application/json")
        try:
            return json.loads(text)
        except RecursionError as error:
            raise Unanswered("answered with JSON that is nested too deeply to be read") from error
        except ValueError as error:
            kind = "HTML" if text.lstrip()[:1] == "<" else "something else"
            raise Unanswered(f"answered with {kind} instead of JSON") from error

    async def post_text(self, path: str, text: str) -> str:
        """The text that answers a text. Raises Unanswered."""
        return await self._text("POST", path, text.encode(), "text/plain;charset=UTF-8")

    async def get_text(self, path: str) -> str:
        """The text at a path. Raises Unanswered."""
        return await self._text("GET", path, None, None)

    async def _text(self, method: str, path: str, body: bytes | None, kind: str | None) -> str:
        # as it is: a packed answer could unpack to more than the limit in one step
        headers = {"accept-encoding": "identity", **({"content-type": kind} if kind else {})}
        if self._key:
            headers["authorization"] = f"Bearer {self._key}"
        for attempt in range(self._limits.attempts):
            last = attempt + 1 == self._limits.attempts
            wait = _FIRST_WAIT_S * 2.0**attempt
            try:
                async with self._client.stream(method, self._address + path, content=body, headers=headers) as answer:
                    if answer.status_code not in _NOT_TAKEN or last:
                        return await self._read(answer)
                    wait = retry_after(answer.headers) or wait
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                if last:
                    raise Unanswered(f"cannot be reached ({type(error).__name__})") from error
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise Unanswered(f"failed with {type(error).__name__}: {scrubbed(str(error), [self._key] if self._key else [])}") from error
            await asyncio.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    async def _read(self, answer: httpx.Response) -> str:
        if answer.is_redirect:
            raise Unanswered(f"answered with status {answer.status_code}, a redirect, which is not followed")
        if answer.status_code >= 300:
            raise Unanswered(f"answered with status {answer.status_code}")
        body = bytearray()
        async for part in answer.aiter_bytes():
            body += part
            if len(body) > self._limits.max_bytes:
                raise Unanswered(f"sent an answer of more than {self._limits.max_bytes} bytes")
        if self._key:
            # a server may send back what it was sent, and what it says is kept
            body = body.replace(self._key.encode(), b"***")
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Unanswered("sent an answer that is not UTF-8") from error


def without_credentials(text: str) -> str:
    """`text` in one short line, without what looks like a credential."""
    return scrubbed(text)


def checked_address(address: str) -> str:
    """`address` without a slash at its end. Raises BadInput where it is no http(s) address, or holds what should not be in a row."""
    parts = urlsplit(address)
    try:
        named = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        named = False
    if parts.scheme not in ("http", "https") or not named:
        raise BadInput(f"{without_credentials(address)} is not an HTTP address of a recommender", hint="write it as http://HOST:PORT")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise BadInput(
            "the address of the recommender contains credentials or a query; it must contain neither",
            hint="name the environment variable of its key as `key_env`",
        )
    return address.rstrip("/")
