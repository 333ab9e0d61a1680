"""Tokens of a prompt that a server had in its cache: read from its own words, kept, and billed at their own price."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request as Asked
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.doors.scripted import request
from tests.doors.test_llm import gateway, listening
from tests.doors.test_llm import request as of_a_seeker
from understudy.completion import Message, Request
from understudy.doors.gateway.budget import Price, priced, worst_case
from understudy.doors.gateway.caller import GatewayConfig
from understudy.doors.gateway.llm import known_price
from understudy.doors.store import Store
from understudy.tasks.play.caching import prompt_caches

MODEL = "openai/anything"
OPENAI = {"usage": {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 8}}}
DEEPSEEK = {"usage": {"prompt_tokens": 10, "completion_tokens": 5, "prompt_cache_hit_tokens": 8, "prompt_cache_miss_tokens": 2}}
LLAMA = {"usage": {"prompt_tokens": 10, "completion_tokens": 5}, "timings": {"cache_n": 8, "prompt_n": 2}}
PROXY = {"usage": {"prompt_tokens": 10, "completion_tokens": 5, "cache_read_input_tokens": 8, "cache_creation_input_tokens": 1}}
NOTHING = {"usage": {"prompt_tokens": 10, "completion_tokens": 5}}
ZERO = {"usage": {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 0}}}
IMPOSSIBLE = {"usage": {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 11}}}
NO_COUNT = {"usage": {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": "8"}}}


def server(told: dict[str, Any]) -> Starlette:
    """Answers with what a provider tells of its cache beside the reply."""

    async def chat(_: Asked) -> Response:
        choice = {"index": 0, "message": {"role": "assistant", "content": "hm"}, "finish_reason": "stop"}
        return JSONResponse({"id": "c", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice], **told})

    return Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])])


@pytest.mark.parametrize(
    ("told", "cached", "written", "usd"),
    [
        (OPENAI, 8, None, 2 * 1e-6 + 8 * 1e-7 + 5 * 10e-6),
        (DEEPSEEK, 8, None, 2 * 1e-6 + 8 * 1e-7 + 5 * 10e-6),
        (LLAMA, 8, None, 2 * 1e-6 + 8 * 1e-7 + 5 * 10e-6),
        (PROXY, 8, 1, 2 * 1e-6 + 8 * 1e-7 + 5 * 10e-6),
        (NOTHING, None, None, 10 * 1e-6 + 5 * 10e-6),
        (ZERO, 0, None, 10 * 1e-6 + 5 * 10e-6),
        (IMPOSSIBLE, None, None, 10 * 1e-6 + 5 * 10e-6),
        (NO_COUNT, None, None, 10 * 1e-6 + 5 * 10e-6),
    ],
)
def test_cached_tokens_are_read_kept_and_billed(
    tmp_path: Path, told: dict[str, Any], cached: int | None, written: int | None, usd: float
) -> None:
    prices = {MODEL: (1.0, 10.0, 0.1)}
    with listening(app=server(told)) as (address, _), gateway(tmp_path, api_base=address, prices=prices) as opened:
        asked = request(0, MODEL)
        reply = opened.run(opened.complete(asked))
        assert (reply.cached_tokens, reply.cache_write_tokens) == (cached, written)
        assert opened.usd == pytest.approx(usd)
    with Store.open(tmp_path / "store.duckdb") as store:
        row = store.rows("play/completions", keys=[asked.key])[0]
        assert (row["cached_tokens"], row["cache_write_tokens"]) == (cached, written), "what is not reported is null, never 0"
        share = prompt_caches(store)[0]["cached_share"]
    assert share["n"] == (cached is not None)
    assert share["value"] == (None if cached is None else pytest.approx(cached / 10))
    assert ("reason" in share) == (cached is None)


def test_rehearsal_computes_no_prompt_and_is_in_no_table_of_caches(tmp_path: Path) -> None:
    with gateway(tmp_path) as opened:
        assert opened.run(opened.complete(of_a_seeker())).cached_tokens is None
    with Store.open(tmp_path / "store.duckdb") as store:
        assert prompt_caches(store) == []


def test_a_price_says_what_cached_and_written_tokens_cost() -> None:
    price = Price(1.0, 10.0, cached=0.1, written=1.25)
    assert price.of(100, 1, cached=60, written=20) == pytest.approx(20 + 6 + 25 + 10)
    assert Price(1.0, 10.0).of(100, 1, cached=60, written=20) == 110, "where nobody says so they cost what others do"
    assert priced({"m": (1.0, 2.0, 0.5)}, "m", None) == pytest.approx(Price(1e-6, 2e-6, 0.5e-6))


def test_the_reservation_takes_all_of_the_prompt_as_written_to_the_cache() -> None:
    asked = Request("seeker", "m", (Message("user", "hello"),), 0.7, 1.0, 10, 0)
    tokens = worst_case(asked, None).tokens - 10
    assert worst_case(asked, Price(1.0, 10.0, cached=0.1, written=1.25)).usd == pytest.approx(1.25 * tokens + 100)
    assert worst_case(asked, Price(1.0, 10.0, cached=0.1)).usd == pytest.approx(tokens + 100)


def test_litellm_s_list_has_the_prices_of_caches() -> None:
    config = GatewayConfig()
    anthropic, openai = (known_price(config, name) for name in ("anthropic/claude-haiku-4-5", "openai/gpt-4o-mini"))
    assert anthropic is not None
    assert anthropic.cached < anthropic.prompt < anthropic.written  # type: ignore[operator]
    assert openai is not None
    assert (openai.cached, openai.written) == (pytest.approx(openai.prompt / 2), None)


def test_anthropic_s_own_form_is_read(tmp_path: Path) -> None:
    async def messages(asked: Asked) -> Response:
        seen.append(json.loads(await asked.body()))
        usage = {"input_tokens": 3, "output_tokens": 5, "cache_read_input_tokens": 40, "cache_creation_input_tokens": 7}
        told = {"id": "m", "type": "message", "role": "assistant", "model": "claude", "content": [{"type": "text", "text": "hm"}]}
        return JSONResponse({**told, "stop_reason": "end_turn", "usage": usage})

    seen: list[dict[str, Any]] = []
    app = Starlette(routes=[Route("/v1/messages", messages, methods=["POST"])])
    name = "anthropic/claude-haiku-4-5"
    told = Message("system", "be a seeker. You want a comedy", n_shared=len("be a seeker. "))
    asked = Request("seeker", name, (told, Message("user", "hi " * 60)), 0.7, 1.0, 50, 0)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("ANTHROPIC_API_KEY", "none")
        with listening(app=app) as (address, _), gateway(tmp_path, api_base=address.removesuffix("/v1"), api_base_for=name) as opened:
            reply = opened.run(opened.complete(asked))
    assert (reply.prompt_tokens, reply.cached_tokens, reply.cache_write_tokens) == (50, 40, 7)
    blocks = seen[0]["system"]
    assert [block["text"] for block in blocks] == ["be a seeker. ", "You want a comedy"]
    assert [block.get("cache_control") for block in blocks] == [{"type": "ephemeral"}, None]


def test_others_than_anthropic_get_the_message_whole(tmp_path: Path) -> None:
    seen: list[dict[str, Any]] = []

    async def chat(asked: Asked) -> Response:
        seen.append(json.loads(await asked.body()))
        choice = {"index": 0, "message": {"role": "assistant", "content": "hm"}, "finish_reason": "stop"}
        return JSONResponse({"id": "c", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]})

    app = Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])])
    marked = Request("seeker", MODEL, (Message("system", "shared own", n_shared=7), Message("user", "hi")), 0.7, 1.0, 50, 0)
    with listening(app=app) as (address, _), gateway(tmp_path, api_base=address) as opened:
        opened.run(opened.complete(marked))
    assert seen[0]["messages"][0] == {"role": "system", "content": "shared own"}
    plain = Request("seeker", MODEL, (Message("system", "shared own"), Message("user", "hi")), 0.7, 1.0, 50, 0)
    assert marked.key == plain.key, "a mark changes nothing of what is asked"
