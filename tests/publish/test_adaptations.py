"""What was left out of the requests to a model stands in the lineage of a release and on its card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from understudy.doors.store import Store
from understudy.release import card
from understudy.tasks.publish import batch

LEFT_OUT = (
    {"model": "openai/o3-mini", "parameter": "temperature", "value": "", "instead": ""},
    {"model": "openai/gemma", "parameter": "system message", "value": "", "instead": "the first user message"},
    {"model": "openai/other", "parameter": "seed", "value": "", "instead": ""},
    {"model": "openai/critic", "parameter": "temperature", "value": "", "instead": ""},
)


def candidate(run_key: str, operator: str, position: int) -> dict[str, Any]:
    return {
        "run_key": run_key, "generation": 0, "position": position, "genome_digest": "g", "operator": operator, "parents": ["s"],
        "status": "ok", "reason": "",
    }  # fmt: skip


def run(run_key: str, critic: str) -> dict[str, Any]:
    named = dict.fromkeys(("profile_key", "setting", "algorithm", "model"), "x")
    return {"run_key": run_key, **named, "seed": 0, "config": json.dumps({"critic": critic})}


def test_the_lineage_names_what_the_models_of_a_batch_did_not_take(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.duckdb") as store:
        store.add("play.adaptations", [{"adaptation_key": str(at), **one} for at, one in enumerate(LEFT_OUT)])
        store.add("optimize.runs", [run("proposed", "openai/critic^900"), run("began with it", "openai/other"), run("without", "")])
        store.add("optimize.candidates", [candidate("proposed", "treat", 0), candidate("began with it", "seed", 0)])
        store.add("optimize.candidates", [candidate("without", "controls", 0)])
        nothing = {"verifier": None, "genome_digest": "other"}
        both = {**nothing, "model": "openai/o3-mini^4000~2", "recommender": 'llm@2{"model":"openai/gemma~1"}'}
        assert batch._adaptations(store, both) == {"adaptations": [LEFT_OUT[1], LEFT_OUT[0]]}
        embedded = {**nothing, "model": "rehearsal/0", "recommender": "retrieval@2"}
        assert batch._adaptations(store, embedded) == {}
        assert batch._adaptations(store, {**embedded, "verifier": "openai/other~3"}) == {"adaptations": [LEFT_OUT[2]]}
        assert batch._adaptations(store, {**embedded, "genome_digest": "g"}) == {"adaptations": [LEFT_OUT[3]]}


def test_the_card_tells_it() -> None:
    (told,) = card._adaptations(LEFT_OUT[:2])
    assert "| openai/gemma | system message | the first user message |" in told
    assert "| openai/o3-mini | temperature | nothing |" in told
    assert card._adaptations(()) == []
