"""The servers of local models: one for each model and way of serving, started by the first call, ended with the last run that uses it.

A server is a child process that ends with this one, also by `kill -9` (understudy/doors/children.py). One that died is started anew.
"""

from __future__ import annotations

import json
import os
import secrets
import select
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from threading import Lock

import httpx

from understudy.doors import children
from understudy.doors.events import emit
from understudy.doors.gateway.calls import scrubbed
from understudy.doors.local import sides
from understudy.doors.local.cores import n_cores
from understudy.doors.local.facts import facts_of
from understudy.doors.local.memory import MB, available_bytes, require_memory
from understudy.doors.local.naming import reported
from understudy.doors.local.packaged import INSTALL
from understudy.doors.local.serving import VARIABLE
from understudy.doors.local.weights import Weights, is_engine_there, weights_of
from understudy.doors.stopping import ended_by
from understudy.errors import BadInput, ProviderFailed
from understudy.names import shown_model
from understudy.parameters import LocalServing, Models

SERVED_BY = "understudy.doors.local.serving"
CONTEXT = 4096
# a server that dies again and again is killed for want of memory, or is broken
MOST_STARTS = 3
_LOADING_S, _LOOK_S, _TAIL = 900.0, 0.2, 2000


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server answers, and the key that it asks for."""

    address: str
    key: str = field(repr=False)


class LocalServer:
    """The server of one model. `model` is the model's name in keys, `context` the tokens of one slot."""

    def __init__(self, model: str, weights: Weights, serving: LocalServing, *, context: int, module: str) -> None:
        self.model, self.weights, self.serving, self.context = model, weights, serving, context
        self.threads = serving.threads or n_cores()
        # of this process's own making, so that no other program of the machine can ask the model or read what it is asked
        self.key = secrets.token_urlsafe(24)
        self._module, self._n_starts, self._is_stopped, self._lock = module, 0, False, Lock()
        self._child: children.Child | None = None
        self._endpoint: Endpoint | None = None
        self.facts = facts_of(model, weights, serving)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  closed by `stop`

    def ready(self) -> Endpoint:
        """Where it answers; waits until the weights are loaded. Raises ProviderFailed where it cannot be started."""
        with self._lock:
            if self._endpoint is None or self._child is None or self._child.poll() is not None:
                self._endpoint = self._started()
            return self._endpoint

    def stop(self) -> None:
        """Ends the server; it is not started again."""
        self._is_stopped = True
        if (loading := self._child) is not None:
            # whoever waits for the weights holds the lock, and is told by the end of the child
            loading.terminate()
        with self._lock:
            self._endpoint = None
            if self._child is not None:
                children.stop(self._child)
            self._errors.close()

    def _started(self) -> Endpoint:
        if self._is_stopped:
            raise self._failed("it was stopped")
        if self._n_starts == MOST_STARTS:
            raise self._failed(f"it ended {MOST_STARTS} times{self._last_words()}")
        if self._child is not None:
            children.stop(self._child)
        self._n_starts += 1
        emit("play", "model_loading", f"{shown_model(self.model)} {self.weights.n_bytes // MB:,} MB")
        environment = {**os.environ, VARIABLE: json.dumps(self._wanted())}
        self._child = children.start(self._module, [], environment=environment, answers=True, errors=self._errors)
        address = self._address(self._child)
        self._wait_for_health(address, self._child)
        way = f"{self.threads} threads, {self.serving.n_slots} slots of {self.context:,} tokens"
        emit("play", "model_ready", f"{shown_model(self.model)} {way}")
        return Endpoint(address, self.key)

    def _wanted(self) -> dict[str, object]:
        return {
            "path": str(self.weights.path), "alias": reported(self.model), "key": self.key, "threads": self.threads,
            "slots": self.serving.n_slots, "context": self.context, "kv_type": self.serving.kv_type,
            "prefix_cache": self.serving.prefix_cache, "chat_template": self._template(),
        }  # fmt: skip

    def _template(self) -> str | None:
        """The template that takes the place of the model's own; with the user's side it knows both sides."""
        given = self.serving.chat_template
        return given if self.serving.seeker_side == "assistant" else sides.both_sides(given or self.weights.header.chat_template)

    def _address(self, child: children.Child) -> str:
        """What the child writes once the weights are loaded."""
        assert child.stdout is not None
        end = time.monotonic() + _LOADING_S
        while not select.select([child.stdout], [], [], _LOOK_S)[0]:
            if time.monotonic() > end:
                raise self._failed(f"the weights were not loaded within {_LOADING_S:.0f} s")
        line = child.stdout.readline()
        answer = json.loads(line) if line else {}
        if "address" not in answer:
            child.wait(children.GRACE_S)
            raise self._failed(str(answer.get("error") or f"it ended with code {child.returncode}") + self._last_words())
        return str(answer["address"])

    def _wait_for_health(self, address: str, child: children.Child) -> None:
        end = time.monotonic() + _LOADING_S
        while child.poll() is None and time.monotonic() < end:
            try:
                if httpx.get(f"{address}/health", timeout=_LOADING_S, trust_env=False).status_code == httpx.codes.OK:
                    return
            except httpx.HTTPError:
                # it has said its address, so it will answer or end
                pass
            time.sleep(_LOOK_S)
        raise self._failed(f"it does not answer at {address}{self._last_words()}")

    def _last_words(self) -> str:
        """The end of what llama.cpp wrote, on one line."""
        self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, self._errors.tell() - _TAIL))
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return f"; its last line was: {scrubbed(lines[-1], [self.key])}" if lines else ""

    def _failed(self, why: str) -> ProviderFailed:
        return ProviderFailed(
            f"the server of {shown_model(self.model)} cannot be used: {why}",
            hint=INSTALL if self._module == SERVED_BY and not is_engine_there() else
            "check the memory that is free (--num-ctx, --slots and --kv-type say how much is taken), and the file by its SHA-256",
        )


def context_of(weights: Weights, asked: int | None) -> int:
    """The context of one slot, in tokens. Raises BadInput for one beyond what the model was trained for."""
    most = weights.header.context
    if asked is not None and most is not None and asked > most:
        raise BadInput(
            f"--num-ctx {asked} is more than the context of {weights.header.name}, which is {most} tokens", hint=f"give at most {most}"
        )
    return asked or min(CONTEXT, most or CONTEXT)


@dataclass(slots=True)
class _Shared:
    """A server and how many runs of this process use it."""

    server: LocalServer
    n_users: int = 0


_SHARED: dict[tuple[str, str, int], _Shared] = {}
_LOCK = Lock()


@contextmanager
def local_models(models: Models) -> Iterator[tuple[Models, dict[str, LocalServer]]]:
    """`models` under their names in keys, and the servers of the local ones among them by those names. Raises BadInput.

    The servers are shared with other runs of this process, and end with the last of them.
    """
    weights = weights_of(models)
    names = {written: one.keyed(models.local) for written, one in weights.items()}
    servers: dict[str, LocalServer] = {}
    try:
        for written, name in names.items():
            if name not in servers:
                servers[name] = _acquired(name, weights[written], models)
        # one that still loads is waited for by a thread, which would hold the process at its end
        with ExitStack() as stack:
            for server in servers.values():
                stack.enter_context(ended_by(server.stop))
            yield models.renamed(names), servers
    finally:
        for server in servers.values():
            _given_back(server)


def _acquired(model: str, weights: Weights, models: Models) -> LocalServer:
    context = context_of(weights, models.num_ctx)
    with _LOCK:
        shared = _SHARED.get(place := (model, models.local.model_dump_json(), context))
        if shared is None:
            available = available_bytes()
            require_memory(weights.header, models.local, n_weights=weights.n_bytes, context=context, available=available)
            shared = _SHARED[place] = _Shared(LocalServer(model, weights, models.local, context=context, module=SERVED_BY))
        shared.n_users += 1
        return shared.server


def _given_back(server: LocalServer) -> None:
    with _LOCK:
        place = next(one for one, shared in _SHARED.items() if shared.server is server)
        _SHARED[place].n_users -= 1
        if _SHARED[place].n_users:
            return
        del _SHARED[place]
    server.stop()
