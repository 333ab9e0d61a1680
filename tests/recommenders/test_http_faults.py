"""What the faults of a running CRS come to: missing replies with their reason, one message sent once, an end after so many in a row."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from understudy.completion import MissingReply
from understudy.errors import BadInput, ProviderFailed
from understudy.recommenders import http

KEY = "swordfish-4711-planted"


def said(text: str) -> str:
    return json.dumps({"response": text})


async def hello(crs: http.Running) -> str:
    return (await crs.start(5).reply("hello")).text


def failing(reply: Any) -> dict[str, tuple[Callable[[Any], Any], str]]:
    """What a CRS can do wrong → its answer and what is told of it."""
    return {
        "html": (lambda _: reply("<html>secret-page</html>", headers={"content-type": "text/html"}), "HTML instead of JSON"),
        "no json": (lambda _: reply("{\"response\": "), "something else instead of JSON"),
        "deep": (lambda _: reply("[" * 500 + "]" * 500), "without text at response"),
        "500": (lambda _: reply("secret-page", 500), "status 500"),
        "404": (lambda _: reply("", 404), "status 404"),
        "redirect": (lambda _: reply("", 302, {"location": "http://127.0.0.1:9/"}), "a redirect, which is not followed"),
        "huge": (lambda _: reply(said("x" * 3000)), "more than 1024 bytes"),
        "wrong place": (lambda _: reply(json.dumps({"answer": "hi"})), "without text at response"),
        "wrong kind": (lambda _: reply(json.dumps({"response": {"text": "hi"}})), "without text at response"),
        "list": (lambda _: reply("[1]"), "without text at response"),
        "no words": (lambda _: reply(said(" ... ")), "a text without words at response"),
        "not utf-8": (lambda _: reply(b"\xff\xfe\x00"), "not UTF-8"),
        "slow": (lambda _: reply((b'{"resp', b'onse": ', b'"late"}'), drip_s=0.4), "did not answer within 0.5 s"),
        "cut off": (lambda _: reply(said("hi"), headers={"content-length": "999", "connection": "close"}), "Error"),
    }  # fmt: skip


FAULTS = sorted(failing(None))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_crs_is_missing_with_the_reason(fault: str, with_crs: Any, serve: Any, reply: Any, file: Any) -> None:
    answer, told = failing(reply)[fault]
    written = file(f'preset = "ievalm"\nurl = "{serve(answer)}"\ntimeout_s = 0.5\nmax_kib = 1\nattempts = 1\n')
    with pytest.raises(MissingReply, match=told) as missing:
        with_crs(written, hello)
    assert "secret-page" not in missing.value.message


def test_a_crs_that_is_down_is_missing_and_after_ten_in_a_row_ends_the_run(with_crs: Any, file: Any) -> None:
    async def eleven(crs: http.Running) -> list[str]:
        seen = []
        for seed in range(12):
            with pytest.raises((MissingReply, ProviderFailed)) as failure:
                await crs.start(seed).reply("hello")
            seen.append(type(failure.value).__name__)
        return seen

    # each attempt more is waited for
    seen = with_crs(file('preset = "ievalm"\nurl = "http://127.0.0.1:9"\nattempts = 1\n'), eleven)
    assert seen == ["MissingReply"] * 10 + ["ProviderFailed"] * 2


def test_an_answer_between_failures_keeps_the_breaker_closed(with_crs: Any, serve: Any, reply: Any) -> None:
    n_asked = 0

    def crs(_: Any) -> Any:
        nonlocal n_asked
        n_asked += 1
        return reply("", 500) if n_asked % 3 else reply(said("Hello, what do you like?"))

    async def many(running: http.Running) -> int:
        n_answered = 0
        for seed in range(12):
            try:
                await running.start(seed).reply("hello")
                n_answered += 1
            except MissingReply:
                pass
        return n_answered

    assert with_crs(f"ievalm:{serve(crs)}", many, breaker_after=3) == 4


def test_a_message_that_was_not_taken_is_sent_again_and_one_that_may_have_been_is_not(with_crs: Any, serve: Any, reply: Any) -> None:
    asked: list[int] = []

    def crs(_: Any) -> Any:
        asked.append(len(asked))
        return reply("", 503, {"retry-after": "0"}) if len(asked) < 3 else reply(said("Hello, what do you like?"))

    text = with_crs(f"ievalm:{serve(crs)}", hello)
    assert (text, len(asked)) == ("Hello, what do you like?", 3)
    asked.clear()
    broken = serve(lambda request: (asked.append(0), reply("", 500))[1] if request else None)
    with pytest.raises(MissingReply):
        with_crs(f"ievalm:{broken}", hello)
    assert len(asked) == 1


def test_no_more_turns_are_in_flight_than_the_crs_is_given(with_crs: Any, serve: Any, reply: Any, file: Any) -> None:
    lock, now, most = threading.Lock(), 0, 0

    def crs(_: Any) -> Any:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        threading.Event().wait(0.05)
        with lock:
            now -= 1
        return reply(said("Hello, what do you like?"))

    async def many(running: http.Running) -> None:
        await asyncio.gather(*(running.start(seed).reply("hello") for seed in range(12)))

    with_crs(file(f'preset = "ievalm"\nurl = "{serve(crs)}"\nconcurrency = 3\n'), many)
    assert most == 3


@pytest.mark.parametrize("fault", ["500", "html", "cut off", "slow"])
def test_the_key_of_a_crs_is_in_no_reason(
    fault: str, with_crs: Any, serve: Any, reply: Any, file: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRS_KEY", KEY)
    answer = failing(reply)[fault][0]
    written = file(f'preset = "ievalm"\nurl = "{serve(answer)}"\nkey_env = "CRS_KEY"\ntimeout_s = 0.5\nattempts = 1\n')
    with pytest.raises(MissingReply) as missing:
        with_crs(written, hello)
    assert KEY not in missing.value.message
    assert missing.value.__cause__ is missing.value.__context__ is None, "a traceback would show what lies behind"


def test_the_key_of_a_crs_is_in_no_answer(with_crs: Any, serve: Any, reply: Any, file: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRS_KEY", KEY)
    address = serve(lambda asked: reply(json.dumps({"response": f"You sent {asked.headers['authorization']}, I see."})))
    heard = with_crs(file(f'preset = "ievalm"\nurl = "{address}"\nkey_env = "CRS_KEY"\n'), hello)
    assert heard == "You sent Bearer ***, I see."


def test_a_key_that_no_header_can_hold_is_refused_without_being_told(with_crs: Any, file: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRS_KEY", f"{KEY}\nx: y")
    with pytest.raises(BadInput) as refused:
        with_crs(file('preset = "ievalm"\nurl = "http://127.0.0.1:9"\nkey_env = "CRS_KEY"\n'), hello)
    assert KEY not in refused.value.message + refused.value.hint
