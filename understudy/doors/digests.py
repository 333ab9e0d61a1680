"""What the digest of a store reads: all that two runs which did the same work agree on, whichever engine keeps it."""

from __future__ import annotations

from collections.abc import Mapping

# what may differ between two runs that did the same work
_VOLATILE_COLUMNS = (
    "latency_s", "usd", "max_usd", "made_at", "path", "run_id", "reservation_id", "cached_tokens", "cache_write_tokens", "work_tokens",
    "critic_work_tokens",
)  # fmt: skip
VOLATILE_TABLES = (
    "play.reservations", "play.settlements", "play.marks", "play.failures", "play.machines", "publish.nights", "publish.night_ends",
)  # fmt: skip


def digest_query(table: str, columns: Mapping[str, str]) -> str:
    """The query for the SHA-256 over the rows of a table (name of a column → its type), in whatever order they are kept."""
    # SQLite has no negative zero; adding zero takes the sign off one
    read = {name: f"{name} + 0.0::double" if kind == "DOUBLE" else name for name, kind in columns.items()}
    kept = ", ".join(one for name, one in read.items() if name not in _VOLATILE_COLUMNS)
    lines = f"select sha256(to_json(row({kept}))::text) as line from {table}"
    return f"select coalesce(sha256(string_agg(line, '' order by line)), '') from ({lines})"
