"""The JSON schema of a reply in OpenAI's form, which litellm brings into the form of each provider; and who takes one.

What litellm does with it: OpenAI, Azure, vLLM and llama.cpp get it as it is, Ollama as its `format`, Gemini as a response schema,
Anthropic as an output format, or as a tool that has to be called where the model knows no such format.
"""

from __future__ import annotations

import json
from typing import Any

from understudy.prompt.schemas import without_lengths

RESPONSE_FORMAT = "response_format"
MAKE_GRAMMARS = frozenset({"hosted_vllm", "llamafile", "lm_studio", "ollama", "ollama_chat", "vllm"})
"""Providers that are servers of the user's own and hold replies to a grammar made of the schema."""
LIKE_OPENAI = frozenset({"custom_openai", "openai", "openai_like", "text-completion-openai"})
"""Providers under whose names servers with OpenAI's protocol are reached at an address of their own."""


def response_format(schema: str, *, keeps_lengths: bool) -> dict[str, Any]:
    """The parameter of a request. A server that makes a grammar is told how long texts may be; strict ones refuse that."""
    told = json.loads(schema)
    return {
        "type": "json_schema",
        "json_schema": {"name": "answer", "strict": True, "schema": told if keeps_lengths else without_lengths(told)},
    }


def schema_in(parameter: Any) -> str:
    """The schema in such a parameter; empty where there is none."""
    return "" if parameter is None else json.dumps(parameter["json_schema"]["schema"])
