"""What is in the store, for people and scripts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from understudy.doors.store import Store


def store_status(path: Path) -> dict[str, Any]:
    """The fields of `understudy status`: rows per table, the ledger's totals, runs, releases and the store's digest."""
    with Store.open(path, read_only=True) as store:
        ledger = store.rows("play/ledger_totals")[0]
        return {
            "tables": store.counts(),
            "ledger": ledger,
            "runs": store.rows("optimize/runs"),
            "releases": store.rows("publish/releases"),
            "n_test_uses": store.rows("optimize/n_test_uses")[0]["n"],
            "store_digest": store.digest(),
        }
