"""The turns that a critic is shown, as many as fit into its model's context."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from understudy.completion import Request
from understudy.search.influence import Evidence

# tokenizers of today make fewer tokens of English, and hardly more of other scripts; too many are left out rather than too few
_BYTES_A_TOKEN = 3
# what a chat format, the fields of the reply and a repair's own words add to a request
_FORMAT_TOKENS = 300


@dataclass(frozen=True, slots=True)
class FittingEvidence:
    """The turns that fit, how many were left out, and why a request cannot be made at all; an empty `reason` where it can."""

    evidence: Evidence | None
    n_left_out: int = 0
    reason: str = ""


def fitting(question: Callable[[Evidence | None], Request], evidence: Evidence | None, *, context: int | None) -> FittingEvidence:
    """As many of the turns as fit beside the rest of the question and its reply; those that weigh least are left out first.

    Turns that work are left out before turns that fail, since a fault is to be seen. A `context` of None bounds nothing.
    """
    n_left_out = 0
    while context is not None and _n_tokens(question(evidence)) > context:
        if evidence is None:
            return FittingEvidence(None, n_left_out, f"not asked: the prompt alone does not fit into the context of {context} tokens")
        evidence = _with_one_less(evidence)
        n_left_out += 1
    return FittingEvidence(evidence, n_left_out)


def _with_one_less(evidence: Evidence) -> Evidence | None:
    if evidence.passing:
        return replace(evidence, passing=evidence.passing[:-1])
    return replace(evidence, failing=evidence.failing[:-1]) if len(evidence.failing) > 1 else None


def _n_tokens(request: Request) -> int:
    """At most so many tokens of prompt and reply."""
    n_bytes = sum(len(message.content.encode("utf-8", "surrogatepass")) for message in request.messages)
    return n_bytes // _BYTES_A_TOKEN + _FORMAT_TOKENS + request.max_tokens
