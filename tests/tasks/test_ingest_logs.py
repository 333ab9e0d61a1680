"""Ingest: counts close, the same twice adds nothing, what cannot be kept is a row with its reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.stored import on
from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.tasks.ingest.logs import ingest_logs


def line(dialogue_id: str, text: str = "hello", seeker: int = 1) -> str:
    return json.dumps(
        {
            "conversationId": dialogue_id,
            "movieMentions": {"5": "Amber Ferry (1999)"},
            "initiatorWorkerId": seeker,
            "respondentWorkerId": 99,
            "initiatorQuestions": {"5": {"suggested": 1, "seen": 0, "liked": 1}},
            "messages": [{"text": text, "senderWorkerId": seeker}, {"text": "see @5", "senderWorkerId": 99}],
        }
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    data.mkdir()
    lines = [line("1"), "", line("2"), "{broken", line("1"), line("2", "other words")]
    (data / "train_data.jsonl").write_text("\n".join(lines) + "\n")
    return data


def ingest(store: Path, path: Path, **options: Any) -> dict[str, Any]:
    return on(store, ingest_logs, "redial", [str(path)], **{"dataset": "d", **options})


def test_records_are_dialogues_duplicates_rejects_and_attached(tmp_path: Path, folder: Path) -> None:
    done = ingest(tmp_path / "s.duckdb", folder)
    assert (done["n_records"], done["n_dialogues"], done["n_duplicates"], done["n_rejects"], done["n_attached"]) == (5, 2, 1, 2, 0)
    assert done["rejects_by_reason"] == {"duplicate id with other content": 1, "not JSON": 1}
    assert (done["n_turns"], done["n_messages"], done["n_items"]) == (4, 4, 1)


def test_the_same_files_twice_add_nothing(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "s.duckdb"
    ingest(path, folder)
    with Store.open(path) as store:
        before = (store.counts(), store.digest())
    again = ingest(path, folder)
    assert (again["n_dialogues"], again["n_duplicates"], again["n_rejects"]) == (0, 3, 2)
    with Store.open(path) as store:
        assert (store.counts(), store.digest()) == before


def test_one_of_the_files_after_the_folder_adds_nothing(tmp_path: Path, folder: Path) -> None:
    (folder / "train_data.jsonl").write_text(line("1") + "\n")
    (folder / "test_data.jsonl").write_text(line("2") + "\n")
    ingest(tmp_path / "s.duckdb", folder)
    with Store.open(tmp_path / "s.duckdb") as store:
        before = store.counts()
    assert ingest(tmp_path / "s.duckdb", folder / "test_data.jsonl")["n_duplicates"] == 1
    with Store.open(tmp_path / "s.duckdb") as store:
        assert store.counts() == before


def test_the_licence_file_stands_above_the_reader(tmp_path: Path, folder: Path) -> None:
    assert ingest(tmp_path / "a.duckdb", folder)["licence"] == "CC-BY-4.0"
    (folder / "LICENCE").write_text("CC0-1.0\n")
    assert ingest(tmp_path / "b.duckdb", folder)["licence"] == "CC0-1.0"
    (folder / "LICENCE").write_text("you may do\nas you like\n")
    with pytest.raises(BadInput):
        ingest(tmp_path / "c.duckdb", folder)


def test_a_split_given_by_the_caller_stands_above_the_file_name(tmp_path: Path, folder: Path) -> None:
    ingest(tmp_path / "s.duckdb", folder, split="test")
    with Store.open(tmp_path / "s.duckdb") as store:
        assert {row["official_split"] for row in store.rows("ingest/dialogues", dataset="d")} == {"test"}


def test_the_digest_of_a_data_set_is_of_its_content(tmp_path: Path, folder: Path) -> None:
    digests = []
    for name, lines in (("a", ["1", "2"]), ("b", ["2", "1"]), ("c", ["1", "3"])):
        (folder / "train_data.jsonl").write_text("\n".join(line(one) for one in lines) + "\n")
        ingest(tmp_path / name, folder)
        with Store.open(tmp_path / name) as store:
            digests.append(store.rows("ingest/dataset_digest", dataset="d")[0]["digest"])
    assert digests[0] == digests[1] != digests[2]


def test_a_failure_in_the_middle_leaves_no_row(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise OSError("disk full")

    with Store.open(tmp_path / "s.duckdb"):
        pass
    monkeypatch.setattr("understudy.tasks.ingest.logs._source_row", fail)
    with pytest.raises(OSError, match="disk full"):
        ingest(tmp_path / "s.duckdb", folder)
    with Store.open(tmp_path / "s.duckdb") as store:
        assert set(store.counts().values()) == {0}


# -- annotations -------------------------------------------------------------------------------------------------------


def annotation(dialogue_id: str, *turns: tuple[str, str, list[str]]) -> dict[str, Any]:
    info = {
        f"X{position}": {
            "utterance_pos": position,
            "worker_id": 1 if role == "seeker" else 99,
            "role": role,
            "utterance_text": text,
            "top-level intent/action": [],
            "sub-intent/action": acts,
        }
        for position, (role, text, acts) in enumerate(turns, 1)
    }
    return {dialogue_id: {"accepted_recommendation": [], "dialogue_info": info}}


FITTING = annotation("1", ("seeker", "hello", ["OTH"]), ("recommender", "see @5 <Amber Ferry (1999)>", ["REC-S"]))
ALONE = annotation("77", ("seeker", "hi", ["IQU"]), ("recommender", "see @6 <Loose Kettle (2001)>", ["REC-S"]), ("seeker", "ok", ["ACC"]))
CROSSED = annotation("2", ("recommender", "hello", ["OTH"]), ("seeker", "no", ["REJ"]))


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    file = tmp_path / "gold" / "acts.json"
    file.parent.mkdir()
    file.write_text(json.dumps({**FITTING, **ALONE, **CROSSED}))
    return file


def read_gold(store: Path, file: Path) -> dict[str, Any]:
    return on(store, ingest_logs, "iard", [str(file)], dataset="d")


def rows_of(path: Path) -> dict[str, list[dict[str, Any]]]:
    with Store.open(path) as store:
        names = ("ingest/dialogues", "ingest/turns", "ingest/mentions", "ingest/items", "ingest/dataset_digest")
        return {name: store.rows(name, dataset="d") for name in names}


def test_annotations_attach_to_dialogues_that_are_there_and_others_are_dialogues(tmp_path: Path, folder: Path, gold: Path) -> None:
    ingest(tmp_path / "s.duckdb", folder)
    done = read_gold(tmp_path / "s.duckdb", gold)
    assert (done["n_records"], done["n_attached"], done["n_dialogues"], done["n_rejects"]) == (3, 1, 1, 1)
    assert list(done["rejects_by_reason"]) == ["annotation and dialogue of this id do not have the same turns"]
    again = read_gold(tmp_path / "s.duckdb", gold)
    assert (again["n_duplicates"], again["n_rejects"], again["n_attached"], again["n_dialogues"]) == (2, 1, 0, 0)
    with Store.open(tmp_path / "s.duckdb") as store:
        assert store.counts()["ingest.labels"] == 2 + 3


def test_the_order_of_annotations_and_dialogues_does_not_matter(tmp_path: Path, folder: Path, gold: Path) -> None:
    gold.write_text(json.dumps({**FITTING, **ALONE}))
    ingest(tmp_path / "a.duckdb", folder)
    read_gold(tmp_path / "a.duckdb", gold)
    first = read_gold(tmp_path / "b.duckdb", gold)
    second = ingest(tmp_path / "b.duckdb", folder)
    assert (first["n_dialogues"], second["n_attached"], second["n_dialogues"]) == (2, 1, 1)
    assert second["n_records"] == second["n_dialogues"] + second["n_duplicates"] + second["n_rejects"] + second["n_attached"]
    assert rows_of(tmp_path / "a.duckdb") == rows_of(tmp_path / "b.duckdb")


def test_an_item_takes_its_facts_from_the_catalogue_whichever_came_first(tmp_path: Path, folder: Path) -> None:
    ingest(tmp_path / "s.duckdb", folder)
    before = rows_of(tmp_path / "s.duckdb")
    facts = {"5": {"name": "Amber Ferry (1999)", "genre": ["Drama"], "plot": "A ferry.", "director": [], "star": []}}
    (folder / "movies.json").write_text(json.dumps(facts))
    ingest(tmp_path / "s.duckdb", folder)
    after = rows_of(tmp_path / "s.duckdb")
    assert (before["ingest/items"][0]["genres"], after["ingest/items"][0]["genres"]) == ([], ["drama"])
    assert before["ingest/dataset_digest"] != after["ingest/dataset_digest"]
    (folder / "movies.json").unlink()
    ingest(tmp_path / "s.duckdb", folder)
    assert rows_of(tmp_path / "s.duckdb") == after


# -- personal data and licences ----------------------------------------------------------------------------------------


def test_addresses_and_numbers_are_masked_wherever_they_stand(tmp_path: Path, folder: Path) -> None:
    contact = "write to jo.smith@example.com or call (415) 555-2671"
    broken = '{"broken": "jo.smith@example.com 415-555-2671'
    (folder / "train_data.jsonl").write_text(line("1", contact) + "\n" + broken + "\n")
    ingest(tmp_path / "s.duckdb", folder)
    with Store.open(tmp_path / "s.duckdb") as store:
        assert store.rows("ingest/turns", dataset="d")[0]["text"] == "write to [email] or call [phone]"
    raw = (tmp_path / "s.duckdb").read_bytes()
    assert b"jo.smith" not in raw
    assert b"555-2671" not in raw


def test_signs_that_nobody_sees_are_taken_out_before_masking_and_counted(tmp_path: Path, folder: Path) -> None:
    hidden = "safe\u202etxt at jo.smith@exam\x07ple.com"
    (folder / "train_data.jsonl").write_text(line("1", hidden) + "\n" + line("2") + "\n")
    done = ingest(tmp_path / "s.duckdb", folder)
    assert done["n_normalised"] == 2
    with Store.open(tmp_path / "s.duckdb") as store:
        assert store.rows("ingest/turns", dataset="d")[0]["text"] == "safetxt at [email]"
        assert store.frame("ingest/turns", dataset="d")["text"].str.contains("\u202e").sum() == 0
    assert ingest(tmp_path / "s.duckdb", folder)["n_normalised"] == 0, "nothing is new"


def test_the_licence_stands_in_every_row_that_came_from_a_source(tmp_path: Path, folder: Path, gold: Path) -> None:
    ingest(tmp_path / "s.duckdb", folder)
    read_gold(tmp_path / "s.duckdb", gold)
    with Store.open(tmp_path / "s.duckdb") as store:
        licences = {row["licence"] for row in store.rows("ingest/licences", dataset="d")}
    assert licences == {"CC-BY-4.0", "LicenseRef-research-noncommercial"}
