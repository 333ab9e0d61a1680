"""What a model answered, as a reply of ours: well-formed text within its limit, tokens that are possible, and never an empty text."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from understudy.completion import CUT, Completion, Request
from understudy.doors.gateway.calls import CallFailed, Tokens
from understudy.doors.gateway.failure_kinds import CONTEXT, CUT_EMPTY, EMPTY, FILTER
from understudy.doors.gateway.failures import UNREADABLE
from understudy.doors.gateway.usage import Count, Usage, cached_of, is_prompt_cut, usage_of
from understudy.parameters import LOCAL
from understudy.prompt.speech import after_thoughts
from understudy.text import clean

EMBEDDED = "rehearsal"
INTENDED_ACT = "intended_act"
# the longest tokens of ordinary text are words of this many bytes; a text beyond as many a token was not held to the limit
BYTES_A_TOKEN = 16
_NAME_BYTES = 200
_CONTENT_FILTERED = "content_filter"


@dataclass(frozen=True, slots=True)
class Said:
    """The parts of an answer that are read. `prompt` and `completion` are the reported tokens, None where there is no report."""

    text: str
    thoughts: str
    calls_tool: bool
    refuses: bool
    finish_reason: str
    model: str
    fingerprint: str
    prompt: int | None
    completion: int | None
    cached: int | None
    cache_write: int | None
    intended_act: str | None


def completion_of(answer: Any, request: Request, *, count: Count) -> Completion:
    """The reply in an answer of litellm. Raises CallFailed where it is none: unreadable, filtered, or without a text."""
    said = _said(answer)
    if said.finish_reason == _CONTENT_FILTERED:
        raise CallFailed(FILTER.message, transient=False, may_be_charged=True, hint=FILTER.hint)
    usage = _used(said, request, count)
    text = clean(said.text, max_bytes=request.max_tokens * BYTES_A_TOKEN)
    if not text.text.strip() or _is_all_thought(said):
        raise replace(_empty(said, request), tokens=Tokens(usage.prompt, usage.completion))
    model = clean(said.model, max_bytes=_NAME_BYTES).text
    return Completion(
        text=text.text,
        reported_model=model,
        # weights of the user's may bear any name; what answers them is a language model
        engine=EMBEDDED if _is_embedded(model) and not request.model.startswith(LOCAL) else model,
        finish_reason=CUT if text.n_cut_bytes else said.finish_reason,
        fingerprint=clean(said.fingerprint, max_bytes=_NAME_BYTES).text,
        prompt_tokens=usage.prompt,
        completion_tokens=usage.completion,
        # anybody could send one, and only the model in this process has any
        intended_act=said.intended_act if request.model.startswith(f"{EMBEDDED}/") else None,
        n_normalised=text.n_normalised,
        n_cut_bytes=text.n_cut_bytes,
        usage=usage.source,
        cached_tokens=cached_of(said.cached, usage),
        cache_write_tokens=cached_of(said.cache_write, usage),
        prompt_is_cut=not request.model.startswith(f"{EMBEDDED}/") and is_prompt_cut(request, said.prompt, count=count),
    )


def require_within_context(request: Request, completion: Completion, *, context: int) -> None:
    """Raises CallFailed where the context of `context` tokens ended a reply before its own limit did."""
    used = completion.prompt_tokens + completion.completion_tokens
    if completion.is_cut and completion.completion_tokens < request.max_tokens and used >= context - 1:
        reason = f"{CONTEXT.message}: {completion.prompt_tokens} tokens and a reply of {completion.completion_tokens} fill its {context}"
        raise CallFailed(reason, transient=False, may_be_charged=False, hint=CONTEXT.hint, in_a_row=CONTEXT.in_a_row)


def unread() -> CallFailed:
    """The failed attempt whose answer is in a form that neither litellm nor this module can read."""
    return CallFailed(UNREADABLE, transient=True, may_be_charged=True)


def _said(answer: Any) -> Said:
    try:
        choice, usage = answer.choices[0], getattr(answer, "usage", None)
        message, details = choice.message, getattr(usage, "prompt_tokens_details", None)
        fields = getattr(message, "provider_specific_fields", None) or {}
        return Said(
            text=_text(message.content),
            thoughts=_text(getattr(message, "reasoning_content", None)),
            calls_tool=bool(getattr(message, "tool_calls", None) or getattr(message, "function_call", None)),
            refuses=bool(fields.get("refusal")),
            finish_reason=clean(str(choice.finish_reason or "unknown"), max_bytes=_NAME_BYTES).text,
            model=str(answer.model or "unknown"),
            fingerprint=str(getattr(answer, "system_fingerprint", None) or ""),
            prompt=_count(getattr(usage, "prompt_tokens", None)),
            completion=_count(getattr(usage, "completion_tokens", None)),
            cached=_count(getattr(details, "cached_tokens", None)),
            cache_write=_count(getattr(usage, "cache_creation_input_tokens", None)),
            intended_act=fields.get(INTENDED_ACT),
        )
    except (AttributeError, IndexError, TypeError, ValueError):
        raise unread() from None


def _text(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _is_embedded(model: str) -> bool:
    return model.startswith(EMBEDDED) or model.rpartition("/")[2].startswith(EMBEDDED)


def _used(said: Said, request: Request, count: Count) -> Usage:
    if request.model.startswith(f"{EMBEDDED}/"):
        # it answers in this process and counts for itself
        return Usage(said.prompt or 0, said.completion or 0, "reported")
    return usage_of(request, said.thoughts + said.text, prompt=said.prompt, completion=said.completion, count=count)


def _is_all_thought(said: Said) -> bool:
    """Whether the limit was used up by thoughts that stand between tags in the text."""
    return said.finish_reason == CUT and not (after_thoughts(said.text) or "").strip()


def _empty(said: Said, request: Request) -> CallFailed:
    """Why there is no text. What the limit has cut is not asked again under the same limit; anything else may come out otherwise."""
    if said.finish_reason == CUT:
        after = " after thoughts" if said.thoughts or said.text.strip() else ""
        reason = f"{CUT_EMPTY.message}{after} at its limit of {request.max_tokens} tokens"
        return CallFailed(reason, transient=False, may_be_charged=True, hint=CUT_EMPTY.hint, is_empty=True)
    why = (
        ": the model called a tool, although none was offered" if said.calls_tool
        else ": the model refused to answer" if said.refuses
        else ": the model gave its thoughts and no text after them" if said.thoughts
        else ""
    )  # fmt: skip
    return CallFailed(EMPTY.message + why, transient=True, may_be_charged=True, hint=EMPTY.hint, is_empty=True)
