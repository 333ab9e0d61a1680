"""Retry and breaker policy; what is said of a failure carries no credential."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.completion import Message, Request
from understudy.doors.gateway.calls import LONGEST_WAIT_S, is_transient, retry_after, scrubbed, wait_s
from understudy.doors.gateway.failures import failure_of
from understudy.doors.gateway.provider_errors import read_error

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


NOW = datetime(2026, 10, 21, 7, 28, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("3", 3.0),
        ("0.5", 0.5),
        ("-4", 0.0),
        ("Wed, 21 Oct 2026 07:28:30 GMT", 30.0),
        ("Wed, 21 Oct 2026 07:28:30 -0000", 30.0),
        ("Wed, 21 Oct 2026 07:00:00 GMT", 0.0),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("", None),
        ("1e300", 1e300),
        ("1e999", None),
        ("-1e999", None),
        ("-nan", None),
        ("None", None),
        ("Wed, 21 Oct 99999 07:28:00 GMT", None),
        ("Wed, 31 Feb 2026 07:28:00 GMT", None),
        ("Wed, 21 Oct 2026 07:28:00 +99999999", None),
        ("Mon, 01 Jan 0001 00:00:00 +2359", 0.0),
        ("Wed, 21 Oct 999999999999999999999999 07:28:00 GMT", None),
        ("Wed, 21 Oct 2026", None),
    ],
)
def test_retry_after_is_read_as_seconds_and_as_a_date(value: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": value}, now=NOW) == seconds


_FAR = st.builds(
    lambda day, month, year, clock, zone: f"Wed, {day} {month} {year} {clock} {zone}",
    st.integers(-1, 99), st.sampled_from(["Jan", "Feb", "xyz"]), st.integers(0, 10**30),
    st.sampled_from(["00:00:00", "23:59:60", "99:99:99", "x"]), st.one_of(st.sampled_from(["GMT", "+2400", "-2359"]), st.text(max_size=12)),
)  # fmt: skip


@given(st.one_of(st.text(max_size=60), st.floats().map(str), st.integers().map(str), st.datetimes().map(format_datetime), _FAR))
@settings(max_examples=200, deadline=None)
def test_any_retry_after_is_a_finite_wait_or_none(value: str) -> None:
    seconds = retry_after({"retry-after": value}, now=NOW)
    assert seconds is None or 0.0 <= seconds < float("inf")


def test_without_the_header_nothing_is_asked_for() -> None:
    assert retry_after({}, now=NOW) is None
    assert retry_after(None, now=NOW) is None


def test_secrets_that_look_like_nothing_are_left_out_when_they_are_known() -> None:
    assert "plain words" not in scrubbed("the server says: plain words", ["plain words"])


class Failure(Exception):
    """An error as litellm raises it."""

    def __init__(self, status_code: int | None, text: str = "no") -> None:
        super().__init__(text)
        self.status_code = status_code


class ContextWindowExceededError(Failure):
    pass


class ContentPolicyViolationError(Failure):
    pass


@pytest.mark.parametrize(
    ("error", "transient", "ends_run", "hint"),
    [
        (Failure(401), False, True, "environment"),
        (Failure(403), False, True, "access"),
        (Failure(404), False, True, "--api-base"),
        (ContextWindowExceededError(400), False, False, "longer context"),
        (Failure(400, "This model's maximum context length is 4096 tokens"), False, False, "longer context"),
        (ContentPolicyViolationError(400), False, False, "--fallback"),
        (Failure(403, "your input was flagged by moderation"), False, False, "--fallback"),
        (Failure(429, "You exceeded your current quota, please check your plan and billing details"), False, True, "add credit"),
        (Failure(400, "bad argument"), False, False, "provider's words"),
        (Failure(302), False, True, "--api-base"),
        (Failure(410), False, True, "successor"),
        (Failure(501), False, True, "--api-base"),
        (Failure(429, "slow down"), True, False, ""),
        (Failure(500), True, False, ""),
        (Failure(503), True, False, ""),
        (Failure(408), True, False, ""),
        (Failure(None, "Connection refused"), True, False, "--api-base"),
    ],
)
def test_what_a_failure_means(error: Failure, transient: bool, ends_run: bool, hint: str) -> None:
    failed = failure_of(read_error(error), ())
    assert (failed.transient, failed.ends_run) == (transient, ends_run)
    assert hint in failed.hint
    assert bool(failed.hint) == bool(hint)


def test_what_was_refused_is_not_charged_and_what_broke_may_be() -> None:
    charged = [failure_of(read_error(Failure(status)), ()).may_be_charged for status in (401, 429, 408, 500, None)]
    assert charged == [False, False, True, True, True]
