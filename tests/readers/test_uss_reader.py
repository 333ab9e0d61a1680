"""The USS reader: sessions between blank lines, the scores of each annotator, and the row that scores the whole dialogue."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from understudy import readers
from understudy.errors import BadInput
from understudy.readers import _blocks, uss
from understudy.records import Dialogue, Label, Record, Reject

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "readers" / "uss"
GOOD = "USER\thello\tGREET\t3,3,3"


def read(tmp_path: Path, *lines: str | bytes) -> list[Record]:
    raw = [line if isinstance(line, bytes) else line.encode() for line in lines]
    (tmp_path / "SGD.txt").write_bytes(b"\n".join(raw) + b"\n")
    return list(uss.read([tmp_path / "SGD.txt"], readers.Options()))


def dialogues(records: list[Record]) -> list[Dialogue]:
    return [one for one in records if isinstance(one, Dialogue)]


def reasons(records: list[Record]) -> list[str]:
    return [one.reason for one in records if isinstance(one, Reject)]


def example() -> list[Dialogue]:
    return dialogues(list(uss.read(uss.find(EXAMPLE), readers.Options())))


def test_a_blank_line_ends_a_dialogue_and_several_end_no_more() -> None:
    assert [one.dialogue_id for one in example()] == ["ReDial-1", "ReDial-2", "ReDial-3"]
    first = example()[0]
    assert [(turn.role, turn.n_messages) for turn in first.turns] == [
        ("seeker", 1), ("recommender", 1), ("seeker", 2), ("recommender", 2), ("seeker", 1),
    ]  # fmt: skip
    assert "OVERALL" not in " ".join(turn.text for turn in first.turns)


def test_each_annotators_score_is_a_label_of_the_turn_or_of_the_dialogue() -> None:
    first, second, _ = example()
    assert [one.value for one in first.labels if one.turn_index is None] == ["4", "3", "4"]
    assert [(one.annotator, one.value) for one in first.labels if one.turn_index == 2] == [
        ("1", "3"), ("2", "3"), ("3", "3"), ("1", "2"), ("2", "3"), ("3", "3"),
    ]  # fmt: skip
    assert [(one.annotator, one.value) for one in second.labels if one.turn_index == 0 and one.name == "satisfaction"] == [
        ("1", "3"),
        ("3", "3"),
    ]


def test_actions_and_explanations_are_labels() -> None:
    _, second, third = example()
    assert [(one.turn_index, one.value) for one in second.labels if one.name == "act"] == [
        (0, "INFORM_INTENT"),
        (1, "REQUEST"),
        (2, "INFORM"),
    ]
    assert Label("explanation", "too slow", None, "2") in third.labels


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([GOOD, "hello"], "not role, text, action and scores"),
        ([GOOD, GOOD + "\tx\ty"], "not role, text, action and scores"),
        ([GOOD, "WIZARD\thello\t\t"], "role: neither USER nor SYSTEM"),
        ([GOOD, "USER\thello\t\t3,6"], "satisfaction: not scores from 1 to 5"),
        ([GOOD, "USER\thello\t\t3.5"], "satisfaction: not scores from 1 to 5"),
        ([GOOD, "USER\tOVERALL\t\t3", GOOD], "rows after the overall score"),
        (["USER\tOVERALL\t\t3"], "a dialogue without messages"),
        ([GOOD, "USER\ta\0b\t\t"], "NUL character"),
        ([GOOD, b"USER\t\xff\t\t"], "not UTF-8"),
    ],
)
def test_a_broken_row_refuses_its_dialogue_whole_and_reading_goes_on(tmp_path: Path, rows: list[str | bytes], reason: str) -> None:
    records = read(tmp_path, *rows, "", GOOD)
    assert reasons(records) == [reason]
    assert [one.dialogue_id for one in dialogues(records)] == ["SGD-2"]


def test_the_word_overall_with_an_action_is_a_message(tmp_path: Path) -> None:
    (dialogue,) = dialogues(read(tmp_path, "USER\tOVERALL\tINFORM\t3", "SYSTEM\tfine\t\t"))
    assert dialogue.turns[0].text == "OVERALL"


def test_a_line_beyond_the_bound_and_a_session_without_an_end_are_rejects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, longest_line: Callable[[int], None]
) -> None:
    longest_line(400)
    assert reasons(read(tmp_path, "USER\t" + "x" * 1000 + "\t\t3", "", GOOD)) == ["a line of more than 400 bytes"]
    monkeypatch.setattr(_blocks, "MAX_ROWS", 2)
    records = read(tmp_path, GOOD, GOOD, GOOD, "", GOOD)
    assert reasons(records) == ["more than 2 rows or 400 bytes without an end"] * 2
    assert len(dialogues(records)) == 1


def test_lists_of_acts_and_other_texts_are_not_claimed(tmp_path: Path) -> None:
    (tmp_path / "SGD.txt").write_text("action\tcategory\tn\nUSER\tx\ty\tz\n")
    with pytest.raises(BadInput, match="of this format"):
        uss.find(tmp_path)
