"""A dialogue that is there for its labels teaches instruments; its text is in nothing that is played, and its licence in no release."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.stored import on
from understudy.doors.store import Store
from understudy.rows import humans
from understudy.tasks.ingest.logs import ingest_logs
from understudy.tasks.profile.dataset import profile_dataset

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(autouse=True)
def no_anchors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Anchors have tests of their own and take seconds."""
    monkeypatch.setattr("understudy.tasks.profile.dataset.measure_anchors", lambda *_: None)


def profiled(path: Path, *sources: tuple[str, Path]) -> dict[str, Any]:
    for reader, folder in sources:
        on(path, ingest_logs, reader, [str(folder)], dataset="d")
    return on(path, profile_dataset, "d")


def test_annotations_change_nothing_that_is_played(
    few_dialogues: Path, few_profiled: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    _, alone = few_profiled
    both = profiled(tmp_path / "b.duckdb", ("redial", few_dialogues), ("iard", EXAMPLES / "readers" / "iard"))
    assert both["n_dialogues"] == alone["n_dialogues"] + 3
    assert both["instruments"]["rehearsal"]["digest"] == alone["instruments"]["rehearsal"]["digest"]
    with Store.open(tmp_path / "b.duckdb") as store:
        shown = humans.load_exemplars(store, both["profile_key"])
        lent = {row["reader"]: row["lends_text"] for row in store.rows("publish/sources", dataset="d")}
        turns = humans.load_human_turns(store, both["profile_key"])
    assert not {name for name in shown if name.startswith("9000")}
    assert lent == {"redial": True, "iard": False}
    assert set(turns.filter(~turns["lends_text"])["dialogue_id"]) == {"90001", "90002", "90003"}


def test_annotations_alone_are_a_data_set_like_any_other(tmp_path: Path) -> None:
    on(tmp_path / "s.duckdb", ingest_logs, "iard", [str(EXAMPLES / "readers/iard")], dataset="d")
    with Store.open(tmp_path / "s.duckdb") as store:
        assert [row["lends_text"] for row in store.rows("publish/sources", dataset="d")] == [True]
