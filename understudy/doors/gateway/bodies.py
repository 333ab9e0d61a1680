"""The body of a model's answer, read before litellm sees it: within a bound on its bytes, and in the form of a chat completion.

litellm reads a body whole and quotes a traceback where it cannot read it. Here each wrong form has one reason of its own.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import httpx

from understudy.doors.gateway.calls import CallFailed

_CHAT = "/chat/completions"
_TOLD, _SAID = ("id", "model", "system_fingerprint"), ("reasoning_content", "reasoning", "refusal")
# that a tool was called is read, not which
_SOME_CALL = {"id": "call", "type": "function", "function": {"name": "tool", "arguments": "{}"}}
# an answer that tells an error begins with it
_ERROR_WITHIN = 2000
_USAGE = ("prompt_tokens", "completion_tokens", "total_tokens", "cache_creation_input_tokens")
# where servers say how much of a prompt they had in their cache: OpenAI, vLLM and llama.cpp; DeepSeek; Anthropic behind a proxy; and
# llama.cpp again
_CACHED = (
    ("usage", "prompt_tokens_details", "cached_tokens"), ("usage", "prompt_cache_hit_tokens"), ("usage", "cache_read_input_tokens"),
    ("timings", "cache_n"),
)  # fmt: skip
_TOO_LONG = "the answer has more than {} bytes, which is more than is accepted of one answer"
_RAISE_BYTES = "a reply of this length ignores the limit on its tokens; if it is what you want, raise the limit with --reply-bytes"
_KINDS = {list: "a list", str: "a text", int: "a number", float: "a number", bool: "true or false", dict: "an object", type(None): "null"}

Hook = Callable[[httpx.Response], Coroutine[Any, Any, None]]


@dataclass(slots=True)
class Seen:
    """What is known of the answer to one call. `reads_parts`: litellm makes one text of the parts of this provider's content.

    `is_whole`: a body came with a status of success and told no error, so that whatever is raised then is about its form.
    """

    reads_parts: bool = False
    is_whole: bool = False


SEEN: ContextVar[Seen] = ContextVar("SEEN")


def reading(max_bytes: int) -> Hook:
    """A hook for responses of an httpx client: it reads the body within `max_bytes` and raises CallFailed where it is no answer."""

    async def read(response: httpx.Response) -> None:
        body = await _bounded(response, max_bytes)
        seen = SEEN.get(Seen())
        if response.is_success and str(response.url.path).endswith(_CHAT):
            body = _completion(body, response.headers.get("content-type", ""), reads_parts=seen.reads_parts)
        seen.is_whole = response.is_success and b'"error"' not in body[:_ERROR_WITHIN]
        # what is set here is what the client goes on to read, unpacked already
        response.stream = httpx.ByteStream(body)
        for name in ("content-encoding", "content-length", "transfer-encoding"):
            response.headers.pop(name, None)

    return read


def raised(error: BaseException) -> CallFailed | None:
    """The CallFailed behind an error of litellm, which wraps what a hook raises; None where there is none."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, CallFailed):
            return seen
        seen = seen.__cause__ or seen.__context__
    return None


async def _bounded(response: httpx.Response, max_bytes: int) -> bytes:
    """The unpacked body. Raises CallFailed where it is longer than `max_bytes`, before it is held whole."""
    stream, packed = response.stream, bytearray()
    if not isinstance(stream, httpx.AsyncByteStream):
        raise TypeError("the client is not an asynchronous one")
    try:
        async for part in stream:
            packed += part
            if len(packed) > max_bytes:
                raise _too_long(max_bytes)
    finally:
        await stream.aclose()
    return _unpacked(bytes(packed), response.headers.get("content-encoding", "identity").strip().lower(), max_bytes)


def _unpacked(packed: bytes, encoding: str, max_bytes: int) -> bytes:
    if encoding in ("identity", "") or not packed:
        return packed
    if encoding not in ("gzip", "deflate"):
        raise CallFailed(f"the answer is packed as {encoding!r}; gzip or deflate is expected", transient=False, may_be_charged=True)
    # 32: the header says which of the two it is; servers also send deflate without a header
    for window in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):
        unpacker = zlib.decompressobj(window)
        try:
            body = unpacker.decompress(packed, max_bytes + 1)
        except zlib.error:
            continue
        if len(body) > max_bytes:
            raise _too_long(max_bytes)
        return body
    raise CallFailed(f"the answer cannot be unpacked as {encoding}", transient=True, may_be_charged=True)


def _too_long(max_bytes: int) -> CallFailed:
    return CallFailed(_TOO_LONG.format(max_bytes), transient=False, may_be_charged=True, hint=_RAISE_BYTES)


def _malformed(reason: str) -> CallFailed:
    """The failed attempt whose body is no chat completion, and why."""
    return CallFailed(reason, transient=True, may_be_charged=True)


def _completion(body: bytes, content_type: str, *, reads_parts: bool) -> bytes:
    """A body as litellm may read it. Raises CallFailed with one reason."""
    if "text/event-stream" in content_type or body.lstrip()[:6] in (b"data: ", b"event:"):
        raise _malformed("the server sent a stream of events, which was not asked for; one JSON object is expected")
    try:
        answer = json.loads(body)
    except RecursionError:
        raise _malformed("the answer is JSON that is nested too deeply to be read") from None
    except ValueError:
        kind = "empty" if not body.strip() else "HTML instead of JSON" if body.lstrip()[:1] == b"<" else "not JSON"
        raise _malformed(f"the answer is {kind}") from None
    if not isinstance(answer, dict):
        raise _malformed(f"the answer is {_kind(answer)}; an object with a list `choices` is expected")
    if answer.get("error"):
        # what went wrong is litellm's to say
        return body
    _check_choices(answer, reads_parts=reads_parts)
    return _read_alone(answer)


def _check_choices(answer: dict[str, Any], *, reads_parts: bool) -> None:
    choices = answer.get("choices")
    if not isinstance(choices, list):
        raise _malformed(f"`choices` of the answer is {_kind(choices)}; a list is expected")
    if not choices:
        raise _malformed("`choices` of the answer is an empty list; one reply is expected")
    message = choices[0].get("message") if isinstance(choices[0], dict) else None
    if not isinstance(message, dict):
        raise _malformed(f"the message of the answer is {_kind(message)}; an object is expected")
    content = message.get("content")
    if isinstance(content, list) and not reads_parts:
        raise _malformed("the content of the answer is a list of parts; one text is expected")
    if not isinstance(content, str | list | None):
        raise _malformed(f"the content of the answer is {_kind(content)}; a text is expected")


def _read_alone(answer: dict[str, Any]) -> bytes:
    """The answer with nothing but what is read of it.

    litellm copies every field that a server adds, which takes seconds of a body with many of them, and raises on a `usage` that is not
    counts alone.
    """
    choice = answer["choices"][0]
    usage, message = answer.get("usage"), choice["message"]
    said = {"role": "assistant", "content": message.get("content"), **_texts(message, _SAID)}
    if message.get("tool_calls") or message.get("function_call"):
        said["tool_calls"] = [_SOME_CALL]
    kept = {"index": 0, "message": said, **_texts(choice, ("finish_reason",))}
    counts = {name: usage[name] for name in _USAGE if _is_count(usage.get(name))} if isinstance(usage, dict) else {}
    details = {} if (cached := _cached(answer)) is None else {"prompt_tokens_details": {"cached_tokens": cached}}
    return json.dumps({"object": "chat.completion", **_texts(answer, _TOLD), "choices": [kept], "usage": {**counts, **details}}).encode()


def _cached(answer: dict[str, Any]) -> int | None:
    """The tokens of the prompt that the server says it had in its cache; None where it does not say."""
    for path in _CACHED:
        told: Any = answer
        for name in path:
            told = told.get(name) if isinstance(told, dict) else None
        if _is_count(told):
            return int(told)
    return None


def _texts(value: dict[str, Any], names: tuple[str, ...]) -> dict[str, str]:
    return {name: value[name] for name in names if isinstance(value.get(name), str)}


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _kind(value: object) -> str:
    return _KINDS.get(type(value), "something else")
