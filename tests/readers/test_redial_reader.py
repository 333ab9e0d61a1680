"""The ReDial reader: every line becomes one dialogue or one reject, and the traps of the format are met."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy import readers
from understudy.errors import BadInput
from understudy.readers import redial
from understudy.readers._kit import excerpt
from understudy.records import Dialogue, Item, Record, Reject
from understudy.text import is_blank

CATALOGUE = {
    "11": {"name": "Amber  Ferry (1999)", "genre": ["Drama", "drama"], "plot": None, "director": ["A B"], "star": ["C D", "A B"]},
    "12": {"name": "Salt &amp; Ledger", "genre": [], "plot": "x", "director": [], "writer": [], "star": []},
}


def record(**changes: Any) -> dict[str, Any]:
    """A small valid record."""
    return {
        "conversationId": "7",
        "movieMentions": {"11": "Amber  Ferry (1999)", "13": "Loose Kettle (2001)"},
        "initiatorWorkerId": 1,
        "respondentWorkerId": 2,
        "initiatorQuestions": {"11": {"suggested": 1, "seen": 0, "liked": 1}, "13": {"suggested": 0, "seen": 2, "liked": 2}},
        "respondentQuestions": [],
        "messages": [
            {"text": "hi", "senderWorkerId": 1},
            {"text": "", "senderWorkerId": 1},
            {"text": "like @13", "senderWorkerId": 1},
            {"text": "try @11, then @11", "senderWorkerId": 2},
        ],
        **changes,
    }


def read(tmp_path: Path, *lines: bytes | dict[str, Any], catalogue: Any = CATALOGUE) -> list[Record]:
    """What the reader makes of a folder with these lines in train_data.jsonl."""
    raw = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    (tmp_path / "train_data.jsonl").write_bytes(b"\n".join(raw) + b"\n")
    (tmp_path / "movies.json").write_text(json.dumps(catalogue))
    reader = readers.load("redial")
    return list(reader.read(reader.find(tmp_path), readers.Options()))


def dialogues(records: list[Record]) -> list[Dialogue]:
    return [one for one in records if isinstance(one, Dialogue)]


def reasons(records: list[Record]) -> list[str]:
    return [one.reason for one in records if isinstance(one, Reject)]


def test_messages_of_one_speaker_are_one_turn_and_mentions_become_labels(tmp_path: Path) -> None:
    (dialogue,) = dialogues(read(tmp_path, record()))
    seeker, recommender = dialogue.turns
    assert (seeker.role, seeker.text, seeker.n_messages, seeker.item_ids) == ("seeker", "hi like Loose Kettle (2001)", 3, ("13",))
    assert recommender.text == "try Amber Ferry (1999), then Amber Ferry (1999)"
    assert recommender.item_ids == ("11", "11")
    assert (dialogue.seeker_id, dialogue.recommender_id, dialogue.official_split) == ("1", "2", "train")


def test_the_form_tells_no_from_not_said(tmp_path: Path) -> None:
    (dialogue,) = dialogues(read(tmp_path, record()))
    forms = {one.item_id: (one.suggested, one.seen, one.liked) for one in dialogue.mentions}
    assert forms == {"11": (True, False, True), "13": (False, None, None)}


def test_items_are_cleaned_and_those_that_only_a_dialogue_names_are_there(tmp_path: Path) -> None:
    items = {one.item_id: one for one in read(tmp_path, record()) if isinstance(one, Item)}
    assert items["11"] == Item("11", "Amber Ferry", 1999, ("drama",), ("A B", "C D"), "")
    assert items["12"].label == "Salt & Ledger"
    assert items["13"].label == "Loose Kettle (2001)"


def test_a_form_written_as_a_list_holds_no_mentions(tmp_path: Path) -> None:
    (dialogue,) = dialogues(read(tmp_path, record(initiatorQuestions=[])))
    assert dialogue.mentions == ()


def test_a_mention_without_a_name_stays_as_it_is_and_is_counted(tmp_path: Path) -> None:
    nameless = record(movieMentions={"50": None}, initiatorQuestions={}, messages=[{"text": "see @50", "senderWorkerId": 2}])
    records = read(tmp_path, nameless)
    assert dialogues(records)[0].turns[0].text == "see @50"
    assert dialogues(records)[0].turns[0].item_ids == ("50",)
    assert "50" not in {one.item_id for one in records if isinstance(one, Item)}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"conversationId": ', "not JSON"),
        (b"[1, 2]", "not an object"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (json.dumps(record(conversationId="a\0b")).encode(), "NUL character"),
        (json.dumps(record(conversationId="a\ud800")).encode(), "half a surrogate pair"),
        (record(messages=[]), "messages: missing or empty"),
        (record(messages=[{"text": None, "senderWorkerId": 1}]), "messages: a text is not a string"),
        (record(messages=[{"text": "x", "senderWorkerId": 9}]), "messages: sent by neither of the two workers"),
        (record(initiatorWorkerId=None), "initiatorWorkerId: missing or not an identifier"),
        (record(initiatorWorkerId=True), "initiatorWorkerId: missing or not an identifier"),
        (record(respondentWorkerId=1), "seeker and recommender are the same worker"),
        (record(movieMentions={"11": 3}), "movieMentions: a name is not a string"),
        (record(initiatorQuestions="x"), "initiatorQuestions: not an object"),
        (record(initiatorQuestions={"11": {"suggested": 1, "seen": 3, "liked": 1}}), "initiatorQuestions: an answer is not 0, 1 or 2"),
        ({key: value for key, value in record().items() if key != "initiatorQuestions"}, "initiatorQuestions: missing"),
    ],
)
def test_a_broken_line_is_a_reject_with_its_reason_and_reading_goes_on(tmp_path: Path, line: Any, reason: str) -> None:
    records = read(tmp_path, line, record())
    assert reasons(records) == [reason]
    assert len(dialogues(records)) == 1


def test_a_film_without_a_name_is_a_reject(tmp_path: Path) -> None:
    assert reasons(read(tmp_path, record(), catalogue={"1": {"name": None}, "2": [], **CATALOGUE})) == ["a film without a name"] * 2


def test_a_surrogate_pair_is_text(tmp_path: Path) -> None:
    (dialogue,) = dialogues(read(tmp_path, record(messages=[{"text": "😀 \\ud83d", "senderWorkerId": 1}])))
    assert dialogue.turns[0].text == "😀 \\ud83d"


def test_the_test_file_is_the_official_test_split_and_other_names_are_none(tmp_path: Path) -> None:
    for name in ("test_data.jsonl", "mine.jsonl"):
        (tmp_path / name).write_text(json.dumps(record()) + "\n")
    assert dialogues(list(redial.read(redial.find(tmp_path), readers.Options())))[0].official_split == "test"
    assert dialogues(list(redial.read(redial.find(tmp_path / "mine.jsonl"), readers.Options())))[0].official_split is None


def test_another_format_is_refused_with_the_reader_to_take(tmp_path: Path) -> None:
    (tmp_path / "dev.tsv").write_text("dialog_id\n")
    with pytest.raises(BadInput) as caught:
        redial.find(tmp_path)
    assert "train_data.jsonl" in caught.value.message
    with pytest.raises(BadInput):
        redial.find(tmp_path / "nowhere")


def test_an_excerpt_shows_structure_and_no_words() -> None:
    assert excerpt('{"text": "Bob 42"}') == '{"xxxx": "xxx 00"}'
    assert len(excerpt("a" * 500)) == 120


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


@settings(max_examples=60, deadline=None)
@given(said=st.lists(st.tuples(st.sampled_from([1, 2]), texts), min_size=1, max_size=12))
def test_no_word_and_no_message_is_lost(said: list[tuple[int, str]], tmp_path_factory: pytest.TempPathFactory) -> None:
    messages = [{"text": text.replace("@", ""), "senderWorkerId": sender} for sender, text in said]
    records = read(tmp_path_factory.mktemp("logs"), record(messages=messages))
    if all(is_blank(one["text"]) for one in messages):
        assert reasons(records) == ["a dialogue in which every message is empty"]
        return
    (dialogue,) = dialogues(records)
    assert sum(turn.n_messages for turn in dialogue.turns) == len(said)
    words = [word for one in messages if not is_blank(one["text"]) for word in one["text"].split()]
    assert [word for turn in dialogue.turns for word in turn.text.split()] == words
    assert all(one.role != two.role for one, two in zip(dialogue.turns, dialogue.turns[1:], strict=False))


@settings(max_examples=80, deadline=None)
@given(line=st.binary(min_size=1, max_size=80).filter(lambda raw: raw.removeprefix(b"\xef\xbb\xbf").strip() and b"\n" not in raw))
def test_any_bytes_are_one_record(line: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    records = read(tmp_path_factory.mktemp("logs"), line)
    assert len([one for one in records if not isinstance(one, Item)]) == 1


LOGS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "redial"


@pytest.mark.logs
@pytest.mark.skipif(not LOGS.is_dir(), reason=f"the human logs are not at {LOGS}")
def test_the_real_files_have_the_counts_of_an_independent_count() -> None:
    n_messages = n_turns = n_empty = n_listed = n_mentions = 0
    lines = [json.loads(one) for name in ("train", "test") for one in (LOGS / f"{name}_data.jsonl").open(encoding="utf-8")]
    for one in lines:
        # an empty message makes no turn and splits nobody's: without this rule there are 53,335
        senders = [message["senderWorkerId"] for message in one["messages"] if message["text"].strip()]
        n_messages += len(one["messages"])
        n_turns += sum(now != before for now, before in zip(senders, [None, *senders[:-1]], strict=True))
        n_empty += sum(not message["text"] for message in one["messages"])
        n_listed += isinstance(one["initiatorQuestions"], list)
        n_mentions += len(one["initiatorQuestions"])
    records = list(redial.read(redial.find(LOGS), readers.Options()))
    told = dialogues(records)
    assert reasons(records) == []
    assert (len(told), len(lines), n_empty, n_listed) == (4418, 4418, 11, 38)
    assert sum(turn.n_messages for one in told for turn in one.turns) == n_messages
    assert sum(len(one.turns) for one in told) == n_turns == 53_333
    assert sum(len(one.mentions) for one in told) == n_mentions
    assert len([one for one in told if one.official_split == "test"]) == 1342


def test_a_form_that_is_no_object_rejects_its_dialogue_and_a_catalogue_that_is_none_ends_the_reading(tmp_path: Path) -> None:
    (refused,) = [one for one in read(tmp_path, record(initiatorQuestions={"11": 3})) if isinstance(one, Reject)]
    assert "a form is not an object" in refused.reason
    with pytest.raises(BadInput, match="films by id"):
        read(tmp_path, record(), catalogue=[1])
