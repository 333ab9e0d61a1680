"""The labelled set of reactions that ships with the project (tests/reactions/README.md)."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parent / "labels.jsonl.gz"
MORE, OF_REDIAL = FILE.with_name("more.jsonl.gz"), FILE.with_name("redial.jsonl.gz")
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
    return own + with_text([one for one in found if one["source"] == REDIAL], redial)


def with_text(labels: list[Turn], redial: Path) -> list[Turn]:
    """Labels of ReDial's turns with previous, text and the seeker who wrote it, read from its folder."""
    said = dict(_redial_turns(redial))
    return [{**one, **said[one["id"]]} for one in labels]


def _redial_turns(folder: Path) -> Iterator[tuple[str, dict[str, str | None]]]:
    """Id of a label → the recommender's turn, the seeker's after it and the seeker's id, of every dialogue in the folder of ReDial."""
    from understudy.readers import Options, redial
    from understudy.records import Dialogue

    paths = [folder / name for name in ("movies.json", "train_data.jsonl", "test_data.jsonl")]
    for one in redial.read(paths, Options()):
        if isinstance(one, Dialogue):
            for index in range(1, len(one.turns)):
                before, said = one.turns[index - 1].text, one.turns[index].text
                yield f"redial-{one.dialogue_id}-{index}", {"previous": before, "text": said, "seeker": one.seeker_id}
