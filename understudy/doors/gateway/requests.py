"""The parts of a request as litellm takes them, and what its list says of the price of caches: pure functions of the door."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from understudy.completion import Message, Request
from understudy.doors.gateway import contexts
from understudy.doors.gateway.caller import GatewayConfig

KEEP_WHAT_IS_MARKED = frozenset({"anthropic", "bedrock", "vertex_ai-anthropic_models"})
"""Providers that keep a prompt in their cache where it is marked, and charge for that; others do so by themselves."""
_CACHED_COST, _WRITTEN_COST = "cache_read_input_token_cost", "cache_creation_input_token_cost"


def said(message: Message, *, is_marked: bool) -> dict[str, Any]:
    """A message; where marks are wanted, what many requests share is a block of its own with litellm's mark."""
    if not is_marked or not message.n_shared:
        return {"role": message.role, "content": message.content}
    shared, own = message.content[: message.n_shared], message.content[message.n_shared :]
    blocks: list[dict[str, Any]] = [{"type": "text", "text": shared, "cache_control": {"type": "ephemeral"}}]
    return {"role": message.role, "content": [*blocks, {"type": "text", "text": own}] if own else blocks}


def asked_of(request: Request, *, timeout_s: float, is_marked: bool) -> dict[str, Any]:
    """The arguments of litellm that say what is asked, of whichever provider."""
    arguments: dict[str, Any] = {
        "model": contexts.plain(request.model),
        "messages": [said(message, is_marked=is_marked) for message in request.messages],
        "temperature": request.temperature,
        "max_tokens": request.max_tokens,
        "seed": request.seed,
        "timeout": timeout_s,
        # attempts are ours: they are reserved one by one
        "max_retries": 0,
    }
    if (num_ctx := contexts.tokens_of(request.model)) is not None:
        arguments["num_ctx"] = num_ctx
    # 1 is what every model does without it, and some take either this or a temperature
    return arguments if request.top_p == 1 else {**arguments, "top_p": request.top_p}


def cache_prices(known: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """USD of a cached token and of one that is written to the cache; None where litellm's list has none.

    It has 0 for the latter where nothing is charged beside the price of the prompt, which is none as well.
    """
    cached, written = (float(known[name]) if known.get(name) else None for name in (_CACHED_COST, _WRITTEN_COST))
    return cached, written


def holds_cost(config: GatewayConfig) -> bool:
    """Whether a cap rests on the length of replies."""
    capped = [config.caps.tokens, config.caps.usd, *(value for one in config.limits.values() for value in (one.tokens, one.usd))]
    return any(value is not None for value in capped)


def is_loopback(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
