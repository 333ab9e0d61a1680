"""Ollama's context can be set and is part of the model's name; a prompt that a server has cut is noticed, counted and told."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request as Asked
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from understudy.completion import Message, Request
from understudy.doors.events import recording
from understudy.doors.gateway import ages, contexts, lengths
from understudy.doors.gateway.caller import GatewayConfig
from understudy.doors.gateway.llm import known_price, n_tokens
from understudy.doors.gateway.usage import is_prompt_cut
from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.parameters import Models, checked

sys.path.insert(0, str(Path(__file__).parent))
from test_llm import gateway, listening

MODEL = "ollama_chat/llama3.2"
ENGLISH = "The person that you play wants something to watch tonight, and says so in a few plain words. "


def asking(text: str, model: str = "openai/x") -> Request:
    return Request("seeker", model, (Message("system", text), Message("user", "hello")), 0.7, 1.0, 100, 1)


@dataclass
class Ollama:
    """A server that answers as Ollama does, and cuts prompts to its context."""

    address: str = ""
    options: list[dict[str, Any]] = field(default_factory=list)
    context: int = 512
    loaded: Any = None
    n_asked: int = 0

    async def chat(self, asked: Asked) -> JSONResponse:
        body = await asked.json()
        self.options.append(body["options"])
        n = sum(n_tokens(message["content"]) for message in body["messages"])
        n_read = min(n, body["options"].get("num_ctx", self.context))
        told = {"prompt_eval_count": n_read, "eval_count": 2, "done_reason": "stop", "done": True}
        return JSONResponse({"model": "llama3.2", "message": {"role": "assistant", "content": "hi there"}, **told})


    async def ps(self, asked: Asked) -> Response:
        assert "authorization" not in asked.headers
        self.n_asked += 1
        return Response(json.dumps(self.loaded), media_type="application/json")


@pytest.fixture
def ollama() -> Iterator[Ollama]:
    server = Ollama()
    routes = [Route("/api/chat", server.chat, methods=["POST"]), Route("/api/ps", server.ps)]
    with listening(app=Starlette(routes=routes)) as (address, _):
        server.address = address.removesuffix("/v1")
        yield server


def test_the_context_is_sent_and_a_cut_prompt_is_counted_and_told(tmp_path: Path, ollama: Ollama) -> None:
    long = ENGLISH * 60
    with recording(tmp_path / "events"), gateway(tmp_path, api_base=ollama.address, api_base_for=MODEL) as opened:
        cut = opened.run(opened.complete(asking(long, MODEL)))
        assert opened.run(opened.complete(asking(long * 2, MODEL))).prompt_is_cut
        whole = opened.run(opened.complete(asking(long, contexts.named(MODEL, 8192))))
        assert opened.run(opened.complete(asking(long, MODEL))) == cut, "from the ledger, with what was noticed"
    assert [options.get("num_ctx") for options in ollama.options] == [None, None, 8192]
    assert (cut.prompt_is_cut, whole.prompt_is_cut) == (True, False)
    with Store.open(tmp_path / "store.duckdb") as store:
        assert store.rows("play/ledger_totals")[0]["n_prompts_cut"] == 2
    told = [json.loads(line)["key"] for line in (tmp_path / "events").read_text().splitlines() if '"prompt_cut"' in line]
    assert len(told) == 1
    assert "--num-ctx" in told[0]


def loaded(**fields: Any) -> dict[str, Any]:
    return {"models": [{"name": "other:latest", "context_length": 9}, {"name": "llama3.2:latest", **fields}]}


@pytest.mark.parametrize(
    ("told", "is_cut"),
    [
        (loaded(context_length=1024), True),
        (loaded(context_length=2048), False),
        (loaded(), False),
        (loaded(context_length="1024"), False),
        ({"models": [None, 3]}, False),
        ([], False),
        (None, False),
    ],
)
def test_a_small_cut_is_noticed_where_ollama_says_the_context_and_it_is_asked_once(
    tmp_path: Path, ollama: Ollama, told: Any, is_cut: bool
) -> None:
    # some 1,140 tokens, of which nine of ten are read: by the reported tokens alone nobody could tell
    ollama.context, ollama.loaded = 1024, told
    with gateway(tmp_path, api_base=ollama.address, api_base_for=MODEL) as opened:
        for text in (ENGLISH * 57, ENGLISH * 57 + "again"):
            assert opened.run(opened.complete(asking(text, MODEL))).prompt_is_cut is is_cut
        assert not opened.run(opened.complete(asking(ENGLISH, MODEL))).prompt_is_cut
    assert ollama.n_asked == 1


@pytest.mark.parametrize(
    ("text", "share", "is_cut"),
    [
        (ENGLISH * 30, 1.0, False),
        (ENGLISH * 30, 0.8, False),
        (ENGLISH * 30, 0.5, True),
        (ENGLISH, 0.5, False),
        ("यह एक लंबा वाक्य है जिसे कोई भी मॉडल पढ़ सकता है। " * 60, 0.35, False),
        ("短い文章をここに書いておきます。" * 100, 0.5, False),
        ("ein ganz gewöhnlicher Satz über Filme, die jemand gesehen hat. " * 60, 0.8, False),
    ],
)
def test_a_prompt_is_cut_where_no_tokenizer_would_make_so_few_tokens(text: str, share: float, is_cut: bool) -> None:
    asked = asking(text)
    own = sum(n_tokens(message.content) for message in asked.messages)
    assert is_prompt_cut(asked, int(share * own), count=n_tokens) == is_cut
    assert not is_prompt_cut(asked, None, count=n_tokens)
    assert not is_prompt_cut(asked, 0, count=n_tokens)


def test_a_prompt_that_is_longer_than_the_context_that_was_set_is_cut_whatever_is_reported() -> None:
    asked = asking(ENGLISH * 30, contexts.named(MODEL, 500))
    assert is_prompt_cut(asked, 499, count=n_tokens)
    assert not is_prompt_cut(asking(ENGLISH * 30, contexts.named(MODEL, 4096)), 571, count=n_tokens)


def test_a_context_is_part_of_the_name_of_ollama_s_models_alone() -> None:
    assert contexts.named("ollama/llama3.2:3b", 8192) == "ollama/llama3.2:3b?num_ctx=8192"
    assert contexts.named("ollama/x?num_ctx=4096", 8192) == "ollama/x?num_ctx=4096"
    assert contexts.named("openai/x", 8192) == "openai/x"
    assert contexts.named(MODEL, None) == MODEL
    whole = ages.current(lengths.named(contexts.named(MODEL, 8192), 300), {}, refresh=False, max_age_days=None, now=None)  # type: ignore[arg-type]
    assert whole == "ollama_chat/llama3.2?num_ctx=8192^300"
    assert lengths.bare(f"{whole}~2") == "ollama_chat/llama3.2?num_ctx=8192"
    assert (contexts.plain(lengths.bare(whole)), contexts.tokens_of(lengths.bare(whole))) == (MODEL, 8192)
    assert asking("x", MODEL).key != asking("x", contexts.named(MODEL, 8192)).key


def test_a_price_is_given_by_the_name_without_a_context() -> None:
    config = GatewayConfig(prices={"ollama/x": (1.0, 2.0)})
    assert known_price(config, "ollama/x?num_ctx=8192") == known_price(config, "ollama/x") is not None


def test_a_context_without_a_model_of_ollama_is_bad_input() -> None:
    assert checked(Models, {"seeker": MODEL, "num_ctx": 8192}).num_ctx == 8192
    assert checked(Models, {"fallbacks": {"critic": ["ollama/x"]}, "num_ctx": 8192}).num_ctx == 8192
    with pytest.raises(BadInput, match="none of rehearsal is one"):
        checked(Models, {"num_ctx": 8192})
    with pytest.raises(BadInput, match="num_ctx"):
        checked(Models, {"seeker": MODEL, "num_ctx": 10})
