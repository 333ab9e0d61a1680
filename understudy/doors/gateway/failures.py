"""What a provider's error means: whether another attempt can help, whether it may be charged, and what to do about it."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from understudy.completion import Completion
from understudy.doors.gateway.calls import CallFailed, is_transient, retry_after, scrubbed

# a request that certainly reached nobody who could charge for it
_REFUSED_STATUS = range(400, 500)
_SECRET_NAMES = re.compile(r"(?i)(?:key|token|secret|password|credentials?)$")
_SHORTEST_SECRET, _LONGER_THAN_WORDS = 6, 16
_TOLD = ("text", "reported_model", "engine", "finish_reason", "fingerprint")


@dataclass(frozen=True, slots=True)
class _Kind:
    """A failure that retries cannot repair; `ends_run` if no other request to the model can succeed either."""

    message: str
    hint: str
    ends_run: bool


_CONTEXT = _Kind(
    "the prompt is longer than the model's context",
    "use a model with a longer context, or a prompt setting with fewer examples and a shorter persona",
    ends_run=False,
)
_FILTER = _Kind(
    "the provider's content filter refused the request or its reply",
    "the dialogue is recorded as missing; name another provider with --fallback, which may answer it",
    ends_run=False,
)
_QUOTA = _Kind(
    "the account has no credit left", "add credit to the account, or name another model; every reply so far is stored", ends_run=True
)
_BY_STATUS = {
    401: _Kind(
        "the provider refused the key", "set the environment variable of the provider's key, for example OPENAI_API_KEY", ends_run=True
    ),
    403: _Kind("the key may not use this model", "request access to the model, or name another one", ends_run=True),
    404: _Kind("there is no such model or address", "check the model's name and --api-base", ends_run=True),
    413: _CONTEXT,
}
# litellm names most of these itself; other servers say them only in words
_BY_NAME = {"ContextWindowExceededError": _CONTEXT, "ContentPolicyViolationError": _FILTER}
_BY_WORDS = (
    (re.compile(r"(?i)context[_ ](?:length|window)|maximum context|too many (?:input )?tokens|prompt is too long"), _CONTEXT, (400, 422)),
    (re.compile(r"(?i)content[_ ](?:filter|policy|management)|moderation|flagged"), _FILTER, (400, 403, 422)),
    (re.compile(r"(?i)insufficient[_ ]quota|exceeded your current quota|credit balance|billing"), _QUOTA, (400, 402, 429)),
)
_CONTENT_FILTERED = "content_filter"
UNREADABLE = "the answer does not have the form of a completion"


def failure_of(error: Exception, secrets: Collection[str]) -> CallFailed:
    """The failed attempt that an error of litellm stands for. Its reason carries no secret."""
    status = getattr(error, "status_code", None)
    text = scrubbed(str(error), secrets)
    kind = _kind(type(error).__name__, status, str(error))
    if kind is not None:
        reason = f"{kind.message}: {type(error).__name__}: {text}"
        return CallFailed(reason, transient=False, may_be_charged=False, ends_run=kind.ends_run, hint=kind.hint)
    if status is not None and status < 400:
        # litellm quotes what it could not read, and what a model wrote is no part of an error message
        return CallFailed(UNREADABLE, transient=True, may_be_charged=True)
    headers = getattr(getattr(error, "response", None), "headers", None) or getattr(error, "litellm_response_headers", None)
    return CallFailed(
        reason=f"{type(error).__name__}: {text}",
        transient=is_transient(status),
        may_be_charged=status not in _REFUSED_STATUS or status == 408,
        retry_after_s=retry_after(headers),
        hint="check that the server is running and that --api-base is its address" if "connect" in text.lower() else "",
    )


def unusable(*, text: str, finish_reason: str, completion_tokens: int) -> CallFailed | None:
    """Why an answer that came is no reply: it was filtered, or the server sent nothing. None where it is one.

    A model that wrote tokens and said nothing has replied: what it said is empty.
    """
    if finish_reason == _CONTENT_FILTERED:
        return CallFailed(_FILTER.message, transient=False, may_be_charged=True, hint=_FILTER.hint)
    if not text and completion_tokens == 0:
        return CallFailed("the answer has no content", transient=True, may_be_charged=True)
    return None


def without_secrets(completion: Completion, secrets: Collection[str]) -> Completion:
    """The reply, in which a server may have sent back what it was sent. Short secrets stay: they may be words of the conversation."""
    told = {name: getattr(completion, name) for name in _TOLD}
    for secret in secrets:
        if len(secret) >= _LONGER_THAN_WORDS and any(secret in text for text in told.values()):
            told = {name: text.replace(secret, "***") for name, text in told.items()}
            completion = replace(completion, **told)
    return completion


def planted_secrets() -> frozenset[str]:
    """The values in the environment that are keys by the name of their variable, so that no message repeats them."""
    return frozenset(value for name, value in os.environ.items() if _SECRET_NAMES.search(name) and len(value) >= _SHORTEST_SECRET)


def _kind(name: str, status: int | None, text: str) -> _Kind | None:
    if name in _BY_NAME:
        return _BY_NAME[name]
    for words, kind, statuses in _BY_WORDS:
        if status in statuses and words.search(text):
            return kind
    return _BY_STATUS.get(status) if status is not None else None
