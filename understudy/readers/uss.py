"""User Satisfaction Simulation (Sun et al., SIGIR 2021): dialogues of five data sets with annotators' scores, tab-separated.

A row is role, text, action, scores and, for JDDC, explanations; a blank line ends a dialogue. The score of a turn is what the
annotator gave the system's words before it. The row with the text OVERALL scores the whole dialogue. The files have no
identifiers: a dialogue is called by its file and its place there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from understudy.doors import files
from understudy.readers import Options
from understudy.readers._blocks import Block, blocks
from understudy.readers._files import own_files
from understudy.readers._kit import Broken, read_records
from understudy.readers._turns import Turns
from understudy.records import Dialogue, Label, Record, Role
from understudy.titles import tidy

VERSION = 2
LICENCE = "unknown"
CARRIES = ("acts", "scores")
TAGGED = False
HOLDS = "the USS folder holds JDDC.txt, SGD.txt, MWOZ.txt, ReDial.txt and CCPE.txt: role, text, action and scores, tab-separated"

OVERALL = "OVERALL"

# the folder also has ReDial-action.txt, the same rows again with acts of another annotation and no scores
_NAMES = ("JDDC.txt", "SGD.txt", "MWOZ.txt", "ReDial.txt", "ReDial-1000.txt", "CCPE.txt")

_ROLES: dict[str, Role] = {"user": "seeker", "system": "recommender"}
_FIELDS = 5
_SCORES = frozenset("12345")


def claims(path: Path) -> bool:
    """A .txt file whose first row begins with USER or SYSTEM and has at least three columns."""
    if not files.plain_name(path).endswith(".txt"):
        return False
    first = next((line for line in files.head(path).split(b"\n") if line.strip()), b"").split(b"\t")
    return len(first) >= 3 and first[0].strip().lower().decode("utf-8", "replace") in _ROLES


def find(path: Path) -> list[Path]:
    """The files of the five data sets in the folder, in order of name. Raises BadInput that names what is missing."""
    return own_files(path, _NAMES, claims=claims, layout=HOLDS)


def read(paths: Sequence[Path], options: Options) -> Iterator[Record]:  # noqa: ARG001
    """Each dialogue or its reject."""
    for path in paths:
        stem = Path(files.plain_name(path)).stem
        for number, block in blocks(_rows(path)):
            yield from read_records(path, [(number, block)], partial(_built, dialogue_id=f"{stem}-{number}"))


def _rows(path: Path) -> Iterator[tuple[int, bytes]]:
    session = 0
    for _, line in files.all_lines(path):
        if line.strip(b"\r\n ") == b"":
            session += 1
        else:
            yield session, line


def _built(block: Block, dialogue_id: str) -> list[Record]:
    rows = [_row(fields) for fields in block.rows()]
    overall = [place for place, (_, text, action, _, _) in enumerate(rows) if text.strip() == OVERALL and not action]
    if overall and overall != [len(rows) - 1]:
        raise Broken("rows after the overall score")
    turns, labels = Turns(), list[Label]()
    for role, text, action, scores, explanations in rows:
        index = None if overall and text.strip() == OVERALL and not action else turns.say(role, text)
        labels.extend([Label("act", action, index)] if action else [])
        labels.extend(Label("satisfaction", score, index, str(who)) for who, score in enumerate(scores, 1) if score)
        labels.extend(_explained(explanations, index))
    return [Dialogue(dialogue_id, turns.done(), labels=tuple(labels))]


def _row(fields: list[str]) -> tuple[Role, str, str, list[str], str]:
    if not 2 <= len(fields) <= _FIELDS:
        raise Broken("not role, text, action and scores")
    name, text, action, scores, explanations = (*fields, *[""] * (_FIELDS - len(fields)))
    role = _ROLES.get(name.strip().lower())
    if role is None:
        raise Broken("role: neither USER nor SYSTEM")
    return role, text, tidy(action), _scores(scores), explanations


def _scores(raw: str) -> list[str]:
    """One score per annotator, empty where an annotator gave none."""
    scores = [score.strip() for score in raw.split(",")]
    if any(score and score not in _SCORES for score in scores):
        raise Broken("satisfaction: not scores from 1 to 5")
    return scores


def _explained(explanations: str, index: int | None) -> Iterator[Label]:
    for who, explanation in enumerate(explanations.split(";"), 1):
        if tidy(explanation):
            yield Label("explanation", tidy(explanation), index, str(who))
