"""Retry and breaker policy; what is said of a failure carries no credential."""

from __future__ import annotations

import pytest

from understudy.completion import Message, Request
from understudy.doors._calls import LONGEST_WAIT_S, is_transient, retry_after, scrubbed, wait_s

REQUEST = Request("seeker", "m", (Message("user", "hi"),), 0.7, 1.0, 50, 1)


@pytest.mark.parametrize(
    "secret",
    [
        "Incorrect API key provided: sk-abcDEF123456789",
        "authorization: Bearer abc.def-123456789",
        'headers {"api_key": "hunter22222"}',
        "https://user:hunter22222@example.org/v1 refused",
        "AIzaSyA1234567890abcdefg is not valid",
    ],
)
def test_credentials_are_left_out_of_reasons(secret: str) -> None:
    told = scrubbed(secret)
    assert not any(part in told for part in ("abcDEF", "abc.def", "hunter", "1234567890abc"))
    assert "***" in told


def test_a_plain_reason_is_kept() -> None:
    assert scrubbed("Connection\n refused by 127.0.0.1:8099") == "Connection refused by 127.0.0.1:8099"


def test_which_statuses_are_tried_again() -> None:
    assert [is_transient(status) for status in (None, 408, 429, 500, 503)] == [True] * 5
    assert [is_transient(status) for status in (400, 401, 403, 404, 422)] == [False] * 5


def test_waits_grow_stay_bounded_and_respect_the_server() -> None:
    waits = [wait_s(REQUEST, attempt, retry_after_s=None) for attempt in range(12)]
    assert waits == [wait_s(REQUEST, attempt, retry_after_s=None) for attempt in range(12)]
    assert all(0 <= wait <= min(LONGEST_WAIT_S, 0.5 * 2**attempt) for attempt, wait in enumerate(waits))
    assert wait_s(REQUEST, 0, retry_after_s=7.0) >= 7.0


def test_retry_after_is_read_where_it_is_a_number() -> None:
    assert retry_after({"retry-after": "3"}) == 3.0
    assert retry_after({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}) is None
    assert retry_after({}) is None
    assert retry_after(None) is None
