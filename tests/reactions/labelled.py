"""The labelled set of reactions that ships with the project (tests/reactions/README.md).

    python tests/reactions/labelled.py FOLDER FILE      # the turns of ReDial for a train side with their text, as train.py reads them
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parent / "labels.jsonl.gz"
MORE, OF_REDIAL = FILE.with_name("more.jsonl.gz"), FILE.with_name("redial.jsonl.gz")
REDIAL = "redial"
# what a turn of people in ReDial weighs where it is trained on beside the others, of which there are ten times as many
WEIGHT = 1.5
Turn = dict[str, Any]


def turns(file: Path = FILE) -> list[Turn]:
    """Every turn: id, side, source, register, label, kind, label_a, label_b, and previous and text but for those of ReDial."""
    with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def of_train(file: Path = FILE) -> list[Turn]:
    """The train side of one file of labels."""
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


def main(words: list[str]) -> int:
    """0 when the file is written."""
    if len(words) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    found = with_text(of_train(OF_REDIAL), Path(words[0]))
    Path(words[1]).write_text("".join(json.dumps({**one, "weight": WEIGHT}) + "\n" for one in found), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
