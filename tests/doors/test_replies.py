"""What models really answer: odd text, odd token counts, empty replies and wrong forms, each kept or refused with one reason."""

from __future__ import annotations

import io
import json
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from understudy.completion import Completion, MissingReply
from understudy.doors.devserver import DevServer
from understudy.doors.faults import Faults
from understudy.doors.gateway import caller
from understudy.doors.gateway.bodies import reading
from understudy.doors.gateway.caller import GatewayConfig
from understudy.doors.gateway.calls import CallFailed, Tokens
from understudy.doors.gateway.gateway import Exchange
from understudy.doors.gateway.lengths import applied, bare, named
from understudy.doors.gateway.reply import BYTES_A_TOKEN, completion_of
from understudy.doors.gateway.usage import FACTOR, Usage, usage_of
from understudy.doors.oddities import ODDITIES, REPLIES, Oddity
from understudy.doors.store import Store
from understudy.errors import BudgetExhausted, ProviderFailed
from understudy.parameters import Caps
from understudy.text import clean

sys.path.insert(0, str(Path(__file__).parent))
from scripted import Scripted
from test_llm import gateway, listening, request, several

ASKED = request(model="openai/anything")
USAGES = ("no_usage", "null_usage", "zero_usage", "negative_usage", "huge_usage")


@pytest.fixture(autouse=True)
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caller, "wait_s", lambda *_, **__: 0.0)


def words(text: str) -> int:
    return len(text.split())


def totals(store: Path) -> dict[str, Any]:
    with Store.open(store / "store.duckdb") as opened:
        return opened.rows("play/ledger_totals")[0]


@dataclass(frozen=True, slots=True)
class Servers:
    """A server for every oddity, all of them behind one port."""

    base: str
    logs: dict[str, io.StringIO]

    def address(self, oddity: str) -> str:
        return f"{self.base}/{oddity}/v1"

    def lines(self, oddity: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.logs[oddity].getvalue().splitlines()]


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    logs = {oddity: io.StringIO() for oddity in ODDITIES}
    apps = {oddity: DevServer(faults=Faults(**{oddity: 1.0}), latency_ms=0, log=log).app for oddity, log in logs.items()}  # type: ignore[arg-type]
    fixed: list[BaseRoute] = [Route("/fixed/{path:path}", FIXED.answer, methods=["GET", "POST"])]
    with listening(app=Starlette(routes=[Mount(f"/{oddity}", app) for oddity, app in apps.items()] + fixed)) as (address, _):
        yield Servers(address.removesuffix("/v1"), logs)


@dataclass(slots=True)
class Fixed:
    """A server that answers every request with one body."""

    body: bytes = b""
    status: int = 200

    async def answer(self, _: Request) -> Response:
        return Response(self.body, self.status, media_type="application/json")


FIXED = Fixed()


@pytest.fixture(autouse=True)
def empty_logs(servers: Servers) -> None:
    for log in servers.logs.values():
        log.truncate(0)
        log.seek(0)


@given(st.text(alphabet=st.characters(codec=None), max_size=40), st.integers(0, 60))
def test_any_text_becomes_one_that_can_be_stored_and_read_by_lines(text: str, most: int) -> None:
    told = clean(text, max_bytes=most)
    assert len(told.text.encode("utf-8")) <= most
    assert told.text.splitlines() == [line.removesuffix("\r") for line in told.text.split("\n")][: len(told.text.splitlines())]
    assert clean(told.text).n_normalised <= told.text.endswith("\r"), "what is clean stays as it is"
    assert "\0" not in told.text


@pytest.mark.parametrize(
    ("text", "told", "n"),
    [
        ("half \ud83d of it", "half \ufffd of it", 1),
        ("a\0b\x07c\x1b[31m", "abc[31m", 3),
        ("safe\u202etxt.exe\u2066", "safetxt.exe", 2),
        ("one\u2028two\x85three\x0cfour\rfive\r\nsix", "one\ntwo\nthree\nfour\nfive\r\nsix", 4),
        ("seen\U000e0041\U000e0042", "seen", 2),
        ("שלום\u200f 👩\u200d👧 naïve\ttab\nline", "שלום\u200f 👩\u200d👧 naïve\ttab\nline", 0),
    ],
)
def test_what_cannot_be_stored_or_is_not_what_is_seen_is_replaced_and_counted(text: str, told: str, n: int) -> None:
    assert (clean(text).text, clean(text).n_normalised) == (told, n)


def test_a_text_is_cut_between_characters() -> None:
    told = clean("aé€😀", max_bytes=7)
    assert (told.text, told.n_cut_bytes) == ("aé€", 4)


@pytest.mark.parametrize(
    ("prompt", "completion", "usage"),
    [
        (300, 20, Usage(300, 20, "reported")),
        (None, None, Usage(200, 10, "counted")),
        (0, 0, Usage(200, 10, "counted")),
        (300, None, Usage(300, 10, "counted")),
        (-100_000, -5, Usage(200, 10, "clamped")),
        (3, 20, Usage(200, 20, "clamped")),
        (10**30, 10**30, Usage(FACTOR * 1024, 100, "clamped")),
        (300, 101, Usage(300, 100, "clamped")),
    ],
)
def test_tokens_are_reported_counted_or_clamped(prompt: int | None, completion: int | None, usage: Usage) -> None:
    def count(text: str) -> int:
        return 10 if text == "some words" else 200 // len(ASKED.messages)

    asked = request(model="openai/anything")
    n = len(asked.messages)
    expected = Usage(200 // n * n if usage.prompt == 200 else usage.prompt, usage.completion, usage.source)
    assert usage_of(asked, "some words", prompt=prompt, completion=completion, count=count) == expected


@given(st.none() | st.integers(), st.none() | st.integers(), st.text(max_size=300))
def test_whatever_is_reported_tokens_stay_possible(prompt: int | None, completion: int | None, text: str) -> None:
    used = usage_of(ASKED, text, prompt=prompt, completion=completion, count=words)
    assert used.prompt > 0
    assert 0 <= used.completion <= ASKED.max_tokens


@pytest.mark.parametrize("oddity", USAGES)
def test_caps_hold_and_nothing_is_0_whatever_the_server_reports(tmp_path: Path, servers: Servers, oddity: str) -> None:
    price = {"*": (1.0, 2.0)}
    cap = 3000
    with gateway(tmp_path, api_base=servers.address(oddity), caps=Caps(tokens=cap), prices=price, concurrency=2) as opened:
        ended = opened.run(several(opened, 40, "openai/anything"))
        assert any(isinstance(one, BudgetExhausted) for one in ended)
        assert 0 < opened.tokens <= cap + FACTOR * 1024 * 2
        n_answered = sum(isinstance(one, Completion) for one in ended)
        assert n_answered == len(servers.lines(oddity)) == opened.n_calls < 40
        assert opened.tokens >= 100 * n_answered
    found = totals(tmp_path)
    kind = "n_tokens_clamped" if oddity in ("negative_usage", "huge_usage") else "n_tokens_counted"
    assert (found[kind], found["n"]) == (n_answered, n_answered)
    assert found["tokens"] == opened.tokens


def test_odd_signs_are_kept_as_text_and_counted(tmp_path: Path, servers: Servers) -> None:
    with gateway(tmp_path, api_base=servers.address("odd_signs")) as opened:
        reply = opened.run(opened.complete(ASKED))
        assert reply.text.endswith("\ufffd \n")
        assert reply.n_normalised == 5
        assert opened.run(opened.complete(ASKED)) == reply
    assert (totals(tmp_path)["n_normalised"], totals(tmp_path)["n_unrecorded"]) == (1, 0)


def test_a_reply_beyond_its_limit_is_cut_there_and_counted(tmp_path: Path, servers: Servers) -> None:
    with gateway(tmp_path, api_base=servers.address("overlong")) as opened:
        reply = opened.run(opened.complete(ASKED))
    assert len(reply.text) == ASKED.max_tokens * BYTES_A_TOKEN
    assert reply.is_cut
    assert (totals(tmp_path)["n_overlong"], totals(tmp_path)["n_cut"]) == (1, 1)


def test_a_body_beyond_its_bound_is_no_reply_and_is_not_asked_for_again(tmp_path: Path, servers: Servers) -> None:
    with gateway(tmp_path, api_base=servers.address("endless")) as opened:
        with pytest.raises(MissingReply, match="more than 1048576 bytes"):
            opened.run(opened.complete(ASKED))
        assert opened.n_calls == 1
        assert len(servers.lines("endless")) == 1


REASONS: dict[Oddity, tuple[str, int]] = {
    "endless": ("the answer has more than 1048576 bytes, which is more than is accepted of one answer", 1),
    "thoughts": ("the reply is empty: it was cut after thoughts at its limit of 100 tokens", 1),
    "tool_call": ("the reply is empty: the model called a tool, although none was offered", 2),
    "events": ("the server sent a stream of events, which was not asked for; one JSON object is expected", 2),
    "no_choices": ("`choices` of the answer is an empty list; one reply is expected", 2),
    "parts": ("the content of the answer is a list of parts; one text is expected", 2),
    "number": ("the content of the answer is a number; a text is expected", 2),
}


@pytest.mark.parametrize("oddity", [one for one in ODDITIES if one not in REPLIES])
def test_what_is_no_reply_has_one_clear_reason_and_is_not_kept(tmp_path: Path, servers: Servers, oddity: Oddity) -> None:
    reason, n_calls = REASONS[oddity]
    with gateway(tmp_path, api_base=servers.address(oddity), max_attempts=2) as opened:
        for n_so_far in (n_calls, 2 * n_calls):
            with pytest.raises(MissingReply) as told:
                opened.run(opened.complete(ASKED))
            assert (told.value.message, opened.n_calls) == (reason, n_so_far), "it is asked again, since it was not kept"
    assert (totals(tmp_path)["n"], totals(tmp_path)["n_failed"]) == (0, 2 * n_calls)


def test_empty_replies_open_the_breaker_which_says_how_many_they_were(tmp_path: Path, servers: Servers) -> None:
    with gateway(tmp_path, api_base=servers.address("thoughts"), concurrency=1, breaker_after=5) as opened:
        ended = opened.run(several(opened, 20, "openai/anything"))
        assert len(servers.lines("thoughts")) == 5
        last = ended[-1]
        assert isinstance(last, ProviderFailed)
        assert "5 of 5 replies of openai/anything are empty" in last.message
        assert "cut after thoughts at its limit of 100 tokens" in last.message
        assert "reasoning model" in last.hint
        assert "--reply-tokens" in last.hint
        assert last.exit_code == 4
    assert totals(tmp_path)["failed_tokens"] == opened.tokens > 0, "what was paid for them is known"


PARTS = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "hi"}]


@pytest.mark.parametrize(
    ("model", "body", "told"),
    [
        ("ollama_chat/x", [1], ""),
        ("ollama_chat/x", {"model": "x"}, ""),
        ("ollama_chat/x", {"message": {"role": "assistant", "content": "hello"}, "done": True}, "hello"),
        ("anthropic/x", {"content": "hi"}, ""),
        ("mistral/x", {"model": "x", "choices": [{"index": 0, "message": {"role": "assistant", "content": PARTS}}]}, "hi"),
    ],
)
def test_no_traceback_reaches_a_row_whichever_provider_answers_oddly(
    tmp_path: Path, servers: Servers, monkeypatch: pytest.MonkeyPatch, model: str, body: object, told: str
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "a-key-for-tests")
    monkeypatch.setenv("MISTRAL_API_KEY", "a-key-for-tests")
    FIXED.body = json.dumps(body).encode()
    with gateway(tmp_path, api_base=f"{servers.base}/fixed", max_attempts=1) as opened:
        if told:
            assert opened.run(opened.complete(request(model=model))).text == told
        else:
            with pytest.raises(MissingReply, match=r"^the answer does not have the form of a completion$"):
                opened.run(opened.complete(request(model=model)))


def answer(content: object = "hi", *, finish_reason: str = "stop", model: str = "m", **message: Any) -> Any:
    said = SimpleNamespace(content=content, provider_specific_fields=None, **message)
    return SimpleNamespace(choices=[SimpleNamespace(message=said, finish_reason=finish_reason)], model=model, usage=None)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (answer("<think>what does she want", finish_reason="length"), "cut after thoughts"),
        (answer("<think>what does she want</think> ", finish_reason="length"), "cut after thoughts"),
        (answer("", finish_reason="length"), "it was cut at its limit"),
        (answer(None, reasoning_content="hm"), "its thoughts and no text"),
        (answer(" \n\0"), "the reply is empty"),
        (answer(["hi"]), "does not have the form"),
        (answer(7), "does not have the form"),
        (SimpleNamespace(choices=[], model="m"), "does not have the form"),
        (answer(finish_reason="content_filter"), "content filter"),
    ],
)
def test_an_answer_of_any_provider_without_a_text_is_no_reply(given: Any, reason: str) -> None:
    with pytest.raises(CallFailed) as told:
        completion_of(given, ASKED, count=words)
    assert reason in told.value.reason
    assert "Traceback" not in told.value.reason


def test_an_empty_reply_says_what_was_paid_for_it() -> None:
    with pytest.raises(CallFailed) as told:
        completion_of(answer(None, reasoning_content="one two three", finish_reason="length"), ASKED, count=words)
    n_prompt = sum(words(message.content) for message in ASKED.messages)
    assert (told.value.is_empty, told.value.tokens) == (True, Tokens(n_prompt, 3))


class Parts(httpx.AsyncByteStream):
    """A body in parts."""

    def __init__(self, *parts: bytes) -> None:
        self.parts, self.n_read = list(parts), 0

    async def __aiter__(self) -> Any:
        for part in self.parts:
            self.n_read += 1
            yield part


async def _read(stream: Parts, encoding: str = "identity", most: int = 1000) -> bytes:
    asked = httpx.Request("POST", "http://127.0.0.1/v1/chat/completions")
    response = httpx.Response(500, headers={"content-encoding": encoding}, stream=stream, request=asked)
    await reading(most)(response)
    return await response.aread()


@pytest.mark.anyio
async def test_a_packed_body_is_bounded_by_what_it_unpacks_to() -> None:
    assert await _read(Parts(zlib.compress(b"x" * 900)), "deflate") == b"x" * 900
    bomb = zlib.compress(b"x" * 1_000_000)
    assert len(bomb) < 1000
    with pytest.raises(CallFailed, match="more than 1000 bytes"):
        await _read(Parts(bomb), "deflate")
    with pytest.raises(CallFailed, match="gzip or deflate is expected"):
        await _read(Parts(b"x"), "br")


@pytest.mark.anyio
async def test_a_body_is_not_read_beyond_its_bound() -> None:
    stream = Parts(*[b"x" * 600] * 50)
    with pytest.raises(CallFailed):
        await _read(stream)
    assert stream.n_read == 2


def test_the_log_of_the_server_counts_what_an_odd_answer_would_cost(servers: Servers) -> None:
    messages = [{"role": message.role, "content": message.content} for message in ASKED.messages]
    httpx.post(f"{servers.address('no_usage')}/chat/completions", json={"messages": messages})
    assert [line["fault"] for line in servers.lines("no_usage")] == ["no_usage"]
    assert servers.lines("no_usage")[0]["tokens"] > 0


def test_the_limit_on_replies_stands_in_the_name_and_reaches_the_request(tmp_path: Path) -> None:
    asked = applied(request(model=named("openai/anything", 4000) + "~2"))
    assert (asked.model, asked.max_tokens, bare(asked.model)) == ("openai/anything^4000~2", 4000, "openai/anything")
    assert asked.key != ASKED.key
    assert applied(ASKED) == ASKED
    assert named("openai/anything", None) == "openai/anything"
    provider = Scripted()
    with Exchange(GatewayConfig(), provider=provider, store_path=tmp_path / "s.duckdb", run_id="run") as exchange:
        exchange.run(exchange.complete(asked))
        assert [(one.model, one.max_tokens) for one in provider.requests] == [("openai/anything", 4000)]
        exchange.run(exchange.complete(request(model="openai/anything^4000~2")))
        assert exchange.n_calls == 1


def test_odd_signs_in_a_provider_s_words_do_not_end_the_run(tmp_path: Path, servers: Servers) -> None:
    FIXED.body, FIXED.status = json.dumps({"error": {"message": "no \ud83d such\0 thing\u202e"}}).encode(), 400
    try:
        with gateway(tmp_path, api_base=f"{servers.base}/fixed", max_attempts=1) as opened, pytest.raises(MissingReply) as told:
            opened.run(opened.complete(ASKED))
    finally:
        FIXED.status = 200
    assert "no \ufffd such thing" in told.value.message
    assert totals(tmp_path)["n_failed"] == 1


def test_an_act_that_a_server_sends_is_not_taken() -> None:
    said = answer("hi")
    said.choices[0].message.provider_specific_fields = {"intended_act": "greet"}
    assert completion_of(said, ASKED, count=words).intended_act is None
    assert completion_of(said, request(model="rehearsal/0"), count=words).intended_act == "greet"
