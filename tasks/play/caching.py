"""How much of their prompts models' servers had in their caches, as the ledger knows it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NotRequired, TypedDict

from understudy.doors.store import Store


class CachedShareFields(TypedDict):
    """A share of prompt tokens in [0, 1]; `n` is the calls whose servers report it, and `reason` why there is none."""

    value: float | None
    n: int
    reason: NotRequired[str]


class PromptCacheFields(TypedDict):
    """The prompts that a model was sent in a role: the share of their tokens that its server did not compute, and `n_calls` in all."""

    model: str
    role: str
    n_calls: int
    prompt_tokens: int
    cached_tokens: int
    cached_share: CachedShareFields


def prompt_caches(store: Store, models: Collection[str] | None = None) -> list[PromptCacheFields]:
    """By model and role, of all models or of those named; rehearsal computes no prompt, so it is not among them."""
    rows = store.rows("play/prompt_cache")
    return [_fields(row) for row in rows if models is None or row["model"] in models]


def _fields(row: dict[str, Any]) -> PromptCacheFields:
    n, prompt = row["n_reported"], row["prompt_tokens"]
    share: CachedShareFields = {"value": row["cached_tokens"] / prompt if prompt else None, "n": n}
    if share["value"] is None:
        share["reason"] = f"none of {row['n_calls']} replies says how much of its prompt was cached"
    return {
        "model": row["model"], "role": row["role"], "n_calls": row["n_calls"], "prompt_tokens": prompt,
        "cached_tokens": row["cached_tokens"], "cached_share": share,
    }  # fmt: skip
