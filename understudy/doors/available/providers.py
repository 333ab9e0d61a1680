"""Hosted models by the table that litellm brings along, of the providers whose key is set in the environment.

The table is read from its file, since importing litellm takes seconds. Of a key only the name of its variable is ever used.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from math import inf
from pathlib import Path
from typing import Any, Final

from understudy.doors.available import AvailableModel
from understudy.errors import BadInput

_TABLE = "model_prices_and_context_window_backup.json"
# prices of fine-tuned models, which are no models themselves
_PRICE_OF_A_KIND = "ft:"
_PER_MILLION = 1e6

_AWS = ("AWS_ACCESS_KEY_ID",)
_AWS_TOO = ("AWS_SECRET_ACCESS_KEY",)
_GOOGLE = ("VERTEXAI_PROJECT",)
# variables of a provider's key, of which one is enough, where litellm does not read PROVIDER_API_KEY alone; a test asks litellm
_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "anthropic": ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
    "bedrock": _AWS, "bedrock_converse": _AWS, "sagemaker": _AWS,
    "cohere_chat": ("COHERE_API_KEY", "CO_API_KEY"),
    "fireworks_ai": ("FIREWORKS_AI_API_KEY", "FIREWORKS_API_KEY", "FIREWORKSAI_API_KEY", "FIREWORKS_AI_TOKEN"),
    "friendliai": ("FRIENDLIAI_API_KEY", "FRIENDLI_TOKEN"),
    "gemini": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    "lambda_ai": ("LAMBDA_API_KEY",),
    "meta_llama": ("LLAMA_API_KEY",),
    "perplexity": ("PERPLEXITYAI_API_KEY", "PERPLEXITY_API_KEY"),
    "scaleway": ("SCW_SECRET_KEY",),
    "scx-ai": ("SCX_API_KEY",),
    "tensormesh": ("TENSORMESH_INFERENCE_API_KEY",),
    "together_ai": ("TOGETHERAI_API_KEY", "TOGETHER_API_KEY", "TOGETHER_AI_API_KEY", "TOGETHER_AI_TOKEN"),
    "volcengine": ("VOLCENGINE_API_KEY", "ARK_API_KEY"),
    "watsonx": ("WATSONX_APIKEY", "WATSONX_API_KEY", "WX_API_KEY"),
}  # fmt: skip
# what has to be set beside the key
_BESIDE: Final[Mapping[str, tuple[str, ...]]] = {
    "azure": ("AZURE_API_BASE", "AZURE_API_VERSION"), "azure_ai": ("AZURE_AI_API_BASE",), "bedrock": _AWS_TOO,
    "bedrock_converse": _AWS_TOO, "sagemaker": _AWS_TOO, "cloudflare": ("CLOUDFLARE_API_BASE",), "databricks": ("DATABRICKS_API_BASE",),
    "vertex_ai": ("VERTEXAI_LOCATION",),
}  # fmt: skip
# providers that need no key of the environment, but a log-in, a key file or a server of one's own
_WITHOUT_KEY = frozenset({"ollama", "lemonade", "github_copilot", "microsoft_365_copilot", "oci"})
_VERTEX = "vertex_ai"


@dataclass(frozen=True, slots=True)
class KeyedProvider:
    """A provider of litellm's table. `variables`: one of them holds its key; `missing`: what else has to be set, and is not."""

    name: str
    variables: tuple[str, ...]
    is_set: bool
    missing: tuple[str, ...]
    n_models: int


def litellm_table() -> Mapping[str, Mapping[str, Any]]:
    """Model → what litellm's table says of it, as its installed version brings it along. Raises BadInput where there is none."""
    place = find_spec("litellm")
    if place is None or place.origin is None:
        raise BadInput("litellm is not installed", hint="install understudy's dependencies: make install")
    table: Mapping[str, Mapping[str, Any]] = json.loads((Path(place.origin).parent / _TABLE).read_bytes())
    return {name: row for name, row in table.items() if row.get("mode") == "chat" and not name.startswith(_PRICE_OF_A_KIND)}


def providers_known(table: Mapping[str, Mapping[str, Any]], environment: Mapping[str, str]) -> list[KeyedProvider]:
    """The providers of the table whose key stands in the environment if it is set, by name."""
    counts = Counter(_provider(row) for row in table.values())
    return [_known(name, n, environment) for name, n in sorted(counts.items()) if name and name not in _WITHOUT_KEY]


def hosted_models(
    table: Mapping[str, Mapping[str, Any]], providers: Mapping[str, KeyedProvider], *, today: date
) -> Iterator[AvailableModel]:
    """The models of the providers that are given by name, in the order of providers; the cheapest prompts go first."""
    rows = sorted(table.items(), key=lambda pair: (_provider(pair[1]), _prompt_price(pair[1]), pair[0]))
    for name, row in rows:
        provider = providers.get(_provider(row))
        if provider is not None:
            yield _hosted(name, row, provider, today)


def _prompt_price(row: Mapping[str, Any]) -> float:
    price = row.get("input_cost_per_token")
    return float(price) if isinstance(price, int | float) else inf


def _known(name: str, n_models: int, environment: Mapping[str, str]) -> KeyedProvider:
    variables = _GOOGLE if name == _VERTEX else _KEYS.get(name, (f"{name.upper().replace('-', '_')}_API_KEY",))
    is_set = any(environment.get(one, "").strip() for one in variables)
    missing = tuple(one for one in _BESIDE.get(name, ()) if not environment.get(one, "").strip())
    return KeyedProvider(name, variables, is_set, missing, n_models)


def _hosted(name: str, row: Mapping[str, Any], provider: KeyedProvider, today: date) -> AvailableModel:
    prices = (row.get("input_cost_per_token"), row.get("output_cost_per_token"))
    prompt, reply = (round(float(one) * _PER_MILLION, 6) if isinstance(one, int | float) else None for one in prices)
    context = row.get("max_input_tokens") or row.get("max_tokens")
    return AvailableModel(
        name=name, kind="provider", served_by=provider.name, options=("--model", name), usd_per_m_in=prompt, usd_per_m_out=reply,
        context=context if isinstance(context, int) else None, schema_replies=bool(row.get("supports_response_schema")),
        not_ready=_not_ready(row, provider, today),
    )  # fmt: skip


def _not_ready(row: Mapping[str, Any], provider: KeyedProvider, today: date) -> str:
    if provider.missing:
        return f"{provider.variables[0]} is set and {' and '.join(provider.missing)} is not; set it as well"
    retired = str(row.get("deprecation_date") or "")
    # dates in this form are ordered as texts are
    is_retired = bool(retired) and retired <= f"{today}"
    return f"the provider withdrew it on {retired}, as litellm's table says; choose another model" if is_retired else ""


def _provider(row: Mapping[str, Any]) -> str:
    """The provider whose key a model needs: Google's table has a provider for each family of models."""
    name = str(row.get("litellm_provider") or "")
    return _VERTEX if name.startswith(_VERTEX) else name
