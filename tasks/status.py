"""What is in the store, for people and scripts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict, cast

from understudy.doors.catalogue import PublishedRow
from understudy.doors.reading_copy import SnapshotFields, readable
from understudy.tasks.play.caching import PromptCacheFields, prompt_caches
from understudy.tasks.profile.readers import ReadByFields, reaction_instruments
from understudy.tasks.publish.outcomes import KILLED, RUNNING


class LedgerFields(TypedDict):
    """The ledger's totals over kept replies; `n_unpriced` have no known price. `n_unknown` calls were begun and never settled.

    Of the kept replies `n_cut` ended at the limit on their tokens, `n_normalised` held characters that were replaced or removed,
    `n_overlong` were longer than that limit allows; the tokens of `n_tokens_counted` were counted here since the provider reported
    none, those of `n_tokens_clamped` since its report was impossible. The prompts of `n_prompts_cut` were cut by the server.
    `n_unrecorded` were kept before these were counted. `n_failed` calls ended without a reply; nobody knows what `n_failed_unknown` of
    them cost, the others cost `failed_tokens` and `failed_usd`.
    """

    n: int
    n_duplicate_keys: int
    n_unknown: int
    n_unpriced: int
    tokens: int
    usd: float | None
    n_cut: int
    n_normalised: int
    n_overlong: int
    n_tokens_counted: int
    n_tokens_clamped: int
    n_prompts_cut: int
    n_unrecorded: int
    n_failed: int
    n_failed_unknown: int
    failed_tokens: int
    failed_usd: float | None


class AdaptationFields(TypedDict):
    """What is left out of the requests to a model, since it does not take it; an empty `value` stands for every value."""

    model: str
    parameter: str
    value: str
    instead: str


class CheckFields(TypedDict):
    """The seeker's turns with a prompt that has a verifier: redone ones, and ones said unchecked; None where that was not recorded."""

    n_dialogues: int
    n_turns: int
    n_redone: int | None
    n_unchecked: int | None


class RunFields(TypedDict):
    """A search in the store."""

    run_key: str
    setting: str
    algorithm: str
    model: str
    seed: int
    n_generations: int
    n_dialogues: int


class NightRow(TypedDict):
    """A night as the store has it. `outcome` is `published`, the code of what ended it, `killed`, or `running`; times are UTC."""

    flow_run_id: str
    dataset: str
    batch: str
    began_at: str
    ended_at: str | None
    outcome: str
    reason: str
    failed: list[str]
    release: str | None
    version: int | None
    n_model_calls: int
    n_unknown: int
    tokens: int
    usd: float | None


class StatusFields(TypedDict):
    """The fields of `understudy status`; `snapshot` is None where the store itself was read."""

    snapshot: SnapshotFields | None
    nights: list[NightRow]

    tables: dict[str, int]
    ledger: LedgerFields
    prompt_cache: list[PromptCacheFields]
    adaptations: list[AdaptationFields]
    checks: CheckFields
    runs: list[RunFields]
    reaction_instruments: list[ReadByFields]
    releases: list[PublishedRow]
    n_test_uses: int
    store_digest: str


def store_status(path: Path) -> StatusFields:
    """The fields of `understudy status`: nights, rows per table, the ledger's totals, runs, instruments, releases, the store's digest."""
    with readable(path) as reading:
        store = reading.store
        nights, is_busy = store.rows("publish/nights"), reading.is_written
        return {
            "snapshot": reading.snapshot,
            "nights": [_night(row, is_newest=not n, is_busy=is_busy) for n, row in enumerate(nights)],
            "tables": store.counts(),
            "ledger": cast(LedgerFields, store.rows("play/ledger_totals")[0]),
            "prompt_cache": prompt_caches(store),
            "adaptations": cast(list[AdaptationFields], store.rows("play/adaptations")),
            "checks": cast(CheckFields, store.rows("play/checks")[0]),
            "runs": cast(list[RunFields], store.rows("optimize/runs")),
            "reaction_instruments": reaction_instruments(store),
            "releases": cast(list[PublishedRow], store.rows("publish/releases")),
            "n_test_uses": store.rows("optimize/n_test_uses")[0]["n"],
            "store_digest": store.digest(),
        }


def _night(row: Mapping[str, Any], *, is_busy: bool, is_newest: bool) -> NightRow:
    """A night's fields. One without an end is at work where another process writes to the store, and was killed otherwise."""
    unended = RUNNING if is_busy and is_newest else KILLED
    return {
        "flow_run_id": row["night_id"], "dataset": row["dataset"], "batch": row["batch"], "began_at": row["began_at"].isoformat(),
        "ended_at": row["ended_at"].isoformat() if row["ended_at"] else None, "outcome": row["outcome"] or unended,
        "reason": row["reason"] or "", "failed": row["failed"], "release": row["release_name"], "version": row["release_version"],
        "n_model_calls": row["n_model_calls"], "n_unknown": row["n_unknown"], "tokens": row["tokens"], "usd": row["usd"],
    }  # fmt: skip
