"""Models that refuse a parameter or a system message are asked without it; what was left out is remembered, kept and told."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.completion import Completion, MissingReply
from understudy.doors.events import recording
from understudy.doors.faults import REFUSABLE, Faults
from understudy.doors.gateway import caller
from understudy.doors.gateway.provider_errors import read_error
from understudy.doors.gateway.refusals import LATE_SYSTEM, SYSTEM, Adaptation, Refusals, folded, gathered, refused_parameter
from understudy.doors.store import Store
from understudy.errors import BadInput, ProviderFailed
from understudy.parameters import Caps

sys.path.insert(0, str(Path(__file__).parent))
from test_llm import gateway, listening, request, several, statuses
from test_provider_errors import BadRequestError, anthropic, openai

SENT: Mapping[str, Any] = {
    "messages": [{"role": "system", "content": "be a seeker"}, {"role": "user", "content": "hello"}],
    "temperature": 0.7, "top_p": 0.9, "max_tokens": 100, "seed": 5, "response_format": {"type": "json_schema"},
}  # fmt: skip
REFUSED = json.loads((Path(__file__).parent / "parameter_refusals.json").read_text("utf-8"))
"""Name, status and body of errors in the words of each provider, and the parameter that is refused; null where none is."""


@pytest.fixture(autouse=True)
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caller, "wait_s", lambda *_, **__: 0.0)


def left_out(store: Path) -> list[dict[str, str]]:
    with Store.open(store / "store.duckdb") as opened:
        return opened.rows("play/adaptations")


@pytest.mark.parametrize("one", REFUSED, ids=[one["name"] for one in REFUSED])
def test_what_a_refusal_is_about_is_read_from_the_provider_s_words(one: dict[str, Any]) -> None:
    assert refused_parameter(read_error(BadRequestError(one["status"], one["body"])), SENT) == one["parameter"]


@pytest.mark.parametrize("refused", [one for one in REFUSABLE if one != "response_format"])
def test_a_model_that_refuses_one_thing_is_asked_without_it_from_then_on(tmp_path: Path, refused: str) -> None:
    """A server refuses each, and a model that answers is the same as without the refusal where the parameter changes nothing."""
    with (
        listening(Faults(refuses=(refused,))) as (address, log),
        recording(tmp_path / "events"),
        gateway(tmp_path, api_base=address, concurrency=1) as opened,
    ):
        replies = opened.run(several(opened, 4, "openai/anything"))
        assert all(isinstance(reply, Completion) and reply.text for reply in replies)
        sent = statuses(log)
        assert opened.n_calls == len(sent), "the refused request is a call as well"
        # top_p is 1 here and never sent, and max_completion_tokens neither
        expected = 0 if refused in ("top_p", "max_completion_tokens") else 1
        assert sent == [400] * expected + [200] * 4
    told = [json.loads(line)["key"] for line in (tmp_path / "events").read_text().splitlines() if "request_adapted" in line]
    assert len(told) == len(left_out(tmp_path)) == expected
    assert all(refused in line for line in told)


def test_everything_can_be_refused_and_no_attempt_is_lost_by_it(tmp_path: Path) -> None:
    faults = Faults(refuses=("temperature", "max_tokens", "max_completion_tokens", "seed", "system"))
    with listening(faults) as (address, log), gateway(tmp_path, api_base=address, max_attempts=1, concurrency=8) as opened:
        replies = opened.run(several(opened, 12, "openai/anything"))
        assert all(isinstance(reply, Completion) for reply in replies)
        assert opened.n_calls == len(statuses(log))
        assert statuses(log).count(400) <= 5 * 8, "no more than what was in flight"
    assert [(row["parameter"], row["instead"]) for row in left_out(tmp_path)] == [
        ("max_completion_tokens", ""), ("max_tokens", "max_completion_tokens"), ("seed", ""),
        ("system message", "the first user message"), ("temperature", ""),
    ]  # fmt: skip


def test_a_model_that_takes_no_limit_is_not_asked_where_a_cap_rests_on_it(tmp_path: Path) -> None:
    faults = Faults(refuses=("max_tokens", "max_completion_tokens"))
    caps = Caps(tokens=100_000)
    with listening(faults) as (address, log), gateway(tmp_path, api_base=address, caps=caps) as opened:
        with pytest.raises(ProviderFailed, match="does not take what every request holds") as told:
            opened.run(opened.complete(request(model="openai/anything")))
        assert not isinstance(told.value, MissingReply)
        assert statuses(log) == [400, 400]


@pytest.mark.parametrize("model", ["openai/o3-mini", "openai/gpt-5", "anthropic/claude-sonnet-4-5"])
def test_what_litellm_knows_is_left_out_before_anything_is_sent(tmp_path: Path, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "planted-key-4711-0815")
    with listening() as (address, log), gateway(tmp_path, api_base=address, max_attempts=1) as opened:
        if model.startswith("openai"):
            assert opened.run(opened.complete(request(model=model))).text
            assert statuses(log) == [200]
        arguments = opened._provider._refusals.fitted(model, {**SENT})  # type: ignore[attr-defined]
        assert "seed" in arguments or model.startswith("anthropic")
    # what was left out is written behind the calls: it is all there once the gateway is closed
    if model.startswith("openai"):
        assert ("temperature", "") in {(row["parameter"], row["value"]) for row in left_out(tmp_path)}


def test_a_value_that_is_out_of_range_leaves_other_values_alone() -> None:
    refusals = Refusals(is_capped=False)
    error = read_error(BadRequestError(400, anthropic("temperature: range: 0..1")))
    assert refusals.learn("m", {**SENT, "temperature": 1.3}, error)
    assert "temperature" not in refusals.fitted("m", {**SENT, "temperature": 1.3})
    assert refusals.fitted("m", dict(SENT)) == dict(SENT)
    assert refusals.applied("m") == (Adaptation("m", "temperature", "1.3"),)
    assert refusals.applied("other") == ()


def test_top_p_is_sent_only_where_it_says_something(tmp_path: Path) -> None:
    with gateway(tmp_path) as opened:
        sent = [opened._provider._arguments(request(model="openai/x"))]  # type: ignore[attr-defined]
    assert "top_p" not in sent[0]
    assert sent[0]["temperature"] == 0.7


def test_a_system_message_goes_before_the_first_user_message() -> None:
    system, user, assistant = ({"role": role, "content": role} for role in ("system", "user", "assistant"))
    together = {"role": "user", "content": "system\n\nuser"}
    assert folded([system, user, assistant]) == [together, assistant]
    assert folded([system, assistant, user]) == [{"role": "user", "content": "system"}, assistant, user]
    assert folded([user, assistant]) == [user, assistant]
    assert folded(folded([system, user])) == [together]


REMARKED = {**SENT, "messages": [*SENT["messages"], {"role": "system", "content": "in a few words"}]}


@pytest.mark.parametrize(
    "words",
    [
        "System message must be at the beginning.",
        "Conversation roles must alternate user/assistant/user/assistant/...",
        "Multiple system messages are not supported",
        "The system role can only be the first message",
    ],
)
def test_a_system_message_within_the_conversation_is_told_with_the_first_where_it_is_refused(words: str) -> None:
    """A server that takes none at all is found out by its second refusal."""
    refusals, error = Refusals(is_capped=False), read_error(BadRequestError(400, openai(words)))
    assert refused_parameter(error, REMARKED) == LATE_SYSTEM
    assert refusals.learn("m", REMARKED, error)
    fitted = refusals.fitted("m", REMARKED)
    assert [message["role"] for message in fitted["messages"]] == ["system", "user"]
    assert fitted["messages"][0]["content"] == "be a seeker\n\nin a few words"
    assert gathered(fitted["messages"]) == fitted["messages"]
    none_at_all = read_error(BadRequestError(400, openai("System role not supported")))
    assert refused_parameter(none_at_all, fitted) == SYSTEM
    assert refusals.learn("m", fitted, none_at_all)
    assert refusals.fitted("m", REMARKED)["messages"] == [{"role": "user", "content": "be a seeker\n\nin a few words\n\nhello"}]


@given(st.text(max_size=80), st.integers(400, 501), st.sampled_from(["", "temperature", "top_p", "seed", "max_tokens", "messages[0].role"]))
@settings(max_examples=60, deadline=None)
def test_whatever_a_server_refuses_a_request_loses_something_or_is_not_sent_again(words: str, status: int, param: str) -> None:
    refusals, sent, n = Refusals(is_capped=False), dict(SENT), 0
    error = read_error(BadRequestError(status, openai(f"{words} {param} is not supported: system role not supported", param=param)))
    while refusals.learn("m", sent, error):
        sent, n = refusals.fitted("m", sent), n + 1
        assert n <= 7
    assert refusals.fitted("m", sent) == sent


@pytest.mark.parametrize("text", ["refuses = 1", "refuses = ['top_k']"])
def test_a_file_of_faults_names_what_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "faults.toml"
    path.write_text(text)
    with pytest.raises(BadInput, match="refuses"):
        Faults.read(path)
    path.write_text("refuses = ['top_p', 'system']\nhang = 0.5")
    assert Faults.read(path) == Faults(hang=0.5, refuses=("top_p", "system"))
