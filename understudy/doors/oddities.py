"""The odd answers that the loopback server can give: whole answers with status 200, as real servers were seen to send them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

from starlette.responses import JSONResponse, Response

Oddity = Literal[
    "no_usage", "null_usage", "zero_usage", "negative_usage", "huge_usage", "odd_signs", "cut", "overlong",
    "endless", "thoughts", "tool_call", "events", "no_choices", "parts", "number",
]  # fmt: skip
ODDITIES: tuple[Oddity, ...] = get_args(Oddity)
# those that hold a reply all the same
REPLIES: frozenset[Oddity] = frozenset({
    "no_usage", "null_usage", "zero_usage", "negative_usage", "huge_usage", "odd_signs", "cut", "overlong",
})  # fmt: skip
# half a surrogate pair, NUL, a bell, a mark that turns the direction of what follows, and another end of a line
SIGNS = "\ud83d \x00\x07\u202e\u2028"
_OVERLONG, _ENDLESS = 100_000, 3_000_000
_ABSURD = 10**30
Answer = dict[str, Any]


def odd(whole: bytes, oddity: Oddity) -> Response:
    """What is sent instead of the completion `whole`."""
    answer: Answer = json.loads(whole)
    if oddity == "events":
        chunk = {**answer, "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": _text_of(answer)}}]}
        return Response(f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n", media_type="text/event-stream")
    _CHANGES[oddity](answer)
    # half a surrogate pair can be sent as an escape alone
    return Response(json.dumps(answer, ensure_ascii=True), media_type=JSONResponse.media_type)


def _text_of(answer: Answer) -> str:
    return str(answer["choices"][0]["message"]["content"])


def _counts(n: int) -> Callable[[Answer], None]:
    def change(answer: Answer) -> None:
        answer["usage"] = {"prompt_tokens": n, "completion_tokens": n, "total_tokens": 2 * n}

    return change


def _without_usage(answer: Answer) -> None:
    del answer["usage"]


def _null_usage(answer: Answer) -> None:
    answer["usage"] = None


def _without_choices(answer: Answer) -> None:
    answer["choices"] = []


def _content(value: Callable[[str], object], finish_reason: str = "stop", **beside: object) -> Callable[[Answer], None]:
    def change(answer: Answer) -> None:
        choice = answer["choices"][0]
        choice["message"] = {"role": "assistant", "content": value(_text_of(answer)), **beside}
        choice["finish_reason"] = finish_reason

    return change


def _nothing(_: str) -> None:
    return None


_TOOL = {"id": "call-1", "type": "function", "function": {"name": "search", "arguments": "{}"}}
_CHANGES: Mapping[Oddity, Callable[[Answer], None]] = {
    "no_usage": _without_usage,
    "null_usage": _null_usage,
    "zero_usage": _counts(0),
    "negative_usage": _counts(-100_000),
    "huge_usage": _counts(_ABSURD),
    "odd_signs": _content(lambda text: text + SIGNS),
    "cut": _content(lambda text: text[: len(text) // 2 + 1], "length"),
    "overlong": _content(lambda text: text + " more" * (_OVERLONG // 5)),
    "endless": _content(lambda text: text + " more" * (_ENDLESS // 5)),
    "thoughts": _content(_nothing, "length", reasoning_content="Let me think about what this person wants."),
    "tool_call": _content(_nothing, "tool_calls", tool_calls=[_TOOL]),
    "no_choices": _without_choices,
    "parts": _content(lambda text: [{"type": "text", "text": text}]),
    "number": _content(lambda _: 7),
}
