"""How the gateway treats a failed call: whether to retry it, how long to wait, and when to stop asking the provider."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite

from understudy.completion import MissingReply, Request
from understudy.errors import ProviderFailed, UnderstudyError
from understudy.keys import rng_of
from understudy.names import shown_model
from understudy.text import clean

_FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 60.0
_TRANSIENT_STATUS = frozenset({408, 409, 425, 429})
# what a credential looks like in the texts of servers and clients
_SECRETS = re.compile(
    r"(?i)\b(?:sk|pk|rk|gsk|xai|hf)[-_][\w-]{6,}|\bAIza[\w-]{10,}|(?:bearer|basic)\s+[\w.+/=~-]{4,}"
    r"|((?:api[-_ ]?key|authorization|token|password|secret)\b[\"' ]*(?:provided)?[\"' ]*[:=][\"' ]*(?:bearer |basic )?)[^\s\"',;}]+|(?<=://)[^/\s@]+@"
)
_REASON_LENGTH = 200
# litellm writes a whole traceback into some of its messages
_TRACEBACK = "Traceback (most recent call last)"
_TRY_LATER = "every reply so far is stored; run the same command again when the provider answers"


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of a call: of its prompt and of its reply."""

    prompt: int
    reply: int


@dataclass(frozen=True, slots=True)
class CallFailed(Exception):
    """One attempt that ended without a reply.

    `retry_after_s` is what the server asked for. `may_be_charged`: the request reached a server that did not refuse it.
    `in_a_row`: how many failures like it, before any reply of the model, mean that no call can succeed; 1 where this one says so, None
    where it concerns one call alone. `hint` says what to do. `is_empty`: an answer came and held no text;
    its `tokens` are those that were paid for, None where nobody knows them. `is_adapted`: the model did not take a parameter, and the
    request is to be sent again at once without it. `refuses_schema`: what it did not take is a JSON schema of the reply, so the question
    is to be asked in words, which is another request.
    """

    reason: str
    transient: bool
    may_be_charged: bool
    retry_after_s: float | None = None
    hint: str = ""
    in_a_row: int | None = None
    is_empty: bool = False
    is_adapted: bool = False
    refuses_schema: bool = False
    tokens: Tokens | None = None

    @property
    def ends_run(self) -> bool:
        """Whether no other call to this model can succeed."""
        return self.in_a_row == 1


class SchemaRefused(UnderstudyError):
    """The model's server takes no JSON schema of a reply: the same question is to be asked in words."""


@dataclass(slots=True)
class Answers:
    """How many answers of a model came, and how many of them were empty."""

    model: str
    n: int = 0
    n_empty: int = 0

    def count(self, *, is_empty: bool) -> None:
        """Counts one answer."""
        self.n += 1
        self.n_empty += is_empty

    def reason_of(self, failure: CallFailed) -> str:
        """The reason of a failure; of an empty reply with how many there were."""
        if not failure.is_empty:
            return failure.reason
        return f"{self.n_empty} of {self.n} replies of {shown_model(self.model)} are empty, the last one because: {failure.reason}"


class Breaker:
    """A circuit breaker: it opens after `limit` consecutive failed calls and stays open, so a provider that is down is not asked again."""

    def __init__(self, limit: int) -> None:
        self._limit, self._n_failed, self._last, self._hint, self.is_open = limit, 0, "", "", False
        self._has_replied, self._n_alike = False, 0

    def check(self) -> None:
        """Raises ProviderFailed when it is open."""
        if not self.is_open:
            return
        message = f"{self._n_failed} calls in a row failed; the last failure was: {self._last}" if self._n_failed > 1 else self._last
        raise ProviderFailed(message, hint=self._hint or _TRY_LATER)

    def succeeded(self) -> None:
        """Counts a call with a reply."""
        self._has_replied = True
        if not self.is_open:
            self._n_failed, self._n_alike = 0, 0

    def failed(self, reason: str, *, hint: str = "", in_a_row: int | None = None) -> None:
        """Counts a call without one. `in_a_row`: how many of its kind open it where there was no reply yet; 1 where this one does."""
        self._n_failed += 1
        if self.is_open:
            return
        self._n_alike = self._n_alike + 1 if hint == self._hint else 1
        self._last, self._hint = reason, hint
        is_hopeless = in_a_row is not None and self._n_alike >= in_a_row and (in_a_row == 1 or not self._has_replied)
        self.is_open = is_hopeless or self._n_failed >= self._limit


def is_transient(status: int | None) -> bool:
    """Whether a call with this HTTP status (None: there was no answer) should be retried."""
    return status is None or status in _TRANSIENT_STATUS or status >= 500


def wait_s(request: Request, attempt: int, *, retry_after_s: float | None) -> float:
    """Seconds before the attempt after `attempt` (from 0): exponential with full jitter, not less than the server asked for."""
    longest = min(LONGEST_WAIT_S, _FIRST_WAIT_S * 2.0**attempt)
    return float(rng_of("wait", request.key, attempt).uniform(0.0, longest)) + (retry_after_s or 0.0)


def retry_after(headers: object, *, now: datetime | None = None) -> float | None:
    """Seconds ≥ 0 that a `retry-after` header asks for, as a number or as a date; None where there is none that can be read."""
    value = str(headers.get("retry-after") if hasattr(headers, "get") else None)
    with suppress(ValueError):
        seconds = float(value)
        return max(0.0, seconds) if isfinite(seconds) else None
    # the parser raises any of these for a date that no calendar has: a year, a day or a time zone out of range
    with suppress(ValueError, TypeError, IndexError, OverflowError):
        until = parsedate_to_datetime(value)
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        return max(0.0, (until - (now or datetime.now(UTC))).total_seconds())
    return None


def scrubbed(text: str, secrets: Collection[str] = ()) -> str:
    """`text` in one short line, without a traceback, `secrets` and what looks like a credential."""
    text = clean(text.partition(_TRACEBACK)[0]).text
    for secret in secrets:
        text = text.replace(secret, "***")
    return _SECRETS.sub(lambda found: f"{found.group(1) or ''}***", " ".join(text.split()))[:_REASON_LENGTH]


def together(failures: Sequence[ProviderFailed]) -> ProviderFailed:
    """The failure of a model and its fallbacks: missing where one of them may still give the next reply, else the end of the run."""
    first, *others = failures
    told = "".join(f"; the fallback failed too: {other.message}" for other in others)
    kind = MissingReply if any(isinstance(failure, MissingReply) for failure in failures) else ProviderFailed
    return kind(first.message + told, hint=first.hint)
