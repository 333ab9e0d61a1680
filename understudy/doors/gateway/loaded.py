"""The context with which Ollama has loaded a model, as its server says: it cuts prompts to it without a word."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

import httpx

from understudy.doors.gateway import contexts
from understudy.parameters import OLLAMA

_USUAL = "http://127.0.0.1:11434"
_PATIENCE_S, _MAX_BYTES = 2.0, 1 << 20


class LoadedContexts:
    """By model, in tokens; None where it is no model of Ollama, where the run sets the context, or where the server does not say.

    A server is asked once for each model, after the model's first reply, since it loads a model for that. It sees no prompt and no key.
    """

    def __init__(self) -> None:
        self._asked: dict[str, asyncio.Task[int | None]] = {}

    async def of(self, model: str, address: str | None) -> int | None:
        """The context of a model that has replied, at an address or at the usual one."""
        name = contexts.plain(model)
        if not name.startswith(OLLAMA) or contexts.tokens_of(model) is not None:
            return None
        if name not in self._asked:
            place = address or os.environ.get("OLLAMA_API_BASE") or _USUAL
            self._asked[name] = asyncio.create_task(_context_said(name.partition("/")[2], place))
        # whoever is cancelled leaves the question to the others that wait for it
        return await asyncio.shield(self._asked[name])


async def _context_said(name: str, address: str) -> int | None:
    try:
        async with (
            asyncio.timeout(_PATIENCE_S),
            httpx.AsyncClient(trust_env=False, follow_redirects=False) as client,
            client.stream("GET", f"{address.rstrip('/')}/api/ps") as answer,
        ):
            body = b""
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > _MAX_BYTES:
                    return None
        return _context_in(json.loads(body), name)
    # a server that does not say is an answer: the rules that need no context remain
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError, RecursionError):
        return None


def _context_in(body: Any, name: str) -> int | None:
    models = body.get("models") if isinstance(body, dict) else None
    for one in models if isinstance(models, list) else []:
        if isinstance(one, dict) and one.get("name") in (name, f"{name}:latest"):
            context = one.get("context_length")
            return context if isinstance(context, int) and not isinstance(context, bool) and context > 0 else None
    return None
