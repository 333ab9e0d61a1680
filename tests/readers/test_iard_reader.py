"""The IARD reader: gold acts as annotations, with the ReDial ids that they name."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from understudy.errors import BadInput
from understudy.readers import Options, iard
from understudy.records import Dialogue, Item, Label, Record, Reject

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "readers" / "iard"
LOGS = ROOT.parent / "shared" / "data"


def read(path: Path) -> list[Record]:
    return list(iard.read(iard.find(path), Options()))


def dialogues(records: list[Record]) -> dict[str, Dialogue]:
    return {one.dialogue_id: one for one in records if isinstance(one, Dialogue)}


def changed(tmp_path: Path, change: Any) -> list[Record]:
    """What is read of the example with its first conversation changed."""
    whole = json.loads((EXAMPLE / "acts.json").read_text())
    whole["90001"] = change(whole["90001"])
    (tmp_path / "acts.json").write_text(json.dumps(whole))
    return read(tmp_path)


def test_acts_and_acceptance_stand_on_their_turns() -> None:
    told = dialogues(read(EXAMPLE))["90001"]
    assert told.is_annotation
    assert (told.seeker_id, told.recommender_id) == ("801", "802")
    assert [label for label in told.labels if label.turn_index == 4] == [
        Label("act", "ACC", 4),
        Label("act", "OTH", 4),
        Label("accepted", "recommendation", 4),
    ]


def test_names_become_items_and_labels_of_the_whole_file() -> None:
    records = read(EXAMPLE)
    items = {one.item_id: one.label for one in records if isinstance(one, Item)}
    assert items["700001"] == "Harbour of Umbrellas (1987)"
    assert items["700003"] == "The Moss"
    turns = dialogues(records)["90001"].turns
    assert turns[3].text == "Then The Long Kettle (2003) , or The Moss"
    assert turns[3].item_ids == ("700002", "700003")
    assert dialogues(records)["90003"].turns[0].text == "Do you know Harbour of Umbrellas (1987) ? Never mind, bye"


def test_an_id_that_nobody_names_stays_as_it_is(tmp_path: Path) -> None:
    told = dialogues(changed(tmp_path, lambda one: _first(one, utterance_text="see @5 and @6 < >")))["90001"]
    assert told.turns[0].text == "see @5 and @6 < >"
    assert told.turns[0].item_ids == ("5", "6")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda _: [], "not an object under a conversation id"),
        (lambda one: {**one, "dialogue_info": []}, "dialogue_info: missing or empty"),
        (lambda one: {**one, "dialogue_info": {"S1": {"utterance_text": "x"}}}, "dialogue_info: an utterance without its position"),
        (lambda one: {**one, "accepted_recommendation": [99]}, "accepted_recommendation: not a list of positions"),
        (lambda one: _first(one, role="judge"), "dialogue_info: spoken by neither seeker nor recommender"),
        (lambda one: _first(one, utterance_text=7), "dialogue_info: a text is not a string"),
        (lambda one: _first(one, worker_id=5), "worker_id: more than one seeker"),
        (lambda one: {**one, "dialogue_info": {**one["dialogue_info"], "S1": "hi"}}, "dialogue_info: an utterance without its position"),
        (lambda one: _first(one, **{"sub-intent/action": "ACC"}), "sub-intent/action: not a list of acts"),
        (lambda one: _first(one, utterance_text="a\0b"), "NUL character"),
    ],
)
def test_a_broken_conversation_is_a_reject_and_the_others_are_read(tmp_path: Path, change: Any, reason: str) -> None:
    records = changed(tmp_path, change)
    assert [one.reason for one in records if isinstance(one, Reject)] == [reason]
    assert set(dialogues(records)) == {"90002", "90003"}


def test_a_broken_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "acts.json").write_text('{"90001": {"dialogue_info": {}}, "9')
    with pytest.raises(BadInput, match="not JSON"):
        read(tmp_path)


def _first(record: dict[str, Any], **changes: Any) -> dict[str, Any]:
    info = record["dialogue_info"]
    return {**record, "dialogue_info": {**info, "S1": {**info["S1"], **changes}}}


@pytest.mark.logs
@pytest.mark.skipif(not (LOGS / "iard").is_dir(), reason=f"the human logs are not at {LOGS}")
def test_the_real_file_has_its_counts() -> None:
    records = read(LOGS / "iard")
    whole = json.loads(next((LOGS / "iard").glob("*.json")).read_text())
    utterances = [one for record in whole.values() for one in record["dialogue_info"].values()]
    acts = Counter(act for one in utterances for act in one["sub-intent/action"])
    told = dialogues(records)
    assert (len(told), len(whole)) == (336, 336)
    assert not [one for one in records if isinstance(one, Reject)]
    assert sum(turn.n_messages for one in told.values() for turn in one.turns) == len(utterances)
    found = Counter(label.value for one in told.values() for label in one.labels if label.name == "act")
    assert found == acts
    redial = {json.loads(line)["conversationId"] for name in ("train", "test") for line in (LOGS / f"redial/{name}_data.jsonl").open("rb")}
    test = {json.loads(line)["conversationId"] for line in (LOGS / "redial/test_data.jsonl").open("rb")}
    assert (len(told.keys() - redial), len(told.keys() & test)) == (215, 38)


@pytest.mark.logs
@pytest.mark.skipif(not (LOGS / "iard").is_dir(), reason=f"the human logs are not at {LOGS}")
def test_rejections_are_as_frequent_as_the_data_set_says() -> None:
    told = dialogues(read(LOGS / "iard"))
    seeker = [(one.dialogue_id, index) for one in told.values() for index, turn in enumerate(one.turns) if turn.role == "seeker"]
    rejecting = {(one.dialogue_id, label.turn_index) for one in told.values() for label in one.labels if label.value == "REJ"}
    assert round(100 * len(rejecting & set(seeker)) / len(seeker), 1) == 11.5
    assert round(100 * len({dialogue for dialogue, _ in rejecting}) / len(told), 1) == 66.4


def test_a_file_of_another_shape_is_refused(tmp_path: Path) -> None:
    (tmp_path / "acts.json").write_text("[1, 2]")
    with pytest.raises(BadInput):
        read(tmp_path)
    with pytest.raises(BadInput, match="one JSON object"):
        list(iard.read([tmp_path / "acts.json"], Options()))
