"""What the models of a table took: calls, tokens that were computed and that were cached, minutes, and the machines it ran on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from understudy.doors.local.weights import named_in_keys
from understudy.doors.store import Store
from understudy.parameters import Models
from understudy.records import AmountFields
from understudy.rows import humans

NOT_RECORDED = "not recorded"
_GB = 1 << 30


class UsageFields(TypedDict):
    """What the models of a table have taken in its store, over every process and command.

    `n_contexts`: replayed contexts and dialogues, `n_free_runs`: free runs with the recommender, of the seeker's model on the data set.
    Tokens of prompts that were computed and that the server had in its cache, and those of replies. `minutes`: the durations of the calls,
    summed, so that calls that ran side by side count each. `machines`: those that asked models.
    """

    n_calls: int
    n_contexts: int
    n_free_runs: int
    prompt_tokens_computed: AmountFields
    prompt_tokens_cached: AmountFields
    reply_tokens: int
    minutes: AmountFields
    machines: AmountFields | list[str]


def usage(store: Store, dataset: str, models: Models) -> UsageFields:
    """The sums of the models of a table; what was not recorded has a reason."""
    named = named_in_keys(models)
    [total] = store.rows("play/usage", models=sorted(set(named.named())))
    played = _played(store, humans.current_profile(store, dataset), named.seeker)
    machines = sorted({_machine(row) for row in store.rows("play/machines")})
    return {
        "n_calls": total["n_calls"],
        "n_contexts": sum(n for mode, n in played.items() if mode != "free"),
        "n_free_runs": played.get("free", 0),
        "prompt_tokens_computed": _said(total["prompt_tokens"] - total["cached_tokens"], n_unsaid=total["n_unsaid"]),
        "prompt_tokens_cached": _said(total["cached_tokens"], n_unsaid=total["n_unsaid"]),
        "reply_tokens": total["reply_tokens"],
        "minutes": {"value": round(total["milliseconds"] / 60_000, 1)} if total["n_calls"] else _unknown("no call is in the ledger"),
        "machines": machines or _unknown(NOT_RECORDED),
    }


def _played(store: Store, profile_key: str, model: str) -> dict[str, int]:
    """Mode → how many dialogues."""
    return {row["mode"]: row["n"] for row in store.rows("play/n_dialogues_of", profile_key=profile_key, model=model)}


def _said(n: int, *, n_unsaid: int) -> AmountFields:
    """A number of tokens, unless there are replies whose server did not say which of them it had in its cache."""
    return _unknown(f"the server of {n_unsaid} replies does not say what it had in its cache") if n_unsaid else {"value": n}


def _unknown(reason: str) -> AmountFields:
    return {"value": None, "reason": reason}


def _machine(row: Mapping[str, Any]) -> str:
    """A machine in a few words."""
    memory = "" if row["memory_bytes"] is None else f", {row['memory_bytes'] / _GB:.0f} GB"
    return f"{row['processor']}, {row['n_cores']} cores{memory}, {row['system']}"
