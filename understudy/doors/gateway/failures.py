"""What a provider's error means: whether another attempt can help, whether it may be charged, and what to do about it."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from dataclasses import replace

from understudy.completion import Completion
from understudy.doors.gateway.calls import CallFailed, is_transient, retry_after, scrubbed
from understudy.doors.gateway.failure_kinds import PARAMETER, REFUSED, FailureKind, kind_of
from understudy.doors.gateway.provider_errors import ProviderError

# a request that certainly reached nobody who could charge for it
_REFUSED_STATUS = range(400, 500)
_SECRET_NAMES = re.compile(r"(?i)(?:key|token|secret|password|credentials?)$")
_SHORTEST_SECRET, _LONGER_THAN_WORDS = 6, 16
_TOLD = ("text", "reported_model", "engine", "finish_reason", "fingerprint")
UNREADABLE = "the answer does not have the form of a completion"


def failure_of(error: ProviderError, secrets: Collection[str]) -> CallFailed:
    """The failed attempt that a provider's refusal stands for. Its reason holds the provider's own words and carries no secret."""
    kind, status, told = kind_of(error), error.status, scrubbed(error.message, secrets)
    if kind is not None:
        return failed_for_good(kind, told)
    if status is not None and status < 400:
        # litellm quotes what it could not read, and what a model wrote is no part of an error message
        return CallFailed(UNREADABLE, transient=True, may_be_charged=True)
    if not is_transient(status):
        return failed_for_good(REFUSED, f"status {status}: {told}")
    asked_for_s = retry_after(error.headers)
    return CallFailed(
        reason=f"{_happened(error)}: {told}",
        transient=True,
        may_be_charged=status not in _REFUSED_STATUS or status == 408,
        retry_after_s=error.wait_s if asked_for_s is None else asked_for_s,
        hint="check that the server is running and that --api-base is its address" if "connect" in told.lower() else "",
    )


def failed_for_good(kind: FailureKind, words: str) -> CallFailed:
    """The failed attempt of a kind that retries cannot repair; `words` are the provider's words, without secrets."""
    reason = f"{kind.message}: {words}" if words else kind.message
    return CallFailed(reason, transient=False, may_be_charged=False, hint=kind.hint, in_a_row=kind.in_a_row)


def adapted(error: ProviderError, secrets: Collection[str]) -> CallFailed:
    """The failed attempt after which the request is sent again without what the model does not take."""
    reason = f"{PARAMETER.message}: {scrubbed(error.message, secrets)}"
    return CallFailed(reason, transient=True, may_be_charged=False, is_adapted=True)


def _happened(error: ProviderError) -> str:
    return error.name if error.status is None else f"{error.name}, status {error.status}"


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
