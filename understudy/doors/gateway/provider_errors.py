"""What a provider said when it refused a call, read from what litellm raises: status, headers, and its own sentence.

litellm puts an exception of its own around the provider's, with another status in some cases and with the whole body as its text.
What lies at the bottom of the chain is the response itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

# longer bodies of errors are pages of a proxy, not the words of a provider
_LONGEST_BODY = 1 << 16
_DEEPEST_CHAIN = 10
_MESSAGE_KEYS = ("message", "Message", "error", "detail", "msg", "error_description")
_NAMED_KEYS = ("param", "code", "type", "status", "error_type", "reason", "quotaId")
_WAITS = re.compile(
    r"(?i)(?:try again in|retry (?:in|after)|\"retryDelay\":)\s*\"?"
    r"(?:(?P<h>\d+)h)?(?:(?P<m>\d+)m(?!s))?(?:(?P<s>\d+(?:\.\d+)?)\s*(?P<unit>ms|s))?"
)


@dataclass(frozen=True, slots=True)
class ProviderError:
    """A provider's refusal. `status` is None where there was no answer; `message` is its own sentence, `named` what stands beside it.

    `named` joins the codes, types and parameters of the body, which say more exactly than the sentence what is wrong.
    `wait_s`: seconds that the body asks for; None where it names none. `was_answered`: a server sent it, and not litellm itself.
    """

    name: str
    status: int | None
    message: str
    named: str
    parameter: str
    headers: object
    wait_s: float | None
    was_answered: bool

    @property
    def text(self) -> str:
        """All that the provider said."""
        return f"{self.message} {self.named}"


def read_error(error: Exception) -> ProviderError:
    """The refusal behind an exception of litellm."""
    response = next((found for found in reversed([_response(one) for one in _chain(error)]) if found is not None), None)
    status = getattr(response, "status_code", None) or getattr(error, "status_code", None)
    text = _body(response) or str(error)
    value = _parsed(text)
    message = " ".join((_message(value) or text).split())
    facts = list(islice(_facts(value), 40))
    return ProviderError(
        name=type(error).__name__,
        status=status if isinstance(status, int) else None,
        message=message,
        named=" ".join(fact for _, fact in facts),
        parameter=next((fact for key, fact in facts if key == "param"), ""),
        headers=_headers(error, response),
        wait_s=_wait(text),
        was_answered=response is not None,
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(_DEEPEST_CHAIN):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


def _response(error: BaseException) -> object | None:
    response = getattr(error, "response", None)
    return response if isinstance(getattr(response, "status_code", None), int) else None


def _headers(error: Exception, response: object | None) -> object:
    found = (getattr(response, "headers", None), *(getattr(one, "headers", None) for one in _chain(error)))
    return next((one for one in found if one), None) or getattr(error, "litellm_response_headers", None)


def _body(response: object | None) -> str:
    try:
        return str(getattr(response, "text", "") or "")[:_LONGEST_BODY]
    except Exception:  # a body that was not read, or cannot be decoded, says nothing
        return ""


def _parsed(text: str) -> Any:
    """The JSON of a body, which may stand behind a preamble; None where there is none."""
    for start in sorted({text.find("{"), text.find("[")} - {-1}):
        try:
            return json.JSONDecoder().raw_decode(text, start)[0]
        except (ValueError, RecursionError):
            continue
    return None


def _message(value: Any) -> str:
    """The sentence in a body: of FastAPI's lists the place and the message, never the input, which is the prompt."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "; ".join(filter(None, map(_message, value[:3])))
    if not isinstance(value, Mapping):
        return ""
    place = value.get("loc")
    where = [str(part) for part in place if isinstance(part, str | int)] if isinstance(place, list) else []
    told = next((told for key in _MESSAGE_KEYS if (told := _message(value.get(key)))), "")
    return f"{'.'.join(where)}: {told}" if where else told


def _facts(value: Any, depth: int = 0) -> Iterator[tuple[str, str]]:
    if depth > 6:
        return
    if isinstance(value, list):
        for inner in value[:10]:
            yield from _facts(inner, depth + 1)
    elif isinstance(value, Mapping):
        for key, inner in islice(value.items(), 20):
            if key in _NAMED_KEYS and isinstance(inner, str | int):
                yield key, str(inner)[:100]
            elif key != "input":
                yield from _facts(inner, depth + 1)


def _wait(text: str) -> float | None:
    for found in _WAITS.finditer(text):
        hours, minutes, seconds, unit = found["h"], found["m"], found["s"], found["unit"]
        if hours or minutes or seconds:
            scale = 0.001 if unit == "ms" else 1.0
            return int(hours or 0) * 3600.0 + int(minutes or 0) * 60.0 + float(seconds or 0.0) * scale
    return None
