"""A small catalogue of invented titles, talks with an embedded recommender over it, and servers on loopback."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Protocol

import pytest

from understudy.doors.http import Http
from understudy.recommenders import Recommendation, Services, http, retrieval
from understudy.records import Item


class Talk(Protocol):
    """How tests hold a conversation."""

    def __call__(
        self, *utterances: str, seed: int = 1, module: Any = retrieval, known: Mapping[str, int] | None = None
    ) -> list[Recommendation]:
        """The replies to utterances."""


@pytest.fixture(scope="session")
def items() -> dict[str, Item]:
    """The catalogue."""
    catalogue = (
        Item("1", "Salt Harbour", 1994, ("drama",), ("Ana Pell", "Rob Quist"), "a fisherman loses his boat"),
        Item("2", "Laughing Gas", 2001, ("comedy",), ("Bo Tran", "Mia Lund"), "two dentists swap lives"),
        Item("3", "Laughing Gas Again", 2004, ("comedy",), ("Bo Tran", "Mia Lund"), "the dentists return"),
        Item("4", "The Cellar Door", 2010, ("horror", "thriller"), ("Kim Oder",), "a family hears steps below"),
        Item("5", "Orbit", 2015, ("drama",), ("Ana Pell",), "a crew repairs a station"),
        Item("6", "No Year", None, (), (), ""),
    )
    return {item.item_id: item for item in catalogue}


@pytest.fixture(scope="session")
def mentioned() -> dict[str, int]:
    """How many dialogues mention each of them."""
    return {"1": 3, "2": 50, "3": 10, "4": 8, "5": 20}


@pytest.fixture(scope="session")
def talk(items: dict[str, Item], mentioned: dict[str, int]) -> Talk:
    """A conversation with an embedded recommender."""

    def held(*utterances: str, seed: int = 1, module: Any = retrieval, known: Mapping[str, int] | None = None) -> list[Recommendation]:
        async def whole() -> list[Recommendation]:
            session = module.build(items, known or mentioned).start(seed)
            return [await session.reply(utterance) for utterance in utterances]

        return asyncio.run(whole())

    return held


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as a server got it."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Its body."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answers; a body in parts is sent with a rest of `drip_s` after each."""

    body: str | bytes | tuple[bytes, ...] = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    drip_s: float = 0.0


Answering = Callable[[Asked], Reply]


@pytest.fixture(scope="session")
def reply() -> type[Reply]:
    """The answers of a server; a test cannot import what stands here."""
    return Reply


@pytest.fixture
def serve() -> Iterator[Callable[[Answering], str]]:
    """Starts servers on loopback that answer as a function says; the address of each."""
    servers: list[ThreadingHTTPServer] = []

    def started(answer: Answering) -> str:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                """Nothing."""

            def _any(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                reply = answer(Asked(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                parts = reply.body if isinstance(reply.body, tuple) else (_bytes(reply.body),)
                self.send_response(reply.status)
                for name, value in {"content-length": str(sum(map(len, parts))), **reply.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                with suppress(OSError):
                    for part in parts:
                        self.wfile.write(part)
                        self.wfile.flush()
                        time.sleep(reply.drip_s)

            do_GET = do_POST = _any  # noqa: N815  names that the standard library asks for

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield started
    for server in servers:
        server.shutdown()
        server.server_close()


def _bytes(body: str | bytes) -> bytes:
    return body.encode() if isinstance(body, str) else body


@pytest.fixture
def with_crs(items: Any, mentioned: Any) -> Callable[..., Any]:
    """Does something with a CRS as `--recommender http:` names it."""

    def done(argument: str, work: Callable[[http.Running], Any], *, breaker_after: int = 10) -> Any:
        async def whole() -> Any:
            door = Http(breaker_after=breaker_after)
            crs = http.build(items, mentioned, Services(http=door, options=http.options(argument, model="none")))
            try:
                return await work(crs)
            finally:
                await door.close()

        return asyncio.run(whole())

    return done


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str], str]:
    """The path of a TOML file."""

    def written(text: str) -> str:
        path = tmp_path / "crs.toml"
        path.write_text(text)
        return str(path)

    return written
