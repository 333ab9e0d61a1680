"""The INSPIRED reader: rows become dialogues, strategies and outcomes become labels, and what workers are stays outside."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import pytest

from understudy import readers
from understudy.errors import BadInput
from understudy.readers import _blocks, inspired
from understudy.records import Dialogue, Item, Label, Record, Reject

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "readers" / "inspired"
LOGS = ROOT.parent / "shared" / "data" / "inspired"
HEADER = "dialog_id\tutt_id\tspeaker\ttext\tmovies\texpert_label\tsecond_label\tfine_label\tmovie_id"
PERSONAL = ("age_group", "gender", "race", "degree", "job", "marital_status", "political_view", "religion", "income")


def row(utt: object, text: str = "hello", *, dialog: str = "d1", speaker: str = "SEEKER", movies: str = "", fine: str = "reject") -> str:
    return f"{dialog}\t{utt}\t{speaker}\t{text}\t{movies}\t\t\t{fine}\tm1"


def read(tmp_path: Path, *rows: str | bytes, header: str = HEADER, name: str = "dev.tsv") -> list[Record]:
    raw = [line if isinstance(line, bytes) else line.encode() for line in (header, *rows)]
    (tmp_path / name).write_bytes(b"\n".join(raw) + b"\n")
    return list(inspired.read([tmp_path / name], readers.Options()))


def dialogues(records: list[Record]) -> list[Dialogue]:
    return [one for one in records if isinstance(one, Dialogue)]


def reasons(records: list[Record]) -> list[str]:
    return [one.reason for one in records if isinstance(one, Reject)]


def example() -> list[Record]:
    return list(inspired.read(inspired.find(EXAMPLE), readers.Options()))


def test_rows_of_one_speaker_are_one_turn_with_the_films_they_name() -> None:
    first = dialogues(example())[0]
    assert [turn.role for turn in first.turns] == ["recommender", "seeker", "recommender", "seeker"]
    assert [turn.n_messages for turn in first.turns] == [2, 2, 1, 1]  # the second of them is empty
    assert first.turns[1].text == 'Please. Last week I saw "The Salt Cartographer" and liked how quiet it was.'
    assert first.turns[2].item_ids == ("title:brass orchard (2004)", "title:a harbour of moths (2011)")
    assert first.official_split == "train"


def test_titles_are_canonical_items_that_come_once() -> None:
    items = [one for one in example() if isinstance(one, Item)]
    assert [one.label for one in items] == [
        "The Salt Cartographer (1998)",
        "Brass Orchard (2004)",
        "A Harbour of Moths (2011)",
        "Nine Sidings",
    ]


def test_strategies_are_labels_of_turns_and_the_outcome_one_of_the_dialogue() -> None:
    _, second, third = dialogues(example())
    assert set(second.labels) == {
        Label("outcome", "reject", None, "fine_label"),
        Label("outcome", "reject_new", None, "coarse_label"),
        Label("target", "vidNine002", None, "movie_id"),
        Label("strategy", "opinion_inquiry", 1, "expert_label"),
        Label("strategy", "encouragement", 3, "expert_label"),
    }
    assert [one.value for one in third.labels if one.turn_index == 0] == ["no_strategy", "experience_inquiry"]


def test_no_value_of_a_personal_column_reaches_any_record(tmp_path: Path) -> None:
    personal: set[str] = set()
    for path in sorted(EXAMPLE.glob("*.tsv")):
        header, *rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
        there = [column for column in PERSONAL if column in header]
        assert there, f"{path.name} shows no personal column"
        personal |= {fields[header.index(column)] for fields in rows for column in there}
    assert len(personal) >= 2 * len(PERSONAL)
    broken = (EXAMPLE / "train.tsv").read_bytes().replace(b"\tSEEKER\t", b"\tNobody\t")  # rejects show excerpts
    (tmp_path / "train.tsv").write_bytes(broken)
    refused = list(inspired.read([tmp_path / "train.tsv"], readers.Options()))
    assert len(reasons(refused)) == 2
    at_the_door = [line for path in inspired.find(EXAMPLE) for line in inspired._rows(path)]
    told = repr(example()) + repr(refused) + repr(at_the_door)
    assert [value for value in sorted(personal) if value in told] == []


def test_the_files_of_the_surveys_are_not_read() -> None:
    assert [path.name for path in inspired.find(EXAMPLE)] == ["train.tsv", "dev.tsv"]
    with pytest.raises(BadInput, match="not in this format"):
        inspired.find(EXAMPLE / "seeker_demographic.tsv")


def test_a_prefix_of_the_name_leaves_the_split(tmp_path: Path) -> None:
    assert dialogues(read(tmp_path, row(1), name="inspired_test.tsv"))[0].official_split == "test"
    assert dialogues(read(tmp_path, row(1), name="mine.tsv"))[0].official_split is None
    assert [path.name for path in inspired.find(tmp_path)] == ["inspired_test.tsv"]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([row(1), row(2, speaker="BYSTANDER")], "speaker: neither SEEKER nor RECOMMENDER"),
        ([row(1), "d1\t2\tSEEKER"], "a row with more or fewer columns than the header"),
        ([row(1), "lost words"], "a row with more or fewer columns than the header"),
        ([row(1), row(2) + "\tmore"], "a row with more or fewer columns than the header"),
        ([row(1), row(2, "a\0b")], "NUL character"),
        ([row(1), row(2).encode() + b"\xff"], "not UTF-8"),
        ([row(2), row(1)], "utt_id: rows are missing or not in order"),
        ([row(1), row(1)], "utt_id: rows are missing or not in order"),
        ([row("one")], "utt_id: rows are missing or not in order"),
        ([row(1), row(2, fine="accept_others")], "fine_label: rows of one dialogue differ"),
        ([row(1), row(3)], "utt_id: rows are missing or not in order"),
        ([row(1), "d1\t2\tSEEKER\thalf", "a text\t\t\t\treject\tm1", row(3)], "a row with more or fewer columns than the header"),
        ([row(1, dialog=" ")], "dialog_id: missing"),
    ],
)
def test_a_broken_row_refuses_its_dialogue_whole_and_reading_goes_on(tmp_path: Path, rows: list[str | bytes], reason: str) -> None:
    records = read(tmp_path, *rows, row(1, dialog="d2"))
    assert reasons(records) == [reason]
    assert [one.dialogue_id for one in dialogues(records)] == ["d2"]


def test_a_line_beyond_the_bound_refuses_its_dialogue_only(tmp_path: Path, longest_line: Callable[[int], None]) -> None:
    longest_line(400)
    records = read(tmp_path, row(1), row(2, "x" * 1000), row(1, dialog="d2"))
    assert reasons(records) == ["a line of more than 400 bytes"]
    assert [one.dialogue_id for one in dialogues(records)] == ["d2"]


def test_a_dialogue_without_an_end_is_refused_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_blocks, "MAX_ROWS", 3)
    records = read(tmp_path, *(row(number) for number in range(1, 5)), row(1, dialog="d2"))
    assert reasons(records)[0].startswith("more than 3 rows")


def test_an_outcome_that_a_row_leaves_out_is_no_other_outcome(tmp_path: Path) -> None:
    (dialogue,) = dialogues(read(tmp_path, row(1), row(2, fine="nan"), row(3, fine="")))
    assert [one.value for one in dialogue.labels if one.name == "outcome"] == ["reject"]


def test_a_file_without_the_header_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is not a header"):
        read(tmp_path, row(1), header="text\tspeaker")


@pytest.mark.logs
@pytest.mark.skipif(not LOGS.is_dir(), reason=f"the human logs are not at {LOGS}")
def test_the_real_files_count_as_they_should() -> None:
    utterances: dict[str, list[list[str]]] = defaultdict(list)
    for name in ("dev.tsv", "test.tsv"):
        head, *rest = (LOGS / name).read_bytes().decode().rstrip("\n").split("\n")
        at = {column: place for place, column in enumerate(head.split("\t"))}
        for line in rest:
            fields = line.split("\t")
            utterances[fields[at["dialog_id"]]].append([fields[at[one]] for one in ("speaker", "movies", "expert_label", "second_label")])
    n_turns = sum(len(list(groupby(speaker for speaker, *_ in rows))) for rows in utterances.values())
    films = [name.strip() for rows in utterances.values() for _, movies, *_ in rows for name in movies.split(";") if name.strip()]
    strategies = sum(bool(label) for rows in utterances.values() for *_, first, second in rows for label in (first, second))

    records = list(inspired.read(inspired.find(LOGS), readers.Options()))
    found = dialogues(records)
    assert reasons(records) == []
    assert len(found) == len(utterances) == 198
    assert {split: sum(one.official_split == split for one in found) for split in ("dev", "test")} == {"dev": 99, "test": 99}
    assert sum(turn.n_messages for one in found for turn in one.turns) == sum(map(len, utterances.values())) == 6976
    assert sum(len(one.turns) for one in found) == n_turns
    assert sum(len(turn.item_ids) for one in found for turn in one.turns) == len(films)
    assert 0 < len({one.item_id for one in records if isinstance(one, Item)}) <= len(set(films))
    assert sum(one.name == "strategy" for dialogue in found for one in dialogue.labels) == strategies
    assert all(sum(label.name == "outcome" for label in one.labels) == 2 for one in found)


CONVERSATION = {
    "dialog": [
        {"utt_id": 1, "role": "RECOMMENDER", "utterance": "Hello", "movies": [], "utterance_label": "no_strategy"},
        {"utt_id": 2, "role": "SEEKER", "utterance": "I saw Mill Road Nine", "movies": ["Mill Road Nine (2010)"], "utterance_label": "nan"},
    ],
    "fine_label": "accept_rating_good", "coarse_label": "accept", "movie_mentions": "{}",
}  # fmt: skip


def test_the_json_of_the_second_version_is_read_like_its_rows(tmp_path: Path) -> None:
    for split in ("dev", "train", "test"):
        (tmp_path / f"{split}_data.json").write_text(json.dumps([CONVERSATION]))
    (tmp_path / "dev_set.tsv").write_text(f"{HEADER}\n{row(1)}\n")
    found = inspired.find(tmp_path)
    assert [path.name for path in found] == ["train_data.json", "dev_data.json", "dev_set.tsv", "test_data.json"]
    records = [one for one in inspired.read(found[:1], readers.Options()) if isinstance(one, Dialogue)]
    assert (records[0].dialogue_id, records[0].official_split) == ("train_data-1", "train")
    assert [(turn.role, turn.text, turn.item_ids) for turn in records[0].turns] == [
        ("recommender", "Hello", ()), ("seeker", "I saw Mill Road Nine", ("title:mill road nine (2010)",))
    ]  # fmt: skip
    assert {(one.name, one.value) for one in records[0].labels} == {
        ("strategy", "no_strategy"), ("outcome", "accept_rating_good"), ("outcome", "accept")
    }  # fmt: skip
