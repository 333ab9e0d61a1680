"""What a table took is what its models took, of whoever paid; what a server does not say, and what was not recorded, is unknown."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from understudy.doors.store import Store
from understudy.parameters import Models
from understudy.tasks.studies.usage import UsageFields, usage

NOW = datetime(2026, 1, 1)


def reply(key: str, model: str, **more: Any) -> dict[str, Any]:
    row = {
        "completion_key": key, "role": "seeker", "model": model, "reported_model": model, "engine": model, "text": "t",
        "finish_reason": "stop", "fingerprint": "", "prompt_tokens": 100, "completion_tokens": 10, "latency_s": 90.0, "made_at": NOW,
        "cached_tokens": 40,
    }  # fmt: skip
    return {**row, **more}


def dialogue(key: str, model: str, mode: str) -> dict[str, Any]:
    texts = dict.fromkeys(("scenario_id", "dialogue_id", "genome_digest", "recommender", "engine", "status", "reason"), "x")
    numbers = {"replicate": 0, "title_in_prompt": False, "n_turns": 1, "n_tokens": 1}
    return {"play_key": key, "profile_key": "p", "mode": mode, "model": model, **texts, **numbers}


@pytest.fixture
def took(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("understudy.tasks.studies.usage.humans.current_profile", lambda *_: "p")

    def counted(replies: list[dict[str, Any]], *, on_a_machine: bool = True) -> UsageFields:
        with Store.open(tmp_path / "s.duckdb") as store:
            store.add("play.completions", replies)
            store.add("play.dialogues", [dialogue("a", "openai/x^80", "free"), dialogue("b", "openai/x~1", "replay")])
            store.add("play.dialogues", [dialogue("c", "openai/xy", "free")])
            machine = {"run_id": "r", "processor": "Chip", "n_cores": 2, "memory_bytes": 8 << 30, "system": "Linux"}
            store.add("play.machines", [machine] if on_a_machine else [])
            return usage(store, "d", Models(seeker="openai/x", critic="openai/c"))

    return counted


def test_calls_tokens_and_minutes_of_every_role_and_age_are_summed(took: Any) -> None:
    replies = [reply("1", "openai/x"), reply("2", "openai/x^80~2"), reply("3", "openai/c"), reply("4", "openai/xy", latency_s=9e9)]
    assert took(replies) == {
        "n_calls": 3, "n_contexts": 1, "n_free_runs": 1, "prompt_tokens_computed": {"value": 180}, "prompt_tokens_cached": {"value": 120},
        "reply_tokens": 30, "minutes": {"value": 4.5}, "machines": ["Chip, 2 cores, 8 GB, Linux"],
    }  # fmt: skip


def test_what_is_not_known_has_a_reason_and_no_number(took: Any) -> None:
    found = took([reply("1", "openai/x", cached_tokens=None)], on_a_machine=False)
    assert found["prompt_tokens_computed"]["value"] is None
    assert "1 replies" in found["prompt_tokens_cached"]["reason"]
    assert found["machines"] == {"value": None, "reason": "not recorded"}


def test_without_a_call_there_are_no_minutes(took: Any) -> None:
    assert took([])["minutes"]["value"] is None
