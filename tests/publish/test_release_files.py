"""Releases as values and files: digests cover content alone, a changed file is refused, licences are the strictest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.doors import releases as shelf
from understudy.doors.store import Store
from understudy.errors import BadInput, GateFailed, UnderstudyError
from understudy.exports import messages
from understudy.release import licences
from understudy.release.release import Release, composed, frame_digest, marked, pull, verify

LINEAGE: dict[str, Any] = {
    "dataset": "small", "batch": "one", "setting": "few_shot", "genome_digest": "g", "model": "m", "recommender": "r", "seed": 0,
    "sources": [{"source_sha256": "f" * 64, "licence": "CC-BY-4.0"}], "code_version": "0",
}  # fmt: skip
TURNS = pl.DataFrame(
    {
        "dialogue_id": ["a", "a", "a", "b", "b"],
        "turn_index": [0, 1, 2, 0, 1],
        "role": ["seeker", "recommender", "seeker", "seeker", "recommender"],
        "text": ["hi, “quotes” & <tags>", "Harbour of Glass (1999)?", "näh", "hello", "line\nbreak"],
        "item_ids": [[], ["i1"], [], [], []],
        "ranked_ids": [[], ["i1"], [], [], []],
    }
)
DIALOGUES = pl.DataFrame(
    {
        "dialogue_id": ["a", "b"], "scenario_id": ["s1", "s2"], "source_dialogue_id": ["h1", "h2"], "target": ["i1", None],
        "replicate": [0, 0], "engine": ["x", "x"], "n_turns": [3, 2],
    }
)  # fmt: skip


def release(name: str = "small", *, engine: str = "some-model", **lineage: Any) -> Release:
    figures = {
        "objectives": {"positive_bias": {"value": 0.1, "ci": [0.0, 0.2], "n": 9}},
        "leakage": {"title": {"value": None, "reason": "none played"}},
        "floors": {"positive_bias": {"value": 0.05, "ci": [0.02, 0.09], "n": 40}},
    }
    return composed(name, DIALOGUES, TURNS, engine=engine, lineage={**LINEAGE, **lineage}, verdicts=[], figures=figures)


@pytest.fixture
def on_shelf(tmp_path: Path) -> Path:
    made = release()
    with Store.open(tmp_path / "any.duckdb") as store:
        for version in (1, 2):
            staged = shelf.stage(tmp_path / "r", made.versioned(version), texts=made.texts(version), tables=made.tables(), store=store)
            shelf.put(staged, version)
    return tmp_path / "r"


def test_the_digest_covers_content_and_lineage_but_no_name_or_version() -> None:
    assert release("one").digest == release("two").digest
    assert release().digest != release(seed=1).digest
    assert release().digest != release(engine="other").digest


def test_an_example_is_one_whole_dialogue_with_the_seeker_as_user() -> None:
    rows = list(messages.rows(DIALOGUES, TURNS))
    assert [row["dialogue_id"] for row in rows] == ["a", "b"]
    assert [message["role"] for message in rows[0]["messages"]] == ["user", "assistant", "user"]
    assert [message["content"] for message in rows[0]["messages"]] == TURNS["text"].to_list()[:3]


def test_a_dialogue_without_turns_gives_no_example() -> None:
    assert [row["dialogue_id"] for row in messages.rows(DIALOGUES, TURNS.filter(pl.col("dialogue_id") == "b"))] == ["b"]


def test_an_unknown_speaker_is_not_passed_over() -> None:
    with pytest.raises(pl.exceptions.PolarsError):
        list(messages.rows(DIALOGUES, TURNS.with_columns(role=pl.lit("narrator"))))


def test_rows_have_one_digest_before_and_after_a_parquet_file(tmp_path: Path) -> None:
    TURNS.write_parquet(tmp_path / "t.parquet")
    assert frame_digest(pl.read_parquet(tmp_path / "t.parquet")) == frame_digest(TURNS)
    assert frame_digest(TURNS.reverse()) != frame_digest(TURNS)


def test_pull_takes_the_newest_version_unless_told(on_shelf: Path, tmp_path: Path) -> None:
    assert pull(on_shelf, out=tmp_path / "a.jsonl")["version"] == 2
    assert pull(on_shelf, "small", version=1, out=tmp_path / "b.jsonl")["version"] == 1
    assert (tmp_path / "a.jsonl").read_text() == (tmp_path / "b.jsonl").read_text()
    assert [json.loads(line)["dialogue_id"] for line in (tmp_path / "a.jsonl").read_text().splitlines()] == ["a", "b"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [({"name": "other"}, "no release called"), ({"version": 7}, "no version 7"), ({"form": "verse"}, "no export form 'verse'")],
)
def test_what_cannot_be_pulled_is_bad_input(on_shelf: Path, tmp_path: Path, arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        pull(on_shelf, out=tmp_path / "x", **arguments)
    assert not (tmp_path / "x").exists()


def test_an_empty_shelf_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no release in"):
        pull(tmp_path / "nothing", out=tmp_path / "x")


@pytest.mark.parametrize("name", ["messages.jsonl", "turns.parquet", "manifest.json", "CARD.md", "release.duckdb"])
def test_a_changed_file_is_refused(on_shelf: Path, name: str) -> None:
    path = on_shelf / "small" / "v2" / name
    content = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(content.replace(b"CC-BY-4.0", b"CC0-1.0  ") if name == "manifest.json" else content + b" ")
    with pytest.raises(UnderstudyError, match="v2"):
        verify(on_shelf / "small" / "v2")


def test_a_missing_file_is_refused(on_shelf: Path) -> None:
    (on_shelf / "small" / "v2" / "turns.parquet").unlink()
    with pytest.raises(UnderstudyError, match=r"turns\.parquet"):
        verify(on_shelf / "small" / "v2")


def test_a_release_is_never_replaced(on_shelf: Path, tmp_path: Path) -> None:
    made = release()
    with Store.open(tmp_path / "any.duckdb") as store:
        staged = shelf.stage(on_shelf, made.versioned(2), texts=made.texts(2), tables=made.tables(), store=store)
    with pytest.raises(UnderstudyError, match="never replaced"):
        shelf.put(staged, 2)


def test_the_card_says_what_was_not_measured_and_marks_rehearsal() -> None:
    card = release(engine="rehearsal").texts(1)["CARD.md"]
    assert card.startswith("# small-rehearsal, version 1\n\n**engine: rehearsal. It is not a language model.")
    assert "aligned with humans" not in card.lower()
    assert "| leakage | title | not measured: none played |" in card
    assert "| objectives | positive_bias | 0.100 [0.000, 0.200], n = 9 | 0.050 [0.020, 0.090] |" in card


def test_a_name_is_marked_once() -> None:
    assert marked(marked("a", "rehearsal"), "rehearsal") == "a-rehearsal"
    assert marked("a", "gpt") == "a"
    assert marked("a", "gpt+rehearsal") == "a-rehearsal"


@given(st.lists(st.sampled_from(licences.FREEST_FIRST), min_size=1))
def test_the_strictest_licence_is_one_of_the_given_and_none_is_stricter(given_licences: list[str]) -> None:
    try:
        found = licences.strictest(given_licences)
    except GateFailed:
        assert "CC-BY-SA-4.0" in given_licences
        return
    assert found in given_licences
    assert all(licences.FREEST_FIRST.index(one) <= licences.FREEST_FIRST.index(found) for one in given_licences)


@pytest.mark.parametrize("given_licences", [[], ["who knows"], ["MIT", "CC-BY-ND-4.0"], [""]])
def test_without_a_known_licence_there_is_no_release(given_licences: list[str]) -> None:
    with pytest.raises(GateFailed):
        licences.strictest(given_licences)
