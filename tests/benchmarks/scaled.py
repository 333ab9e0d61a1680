"""The human logs at many times their size: every copy under dialogue and worker ids of its own, the official test file apart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

LOGS = Path(__file__).resolve().parents[2].parent / "shared" / "data"
FILES = ("train_data.jsonl", "test_data.jsonl")
_STRIDE = 10_000_000


def scaled_redial(folder: Path, *, factor: int) -> Path:
    """A folder in ReDial's layout with every dialogue `factor` times, each time by other workers."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "movies.json").write_bytes((LOGS / "redial" / "movies.json").read_bytes())
    for name in FILES:
        records = [orjson.loads(line) for line in (LOGS / "redial" / name).read_bytes().splitlines()]
        with (folder / name).open("wb") as out:
            out.writelines(_copies(records, factor))
    return folder


def _copies(records: list[dict[str, Any]], factor: int) -> Iterator[bytes]:
    for copy in range(factor):
        for record in records:
            yield orjson.dumps(_renamed(record, copy) if copy else record) + b"\n"


def _renamed(record: dict[str, Any], copy: int) -> dict[str, Any]:
    shift = copy * _STRIDE
    return {
        **record,
        "conversationId": f"{record['conversationId']}x{copy}",
        "initiatorWorkerId": record["initiatorWorkerId"] + shift,
        "respondentWorkerId": record["respondentWorkerId"] + shift,
        "messages": [{**message, "senderWorkerId": message["senderWorkerId"] + shift} for message in record["messages"]],
    }
