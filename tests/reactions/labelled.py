"""The labelled set of reactions that ships with the project (tests/reactions/README.md)."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parent / "labels.jsonl.gz"
REDIAL = "redial"
Turn = dict[str, Any]


def turns(file: Path = FILE) -> list[Turn]:
    """Every turn: id, side, source, register, label, kind, label_a, label_b, and previous and text but for those of ReDial."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def of_train(file: Path = FILE) -> list[Turn]:
    """What the head is trained on."""
    return [one for one in turns(file) if one["side"] == "train"]


def of_test(file: Path = FILE, *, redial: Path | None = None) -> list[Turn]:
    """What the head has not seen; turns of ReDial are there where its folder is given."""
    found = [one for one in turns(file) if one["side"] == "test"]
    own = [one for one in found if one["source"] != REDIAL]
    if redial is None:
        return own
    said = dict(_redial_turns(redial))
    return own + [{**one, **said[one["id"]]} for one in found if one["source"] == REDIAL]


def _redial_turns(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Id of a label → the recommender's turn and the seeker's after it, of every dialogue in the folder of ReDial."""
    from understudy.readers import Options, redial
    from understudy.records import Dialogue

    paths = [folder / name for name in ("movies.json", "train_data.jsonl", "test_data.jsonl")]
    for one in redial.read(paths, Options()):
        if isinstance(one, Dialogue):
            for index in range(1, len(one.turns)):
                yield f"redial-{one.dialogue_id}-{index}", {"previous": one.turns[index - 1].text, "text": one.turns[index].text}
