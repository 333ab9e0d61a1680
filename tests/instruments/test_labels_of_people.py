"""The labels of ReDial's turns for a train side: apart from the test side in turns and in people, and without text."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reactions import labelled
from understudy.instruments.reaction import CLASSES
from understudy.profile.splits import assign, seeker_of
from understudy.readers import Options, redial
from understudy.records import Dialogue

LOGS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "redial"


def test_no_turn_and_no_dialogue_of_people_is_on_both_sides() -> None:
    found = labelled.turns(labelled.OF_REDIAL)
    other = [one for file in (labelled.FILE, labelled.MORE) for one in labelled.turns(file)]
    ids = [one["id"] for one in found]
    assert len(set(ids)) == len(ids) == 535
    dialogues, elsewhere = ({one["id"].split("-")[1] for one in some if one["source"] == labelled.REDIAL} for some in (found, other))
    assert not dialogues & elsewhere
    assert {one["side"] for one in found} == {"train"}


def test_labels_of_people_hold_no_text_and_both_labellings() -> None:
    found = labelled.turns(labelled.OF_REDIAL)
    assert not any({"text", "previous"} & one.keys() for one in found)
    assert all({one["label"], one["label_a"], one["label_b"]} <= set(CLASSES) for one in found)
    assert sum(one["label_a"] != one["label_b"] for one in found) == 3


@pytest.mark.logs
@pytest.mark.skipif(not (LOGS / "movies.json").is_file(), reason="needs the ReDial files in ../shared/data/redial")
def test_nobody_of_the_test_side_speaks_in_the_turns_for_training() -> None:
    paths = [LOGS / name for name in ("movies.json", "train_data.jsonl", "test_data.jsonl")]
    dialogues = [one for one in redial.read(paths, Options()) if isinstance(one, Dialogue)]
    by_id, splits = {one.dialogue_id: one for one in dialogues}, assign(dialogues)
    of_train = {one["id"].split("-")[1] for one in labelled.turns(labelled.OF_REDIAL)}
    of_test = {one["id"].split("-")[1] for one in labelled.turns() if one["source"] == labelled.REDIAL}
    tested = {person for one in of_test for person in (by_id[one].seeker_id, by_id[one].recommender_id)}
    assert not tested & {seeker_of(by_id[one]) for one in of_train}
    assert {splits[one] for one in of_train} <= {"exemplar", "search"}
