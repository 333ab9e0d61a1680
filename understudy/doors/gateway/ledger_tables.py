"""The tables of the ledger and the columns of their rows, in order; the first of a row is its key."""

from __future__ import annotations

from dataclasses import fields

from understudy.doors.local.facts import ServedModel

RESERVATIONS, COMPLETIONS, SETTLEMENTS = "play.reservations", "play.completions", "play.settlements"
ADAPTATIONS, LOCAL_MODELS, FAILURES = "play.adaptations", "play.local_models", "play.failures"
# rows that another run over the same store may have written meanwhile
SHARED = (ADAPTATIONS, LOCAL_MODELS, FAILURES)
COLUMNS = {
    ADAPTATIONS: ("adaptation_key", "model", "parameter", "value", "instead"),
    LOCAL_MODELS: ("served_key", *(one.name for one in fields(ServedModel))),
    FAILURES: ("completion_key", "reason", "run_id", "made_at"),
    RESERVATIONS: ("reservation_id", "completion_key", "max_tokens", "max_usd", "run_id", "made_at"),
    SETTLEMENTS: ("reservation_id", "outcome", "reason", "run_id", "made_at", "may_be_charged", "tokens", "usd"),
    COMPLETIONS: (
        "completion_key", "role", "model", "reported_model", "engine", "text", "finish_reason", "fingerprint",
        "prompt_tokens", "completion_tokens", "intended_act", "n_normalised", "n_cut_bytes", "usage", "prompt_is_cut",
        "cached_tokens", "cache_write_tokens", "usd", "latency_s", "made_at", "reservation_id",
    ),
}  # fmt: skip
