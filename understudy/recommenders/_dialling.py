"""Talking to a running CRS, in one of two protocols: a JSON message each turn, or Socket.IO over its HTTP transport.

Socket.IO 5 on Engine.IO 4, by long polling, which every server offers beside its web socket: packets are texts that begin with their
kind, several in one body are parted by a record separator. An event is sent with a number; the server acknowledges it when its
handler is done, so all that it said until then belongs to the turn.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Protocol

from understudy.doors.http import Unanswered, Visit
from understudy.recommenders._crs import Crs, filled

# kinds of Engine.IO packets, and of Socket.IO packets within its messages
_OPEN, _CLOSE, _PING, _PONG, _MESSAGE = "0", "1", "2", "3", "4"
_CONNECT, _DISCONNECT, _EVENT, _ACK, _CONNECT_ERROR = "0", "1", "2", "3", "4"
_SEPARATOR = "\x1e"


class Dialling(Protocol):
    """A session with a CRS."""

    async def say(self, utterance: str, said: Sequence[tuple[str, str]]) -> list[Any]:
        """The CRS's answers to a message. `said`: role (user, assistant) and text of the turns before. Raises Unanswered."""


def dial(crs: Crs, visit: Visit, seed: int) -> Dialling:
    """A session in the CRS's protocol."""
    return _SocketIo(crs, visit, seed) if crs.protocol == "socketio" else _Json(crs, visit, seed)


def message(crs: Crs, visit: Visit, seed: int, utterance: str, said: Sequence[tuple[str, str]]) -> Any:
    """The message that tells a CRS what the seeker says."""
    before = [{"role": "system", "content": crs.system}] if crs.system else []
    turns = [*said, ("user", utterance)]
    values = {
        "$message": utterance,
        "$context": [text for _, text in said],
        "$messages": [*before, *({"role": role, "content": text} for role, text in turns)],
        "$session": visit.name,
        "$seed": seed,
        "$model": crs.model,
    }
    return filled(crs.request, values)


class _Json:
    def __init__(self, crs: Crs, visit: Visit, seed: int) -> None:
        self._crs, self._visit, self._seed = crs, visit, seed
        self._opened = crs.opening is None

    async def say(self, utterance: str, said: Sequence[tuple[str, str]]) -> list[Any]:
        if not self._opened:
            await self._post(str(self._crs.opening), ())
            self._opened = True
        return [await self._post(utterance, said)]

    async def _post(self, utterance: str, said: Sequence[tuple[str, str]]) -> Any:
        return await self._visit.post_json(self._crs.path, message(self._crs, self._visit, self._seed, utterance, said))


class _SocketIo:
    def __init__(self, crs: Crs, visit: Visit, seed: int) -> None:
        self._crs, self._visit, self._seed = crs, visit, seed
        self._path, self._n_sent = "", 0

    async def say(self, utterance: str, said: Sequence[tuple[str, str]]) -> list[Any]:
        if not self._path:
            await self._connect()
            if self._crs.opening is not None:
                await self._ask(self._crs.opening, ())
        return await self._ask(utterance, said)

    async def _connect(self) -> None:
        path = f"{self._crs.path}?EIO=4&transport=polling"
        first, *_ = _packets(await self._visit.get_text(path))
        if not first.startswith(_OPEN) or not isinstance(sid := _parsed(first[1:], dict).get("sid"), str):
            raise Unanswered("does not open a Socket.IO session")
        self._path = f"{path}&sid={sid}"
        await self._send(_MESSAGE + _CONNECT)
        while True:
            for packet in await self._poll():
                if packet.startswith(_MESSAGE + _CONNECT_ERROR):
                    raise Unanswered("refuses the Socket.IO connection")
                if packet.startswith(_MESSAGE + _CONNECT):
                    # what the agent says before the seeker does answers nothing
                    return

    async def _ask(self, utterance: str, said: Sequence[tuple[str, str]]) -> list[Any]:
        number, self._n_sent = self._n_sent, self._n_sent + 1
        told = json.dumps(["message", message(self._crs, self._visit, self._seed, utterance, said)])
        await self._send(f"{_MESSAGE}{_EVENT}{number}{told}")
        answers: list[Any] = []
        acknowledged = False
        while not (acknowledged and answers):
            for packet in await self._poll():
                if packet.startswith(f"{_MESSAGE}{_ACK}{number}["):
                    acknowledged = True
                elif packet.startswith(f"{_MESSAGE}{_EVENT}["):
                    answers.extend(_parsed(packet[2:], list)[1:2])
        return answers

    async def _poll(self) -> list[str]:
        """The packets that came, pings answered."""
        packets = _packets(await self._visit.get_text(self._path))
        if any(packet.startswith((_CLOSE, _MESSAGE + _DISCONNECT)) for packet in packets):
            raise Unanswered("ended the Socket.IO session")
        if _PING in packets:
            await self._send(_PONG)
        return packets

    async def _send(self, packet: str) -> None:
        await self._visit.post_text(self._path, packet)


def _packets(body: str) -> list[str]:
    return body.split(_SEPARATOR)


def _parsed(text: str, kind: type) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, kind):
        raise Unanswered("sends a Socket.IO packet that is not JSON")
    return value
