"""A line between the coordinator of a run and one of its workers: messages both ways, in the order in which they were said.

Both ends prove that they know the key of the run before anything else is read, as `multiprocessing` does. What comes over a line is
unpickled, so that whoever knows the key may run code at the other end; the key is made for one run and is never shown.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener, answer_challenge, deliver_challenge
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from understudy.errors import ProviderFailed

# a machine that has gone away does not close its connections: the kernel asks it after so many silent seconds, and so often
_IDLE_S, _BETWEEN_S, _N_PROBES = 10, 5, 3
Address = tuple[str, int]
Joined = Connection
"""A connection whose two ends have shown each other that they know the key."""
Hear = Callable[[Any], None]


class WorkerLine:
    """One end of a connection. `hear` is called with each message, on the line's own thread, and `ended` once when it is cut."""

    def __init__(self, connection: Connection, *, hear: Hear, ended: Callable[[], None]) -> None:
        self._connection, self._hear, self._ended = connection, hear, ended
        self._queue: SimpleQueue[Any] = SimpleQueue()
        Thread(target=self._write, name="line out", daemon=True).start()

    def say(self, message: Any) -> None:
        """Sends a message when those before it were sent; one that is said after the line was cut is lost."""
        self._queue.put((message,))

    def listen(self) -> None:
        """Hears until the line is cut."""
        try:
            while True:
                for message in self._connection.recv():
                    self._hear(message)
        except (EOFError, OSError):
            return
        finally:
            self.close()
            self._connection.close()
            self._ended()

    def close(self) -> None:
        """Cuts the line."""
        self._queue.put(None)
        # a thread that reads from the connection learns of it by this alone
        with suppress(OSError), socket.socket(fileno=_copy_of(self._connection)) as raw:
            raw.shutdown(socket.SHUT_RDWR)

    def _write(self) -> None:
        """Sends what is queued, all of it at once."""
        try:
            while (batch := self._taken()) is not None:
                self._connection.send(batch)
        except OSError:
            # whoever listens learns of it too
            return

    def _taken(self) -> list[Any] | None:
        first = self._queue.get()
        if first is None:
            return None
        batch = [first[0]]
        with suppress(Empty):
            while (more := self._queue.get_nowait()) is not None:
                batch.append(more[0])
            # it is to be closed after this
            self._queue.put(None)
        return batch


class LineListener:
    """Accepts lines at an address of this machine; `serve` is called for each, with the connection, on a thread of its own."""

    def __init__(self, host: str, key: bytes, serve: Callable[[Joined], None]) -> None:
        self._key, self._serve = key, serve
        # whoever connects is let in by its own thread, so that one that says nothing keeps nobody waiting
        self._listener = Listener((host, 0), "AF_INET", backlog=64)
        self._closed = False
        self._threads: list[Thread] = []
        self.address: Address = (host, int(self._listener.address[1]))
        self._thread = Thread(target=self._accept, name="coordinator", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Accepts no more."""
        self._closed = True
        # a thread that waits in accept() is not woken by closing the socket
        with suppress(OSError), socket.create_connection(self.address, timeout=1.0):
            pass
        self._thread.join()
        self._listener.close()

    def join(self, timeout_s: float) -> None:
        """Waits until the lines that were accepted have ended, `timeout_s` for each at most."""
        for thread in self._threads:
            thread.join(timeout_s)

    def _accept(self) -> None:
        while not self._closed:
            try:
                connection = self._listener.accept()
            except OSError:
                continue
            thread = Thread(target=self._let_in, args=(connection,), name="line in", daemon=True)
            self._threads = [*(one for one in self._threads if one.is_alive()), thread]
            thread.start()

    def _let_in(self, connection: Connection) -> None:
        try:
            _kept_alive(connection)
            deliver_challenge(connection, self._key)
            answer_challenge(connection, self._key)
        except (EOFError, OSError, AuthenticationError):
            connection.close()
            return
        self._serve(connection)


def connected(address: Address, key: bytes) -> Connection:
    """A connection to a coordinator. Raises ProviderFailed where it cannot be reached, or the run has another key."""
    try:
        connection: Connection = Client(address, "AF_INET", authkey=key)
    except (OSError, EOFError, AuthenticationError) as error:
        raise ProviderFailed(
            f"the coordinator of the run at {address[0]}:{address[1]} cannot be reached: {error}",
            hint="the workers of a cluster have to reach the machine on which the command runs; see docs/scale.md",
        ) from error
    _kept_alive(connection)
    return connection


def address_towards(host: str) -> str:
    """The address of this machine that `host` can reach it by."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        # nothing is sent: the kernel chooses the way
        probe.connect((host, 9))
        return str(probe.getsockname()[0])


def _kept_alive(connection: Connection) -> None:
    with socket.socket(fileno=_copy_of(connection)) as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for name, value in (("TCP_KEEPIDLE", _IDLE_S), ("TCP_KEEPINTVL", _BETWEEN_S), ("TCP_KEEPCNT", _N_PROBES)):
            # not every system has them
            if hasattr(socket, name):
                raw.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _copy_of(connection: Connection) -> int:
    """Another descriptor of the same socket, which may be closed."""
    return socket.dup(connection.fileno())
