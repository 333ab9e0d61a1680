"""Bodies of errors as providers send them: what kind of failure each is, and that their own words reach the reader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.doors.gateway import failure_kinds as kinds
from understudy.doors.gateway.failure_kinds import FailureKind, hint_of, kind_of
from understudy.doors.gateway.failures import failure_of
from understudy.doors.gateway.provider_errors import read_error

Body = dict[str, Any] | list[Any] | str


class BadRequestError(Exception):
    """An error as litellm raises it: with a status of its own, above the provider's response."""

    def __init__(self, status: int, body: Body, headers: dict[str, str] | None = None) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        super().__init__(f"litellm.BadRequestError: SomeException - {text}")
        self.status_code = 400
        self.__cause__ = httpx.HTTPStatusError(
            "no", request=httpx.Request("POST", "http://x"), response=httpx.Response(status, text=text, headers=headers)
        )


def openai(message: str, kind: str = "invalid_request_error", param: str | None = None, code: str | None = None) -> Body:
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def anthropic(message: str) -> Body:
    return {"type": "error", "error": {"type": "invalid_request_error", "message": message}, "request_id": "req_1"}


def gemini(code: int, status: str, message: str, quota: str = "", delay: str = "") -> Body:
    details = [
        {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": quota, "quotaValue": "15"}]},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay},
    ]
    return {"error": {"code": code, "message": message, "status": status, **({"details": details} if quota else {})}}


BODIES = json.loads((Path(__file__).parent / "provider_errors.json").read_text("utf-8"))
"""Name, status and body of errors in the words of each provider, and the name of the kind that it is; null where a retry may help."""


@pytest.mark.parametrize("one", BODIES, ids=[one["name"] for one in BODIES])
def test_a_provider_s_refusal_is_of_its_kind_and_keeps_its_words(one: dict[str, Any]) -> None:
    error = read_error(BadRequestError(one["status"], one["body"]))
    kind: FailureKind | None = getattr(kinds, one["kind"]) if one["kind"] else None
    assert kind_of(error) is kind
    failed = failure_of(error, ())
    assert failed.transient == (kind is None)
    words = error.message.split()
    assert " ".join(words[:4]) in failed.reason, "the provider's own words"
    if kind is not None:
        assert (failed.hint, failed.in_a_row) == (kind.hint, kind.in_a_row)
        assert hint_of(failed.reason) == kind.hint, "also where the reason is kept without it"


def test_a_refusal_that_no_word_explains_is_permanent_and_says_whom_to_read() -> None:
    failed = failure_of(read_error(BadRequestError(418, openai("I am a teapot"))), ())
    assert (failed.transient, failed.ends_run, failed.hint) == (False, False, kinds.REFUSED.hint)
    assert "I am a teapot" in failed.reason
    assert hint_of("the recommender at http://x did not answer") == ""


@pytest.mark.parametrize(
    ("body", "header", "wait_s"),
    [
        (openai("Please try again in 6ms."), None, 0.006),
        (openai("Please try again in 7.66s."), None, 7.66),
        (openai("Please try again in 1m2.5s."), None, 62.5),
        (openai("Please try again in 2h3m."), None, 7380.0),
        (gemini(429, "RESOURCE_EXHAUSTED", "Please retry in 23.5s.", "GenerateRequestsPerMinute", "23s"), None, 23.5),
        (openai("Please try again in 6ms."), "4", 4.0),
        (openai("Please try again later."), None, None),
    ],
)
def test_a_wait_is_read_from_the_header_or_else_from_the_body(body: Body, header: str | None, wait_s: float | None) -> None:
    failed = failure_of(read_error(BadRequestError(429, body, {"retry-after": header} if header else {})), ())
    assert failed.transient
    assert failed.retry_after_s == wait_s


def test_what_a_validator_repeats_of_the_request_is_no_part_of_the_reason() -> None:
    refused = {"type": "extra_forbidden", "loc": ["body", "top_k"], "msg": "Extra inputs are not permitted", "input": "the prompt"}
    body = {"detail": [refused]}
    failed = failure_of(read_error(BadRequestError(422, body)), ())
    assert "body.top_k: Extra inputs are not permitted" in failed.reason
    assert "the prompt" not in failed.reason


_KEYS = ("error", "message", "detail", "loc", "code", "param")
_VALUES = st.recursive(
    st.one_of(st.none(), st.text(max_size=9), st.integers()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(_KEYS), inner)),
    max_leaves=9,
)


@given(st.one_of(st.text(max_size=200), _VALUES), st.integers(300, 599))
@settings(max_examples=80, deadline=None)
def test_any_body_of_any_status_is_an_outcome_with_a_reason(body: Any, status: int) -> None:
    failed = failure_of(read_error(BadRequestError(status, body)), ())
    assert failed.reason.strip()
    assert failed.transient or failed.hint


def test_a_body_that_is_nested_too_deeply_is_an_outcome_with_a_reason() -> None:
    assert failure_of(read_error(BadRequestError(400, "[" * 60_000)), ()).reason
