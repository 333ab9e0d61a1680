"""Structured replies through the gateway: by schema where the server takes one, and in words where it refuses or ignores it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request as Asked
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.doors.scripted import Scripted
from tests.doors.test_llm import gateway, listening, statuses
from understudy.completion import Message, Request
from understudy.doors.faults import Faults
from understudy.doors.gateway.caller import GatewayConfig
from understudy.doors.gateway.calls import CallFailed
from understudy.doors.gateway.gateway import Exchange
from understudy.doors.gateway.llm import Gateway
from understudy.doors.store import Store
from understudy.play.satisfaction import Score
from understudy.prompt.structured import Invalid, instructed, structured

MODEL = "openai/anything"
REFUSED = CallFailed("400", transient=True, may_be_charged=False, is_adapted=True, refuses_schema=True)


def question(n: int = 0, model: str = MODEL) -> Request:
    told = "<need>\nNothing in particular.\n</need>\n<dialogue>\n<seeker>hi</seeker>\n<recommender>hello</recommender>\n</dialogue>"
    return Request("judge", model, (Message("system", "You judge."), Message("user", told)), 0.0, 1.0, 100, n)


def asked(opened: Gateway | Exchange, n: int = 0, model: str = MODEL) -> Score | Invalid:
    return opened.run(structured(opened.complete, question(n, model), Score))


def kept_keys(folder: Path) -> set[str]:
    with Store.open(folder / "store.duckdb") as store:
        return set(store.frame("play/completion_keys")["completion_key"])


def forms(n: int = 0, model: str = MODEL) -> tuple[str, str]:
    """The keys of a question by schema and in words."""
    both = instructed(question(n, model), Score)
    return both.form(by_schema=True).key, both.form(by_schema=False).key


@pytest.mark.parametrize("model", [MODEL, "rehearsal/0"])
def test_a_server_that_takes_schemas_is_sent_one_and_the_key_says_so(tmp_path: Path, model: str) -> None:
    with listening() as (address, log), gateway(tmp_path, api_base=address) as opened:
        assert isinstance(asked(opened, model=model), Score)
        assert statuses(log) == [200] * (model == MODEL)
    by_schema, in_words = forms(model=model)
    assert kept_keys(tmp_path) == {by_schema} != {in_words}


def test_a_server_that_refuses_schemas_is_asked_in_words_and_told_of(tmp_path: Path) -> None:
    with listening(Faults(refuses=("response_format",))) as (address, log), gateway(tmp_path, api_base=address) as opened:
        assert all(isinstance(asked(opened, n), Score) for n in range(3))
        assert statuses(log) == [400, 200, 200, 200], "one refusal, remembered for the run"
        assert opened.n_calls == 4
    assert kept_keys(tmp_path) == {forms(n)[1] for n in range(3)}
    with Store.open(tmp_path / "store.duckdb") as store:
        told = store.rows("play/adaptations")
    assert [(one["parameter"], one["instead"]) for one in told] == [("response_format", "the schema in words")]


def test_what_was_asked_in_words_before_is_not_asked_again_by_schema(tmp_path: Path) -> None:
    with listening(Faults(refuses=("response_format",))) as (address, log):
        for _ in range(2):
            with gateway(tmp_path, api_base=address) as opened:
                asked(opened)
        assert statuses(log) == [400, 200]


def app_without_schemas() -> Starlette:
    """A server that pays no heed to a schema: it answers in JSON where the prompt asks for it by a schema in words."""

    async def chat(request: Asked) -> Response:
        body: dict[str, Any] = json.loads(await request.body())
        text = '{"satisfaction": 4}' if "<schema>" in body["messages"][-1]["content"] else "I liked it."
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        return JSONResponse({"id": "c", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]})

    return Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])])


def test_a_server_that_ignores_schemas_is_asked_in_words_from_the_repair_on(tmp_path: Path) -> None:
    with listening(app=app_without_schemas()) as (address, _), gateway(tmp_path, api_base=address) as opened:
        assert asked(opened, 0) == Score(satisfaction=4)
        assert opened.n_calls == 2
        assert asked(opened, 1) == Score(satisfaction=4)
        assert opened.n_calls == 3


def test_a_hosted_model_that_litellm_knows_nothing_of_is_asked_in_words(tmp_path: Path) -> None:
    with gateway(tmp_path) as opened:
        provider = opened._provider
        known = {name: provider.takes_schema(name) for name in ("openai/gpt-4o-mini", "groq/llama-3.1-8b-instant", "ollama_chat/llama3.2")}
    assert known == {"openai/gpt-4o-mini": True, "groq/llama-3.1-8b-instant": False, "ollama_chat/llama3.2": True}


def test_a_fallback_is_asked_in_the_form_that_it_takes(tmp_path: Path) -> None:
    """The first model fails, its fallback refuses the schema; the reply is kept under the key of what was asked."""
    provider = Scripted(CallFailed("down", transient=False, may_be_charged=False), REFUSED, '{"satisfaction": 2}', schemas=True)
    config = GatewayConfig(fallbacks={"judge": ("openai/other",)}, max_attempts=1)
    with Exchange(config, provider=provider, store_path=tmp_path / "store.duckdb", run_id="r") as opened:
        assert asked(opened) == Score(satisfaction=2)
    assert [bool(one.schema) for one in provider.requests] == [True, True, False]
    assert kept_keys(tmp_path) == {forms()[0]}


def test_a_limit_on_replies_holds_in_both_forms(tmp_path: Path) -> None:
    provider = Scripted(REFUSED, '{"satisfaction": 2}', schemas=True)
    with Exchange(GatewayConfig(), provider=provider, store_path=tmp_path / "store.duckdb", run_id="r") as opened:
        asked(opened, model=f"{MODEL}^700")
    assert [one.max_tokens for one in provider.requests] == [700, 700]
    assert provider.requests[1].messages[-1].content.endswith("</schema>")
