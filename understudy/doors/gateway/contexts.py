"""The context that a run sets for the models of Ollama, whose own default is short and cuts longer prompts without a word.

It stands in the model's name (`ollama_chat/llama3.2?num_ctx=8192`, before limit and age), and so in every key that depends on the
model: replies to whole prompts and to cut ones are never mixed.
"""

from __future__ import annotations

import re

from understudy.parameters import OLLAMA

_SIZED = re.compile(r"^(?P<name>.+)\?num_ctx=(?P<tokens>[1-9]\d*)$")


def named(model: str, num_ctx: int | None) -> str:
    """The name of a model with a context of so many tokens; unchanged for None, for other providers, and where it has one."""
    is_sized = num_ctx is None or not model.startswith(OLLAMA) or tokens_of(model) is not None
    return model if is_sized else f"{model}?num_ctx={num_ctx}"


def plain(model: str) -> str:
    """The name without a context."""
    found = _SIZED.match(model)
    return found["name"] if found else model


def tokens_of(model: str) -> int | None:
    """The context in a model's name, in tokens; None where it has none."""
    found = _SIZED.match(model)
    return int(found["tokens"]) if found else None
