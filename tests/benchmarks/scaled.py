"""The human logs at many times their size: every copy under dialogue and worker ids of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

LOGS = Path(__file__).resolve().parents[2].parent / "shared" / "data"
_STRIDE = 10_000_000


def scaled_redial(folder: Path, *, n_dialogues: int) -> Path:
    """A folder in ReDial's layout with `n_dialogues` dialogues: the real ones again and again under new ids."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "movies.json").write_bytes((LOGS / "redial" / "movies.json").read_bytes())
    with (folder / "train_data.jsonl").open("wb") as out:
        out.writelines(_copies(n_dialogues))
    return folder


def _copies(n: int) -> Iterator[bytes]:
    files = ("train_data.jsonl", "test_data.jsonl")
    records = [orjson.loads(line) for name in files for line in (LOGS / "redial" / name).read_bytes().splitlines()]
    for number in range(n):
        yield _renamed(records[number % len(records)], number // len(records))


def _renamed(record: dict[str, Any], copy: int) -> bytes:
    shift = copy * _STRIDE
    renamed = {
        **record,
        "conversationId": f"{record['conversationId']}-{copy}",
        "initiatorWorkerId": record["initiatorWorkerId"] + shift,
        "respondentWorkerId": record["respondentWorkerId"] + shift,
        "messages": [{**message, "senderWorkerId": message["senderWorkerId"] + shift} for message in record["messages"]],
    }
    return orjson.dumps(renamed) + b"\n"
