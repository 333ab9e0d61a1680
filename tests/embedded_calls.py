"""Calls of the embedded model without what litellm does around a provider in this process, which takes longer than the reply.

tests/doors/test_embedded_calls.py holds them against litellm's own: for every form of a question, and for a model that is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from understudy.doors.gateway.reply import EMBEDDED

Load = Callable[[], Any]


def shortened(load: Load) -> Load:
    """What loads litellm for the door, with an `acompletion` that asks the registered embedded model itself."""

    @cache
    def loaded() -> Any:
        litellm = load()
        litellm.acompletion = _shortened(litellm)
        return litellm

    return loaded


def _shortened(litellm: Any) -> Any:
    whole = litellm.acompletion

    async def acompletion(*, model: str, messages: list[dict[str, str]], **asked: Any) -> Any:
        provider, _, name = model.partition("/")
        if provider == EMBEDDED:
            known = next(one for one in litellm.custom_provider_map if one["provider"] == EMBEDDED)
            answer = litellm.ModelResponse()
            try:
                return await known["custom_handler"].acompletion(
                    model=name, messages=messages, model_response=answer, optional_params=asked
                )
            except litellm.llms.custom_llm.CustomLLMError:
                # what an error becomes is litellm's own affair
                pass
        return await whole(model=model, messages=messages, **asked)

    acompletion.__wrapped__ = whole  # type: ignore[attr-defined]
    return acompletion
