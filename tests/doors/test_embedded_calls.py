"""The short way to the embedded model that tests take gives the replies of litellm's, to the last field, and refuses the same."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.rehearsal.test_rehearsal_critic import Advice, asked
from understudy import rehearsal
from understudy.completion import Completion, Message, Request
from understudy.doors.gateway import llm, served
from understudy.doors.gateway.caller import GatewayConfig
from understudy.doors.gateway.calls import CallFailed
from understudy.prompt.setting import load_setting
from understudy.prompt.structured import instructed
from understudy.prompt.template import render
from understudy.records import Need, Turn

MODEL = "rehearsal/0"


def turn() -> Request:
    history = [Turn("seeker", "hello"), Turn("recommender", "Have you seen Orbit (2015)?", 1, ("4",))]
    messages = render(load_setting("zero_shot").genome, Need(genres=("comedy",)), history, exemplars=(), target=None)
    return Request("seeker", MODEL, messages, 0.7, 0.9, 100, 3)


def sent(request: Request, monkeypatch: pytest.MonkeyPatch, *, whole: bool) -> Completion | CallFailed:
    """What the door makes of a request, by litellm's way or by the short one."""
    litellm = llm._litellm()
    provider = llm._LiteLLM(GatewayConfig(), {}, {"0": rehearsal.surface("0")}, served.NONE)
    provider.register()
    with monkeypatch.context() as patch:
        if whole:
            patch.setattr(litellm, "acompletion", litellm.acompletion.__wrapped__)
        try:
            return asyncio.run(provider.send(request))
        except CallFailed as failure:
            return failure


def question() -> Request:
    """What a critic is asked, in words; by schema it is its `alternative`."""
    return instructed(Request("critic", MODEL, tuple(asked()), 0.7, 1.0, 400, 5), Advice)


REQUESTS = {
    "words": turn,
    "another temperature": lambda: replace(turn(), temperature=1.3, top_p=1.0, seed=8),
    "a form in words": question,
    "a form by schema": lambda: question().form(by_schema=True),
    "no seeker's prompt": lambda: Request("seeker", MODEL, (Message("user", "What is the capital of France?"),), 0.7, 1.0, 100, 1),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_both_ways_give_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    short, whole = (sent(REQUESTS[name](), monkeypatch, whole=way) for way in (False, True))
    assert short == whole
    assert isinstance(whole, CallFailed) == (name == "no seeker's prompt")
