"""The tokens of one call: what the provider reports where that is possible, our own count where it is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from understudy.completion import Request, UsageSource
from understudy.doors.gateway import contexts
from understudy.doors.gateway.budget import prompt_bytes

# tokenizers differ by less than this on any language; a report further away from our own count is an error
FACTOR = 16
# English has 4 to 5 bytes a token by every tokenizer of today; a prompt with fewer tokens than this is looked at
_BYTES_A_TOKEN, _FEWEST_BYTES_A_TOKEN = 5.5, 2
# tokenizers differ by less than this on text that is mostly ASCII; on other scripts they differ more, so only words are counted there
_LEAST_SHARE, _MOSTLY = 0.7, 0.9
_SHORT_TOKENS = 200
# a provider may add instructions of its own to a short prompt
_HIDDEN_PROMPT = 1024

Count = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of the prompt and of the reply, both at least 0, and where they come from."""

    prompt: int
    completion: int
    source: UsageSource


def usage_of(request: Request, written: str, *, prompt: int | None, completion: int | None, count: Count) -> Usage:
    """The tokens of a call that was answered with `written` (thoughts included).

    `prompt` and `completion` are what the provider reports, None or 0 where it does not. A report is kept where it lies within
    FACTOR of our own count and, for the reply, within the limit that was asked for. Below that our own count takes its place, above
    it the bound does.
    """
    own_prompt, source_of_prompt = _prompt(request, prompt, count)
    own_reply, source_of_reply = _reply(request, written, completion, count)
    sources = {source_of_prompt, source_of_reply}
    source: UsageSource = "clamped" if "clamped" in sources else "counted" if "counted" in sources else "reported"
    return Usage(own_prompt, own_reply, source)


def cached_of(reported: int | None, usage: Usage) -> int | None:
    """Reported tokens of a prompt that were cached, or put into the cache; None where nothing is reported, or more than the prompt has."""
    return reported if reported is not None and 0 <= reported <= usage.prompt else None


def is_beyond(request: Request, context: int | None, *, count: Count) -> bool:
    """Whether a prompt has more tokens, by our own count, than a context that is known."""
    return context is not None and prompt_bytes(request) > context * _FEWEST_BYTES_A_TOKEN and count(_whole(request)) > context


def is_prompt_cut(request: Request, reported: int | None, *, count: Count) -> bool:
    """Whether the reported tokens of a prompt are so few that the server must have cut it, as Ollama does without a word.

    By less than three of ten it is noticed only where the context is known, since the run has set it or its server says it
    (`is_beyond`); where nothing is reported, only by that.
    """
    n_bytes = prompt_bytes(request)
    if is_beyond(request, contexts.tokens_of(request.model), count=count):
        return True
    if not reported or reported < 0 or n_bytes <= reported * _BYTES_A_TOKEN:
        return False
    text = _whole(request)
    is_ascii = sum(character.isascii() for character in text) >= _MOSTLY * len(text)
    # no tokenizer joins words
    own, share = (count(text), _LEAST_SHARE) if is_ascii else (len(text.split()), 1.0)
    return own >= _SHORT_TOKENS and reported < share * own


def _whole(request: Request) -> str:
    """The text of a prompt. It is put together only for the few calls whose reported tokens leave a doubt."""
    return "\n".join(message.content for message in request.messages)


def _prompt(request: Request, told: int | None, count: Count) -> tuple[int, UsageSource]:
    n_bytes = prompt_bytes(request)
    # a text has at most as many tokens as bytes and hardly fewer than a sixteenth of them: then there is nothing to count
    if told is not None and n_bytes <= told * FACTOR and told <= n_bytes:
        return told, "reported"
    own = max(1, sum(count(message.content) for message in request.messages))
    if not told:
        return own, "counted"
    return _within(told, own, most=FACTOR * max(own, _HIDDEN_PROMPT))


def _reply(request: Request, written: str, told: int | None, count: Count) -> tuple[int, UsageSource]:
    n_bytes = len(written.encode("utf-8", "surrogatepass"))
    if told is not None and 0 <= told <= request.max_tokens and n_bytes <= told * FACTOR:
        return told, "reported"
    # more than so many bytes are more tokens than the limit in any case
    own = min(count(written[: request.max_tokens * FACTOR]), request.max_tokens)
    if not told:
        return own, "counted"
    return _within(told, own, most=request.max_tokens)


def _within(told: int, own: int, *, most: int) -> tuple[int, UsageSource]:
    held = own if told * FACTOR < own else min(told, most)
    return held, "reported" if held == told else "clamped"
