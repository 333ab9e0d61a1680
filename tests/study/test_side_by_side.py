"""Seed and pick are shown in the same scenarios, of dialogues that no search has seen; text of the logs is left out, and text is data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.study.test_usage import dialogue
from understudy.doors.store import Store
from understudy.report.document import as_markdown
from understudy.studies.compare import side_by_side
from understudy.tasks.studies.side_by_side import pairs_of

LOGGED = "I would really like to see a film about trains"
EVIL = "<script>alert(1)</script> **bold** | cell"


def setting(before: str = "seed", after: str = "pick") -> Any:
    return {"setting": "zero_shot", "genome_digest": {"before": before, "after": after}}


def run(store: Store, key: str, genome: str, scenario: str, said: str, *, human: str = "h1", status: str = "complete") -> None:
    row = {**dialogue(key, "m", "free"), "genome_digest": genome, "scenario_id": scenario, "dialogue_id": human, "status": status}
    store.add("play.dialogues", [row])
    texts = [("recommender", "Hello."), ("seeker", said)]
    turns = [
        {"play_key": key, "turn_index": place, "role": role, "text": text, "item_ids": [], "ranked_ids": []}
        for place, (role, text) in enumerate(texts)
    ]
    store.add("play.turns", turns)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A store whose human dialogue h1 is of `select` and h2 of `search`; h1 has one turn."""
    import polars as pl

    monkeypatch.setattr("understudy.tasks.studies.side_by_side.humans.current_profile", lambda *_: "p")
    frame = Store.frame
    logs = pl.DataFrame([{"dialogue_id": "h1", "turn_index": 0, "text": LOGGED}])
    monkeypatch.setattr(Store, "frame", lambda self, query, **given: logs if query == "ingest/turns" else frame(self, query, **given))
    with Store.open(tmp_path / "s.duckdb") as opened:
        splits = [("h1", "select"), ("h2", "search")]
        store_rows = [{"profile_key": "p", "dialogue_id": name, "seeker_id": name, "split": split} for name, split in splits]
        opened.add("profile.splits", store_rows)
        yield opened


def test_only_scenarios_of_both_prompts_that_no_search_has_seen_are_shown(store: Store) -> None:
    run(store, "a", "seed", "s1", "Hi.")
    run(store, "b", "pick", "s1", EVIL)
    run(store, "c", "seed", "s2", "Alone.")
    run(store, "d", "seed", "s3", "Searched.", human="h2")
    run(store, "e", "pick", "s3", "Searched.", human="h2")
    run(store, "f", "seed", "s4", "Broken.")
    run(store, "g", "pick", "s4", "Broken.", status="missing")
    run(store, "h", "seed", "s5", "Cut", status="invalid")
    run(store, "i", "pick", "s5", "Whole.")
    pair, faulty = pairs_of(store, "d", [setting()])
    assert faulty.before_end == "invalid (x)"
    assert "seed prompt it ended as invalid (x), with the pick as complete (x)" in as_markdown(side_by_side.document([faulty]))
    assert (pair.scenario_id, pair.dialogue_id, pair.setting) == ("s1", "h1", "zero_shot")
    text = as_markdown(side_by_side.document([pair]))
    assert "human dialogue h1" in text
    assert "| recommender: Hello. | recommender: Hello. |" in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; \\*\\*bold\\*\\* \\| cell" in text
    assert "<script>" not in text


def test_a_turn_that_repeats_the_logs_is_left_out(store: Store) -> None:
    run(store, "a", "seed", "s1", f"Well, {LOGGED.lower()}.")
    run(store, "b", "pick", "s1", "I like trains.")
    text = as_markdown(side_by_side.document(pairs_of(store, "d", [setting()])))
    assert "film about trains" not in text
    assert side_by_side.LEFT_OUT in text
    assert "I like trains." in text


def test_a_pick_that_is_the_seed_is_shown_once_and_settings_share_the_places(store: Store) -> None:
    for place in range(5):
        run(store, f"a{place}", "seed", f"s{place}", "Hi.")
        run(store, f"b{place}", "other", f"s{place}", "Ho.")
    pairs = pairs_of(store, "d", [setting(after="seed"), setting("seed", "other")], n=5)
    assert [pair.before == pair.after for pair in pairs] == [True, True, True, False, False]
    assert "| seed prompt and pick alike |" in as_markdown(side_by_side.document(pairs))
    alone = as_markdown(side_by_side.document(pairs[:1]))
    assert "| seed prompt |" in alone
    assert "1 free runs with seed prompts" in alone


def test_where_nothing_was_played_by_both_the_page_says_so(store: Store) -> None:
    assert "nothing to show" in as_markdown(side_by_side.document(pairs_of(store, "d", [setting()])))
