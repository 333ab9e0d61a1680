"""The limit on the tokens of a reply that a run sets for a model, in the place of what each request asks for.

It stands at the end of the model's name (`openai/o3-mini^4000`, before the age), and so in every key that depends on the model:
dialogues, evaluations and batches under one limit are never mixed with those under another.
"""

from __future__ import annotations

import re
from dataclasses import replace

from understudy.completion import Request
from understudy.doors.gateway import ages

_LIMITED = re.compile(r"^(?P<name>.+)\^(?P<tokens>[1-9]\d*)$")


def named(model: str, reply_tokens: int | None) -> str:
    """The name of a model under a limit of so many tokens a reply; None leaves it to each request."""
    return model if reply_tokens is None else f"{model}^{reply_tokens}"


def bare(model: str) -> str:
    """The name that the provider knows: without age and limit."""
    name = ages.bare(model)
    found = _LIMITED.match(name)
    return found["name"] if found else name


def applied(request: Request) -> Request:
    """The request with the limit that the name of its model says."""
    found = _LIMITED.match(ages.bare(request.model))
    if not found:
        return request
    other = request.alternative
    return replace(
        request,
        max_tokens=int(found["tokens"]),
        alternative=None if other is None else replace(other, max_tokens=int(found["tokens"])),
    )
