"""On the real ReDial files the figures are those that were computed apart from this code."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stored import on
from understudy.doors.store import Store
from understudy.tasks.ingest.logs import ingest_logs
from understudy.tasks.profile.dataset import _write

REDIAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "redial"
pytestmark = [
    pytest.mark.logs,
    pytest.mark.skipif(not (REDIAL / "movies.json").is_file(), reason="needs the ReDial files in ../shared/data/redial"),
]


@pytest.fixture(scope="module")
def store_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("redial") / "s.duckdb"
    done = on(path, ingest_logs, "redial", [str(REDIAL)], dataset="redial")
    assert (done["n_records"], done["n_dialogues"], done["n_rejects"]) == (4418, 4418, 0)
    return path


def test_the_human_figures_are_reproduced(store_path: Path) -> None:
    with Store.open(store_path) as store:
        seen = store.rows("profile/human_figures", dataset="redial")[0]
    assert seen["n_dialogues"] == 4418
    for name, expected in {
        "messages_mean": 16.99,
        "messages_sd": 5.41,
        "turns_mean": 12.07,
        "turns_sd": 3.89,
        "seeker_turns_mean": 5.95,
        "seeker_turns_sd": 1.98,
        "named_entropy_bits": 10.46,
    }.items():
        assert round(seen[name], 2) == expected, name
    assert (seen["n_suggested"], seen["n_mentioned"], seen["n_dialogues_with_disliked"]) == (15635, 7367, 776)
    assert (seen["n_named"], seen["n_named_items"]) == (28188, 4176)
    suggested = [round(100 * seen[f"n_suggested_{name}"] / 15635, 1) for name in ("liked", "disliked", "unstated")]
    mentioned = [round(100 * seen[f"n_mentioned_{name}"] / 7367, 1) for name in ("liked", "disliked", "unstated")]
    assert suggested == [77.3, 5.7, 16.9]
    assert mentioned == [88.1, 2.5, 9.4]


@pytest.mark.prove
def test_the_official_test_split_stays_and_select_carries_a_report(store_path: Path) -> None:
    with Store.open(store_path) as store, store.transaction():
        _write(store, "k", "redial", "d", 0)
        splits = {row["split"]: row for row in store.rows("profile/splits", profile_key="k")}
        strata = {row["stratum"]: row["n"] for row in store.rows("profile/strata", profile_key="k") if row["split"] == "select"}
        moved = store.rows("profile/n_moved", profile_key="k")[0]["n"]
        leaks = {row["what"]: row for row in store.rows("profile/history_leak", profile_key="k")}
    assert (splits["test"]["n_dialogues"], moved) == (1342, 0)
    assert sum(row["n_dialogues"] for row in splits.values()) == 4418
    assert min(strata.values()) >= 150
    # 12.5 % of iEvaLM's instances have their target in the context; ours are fewer, and none of them is played
    for what, least in (("reactions", 8000), ("scenarios", 2500)):
        assert leaks[what]["n"] >= least
        assert 0 < leaks[what]["n_flagged"] < 0.125 * leaks[what]["n"]
