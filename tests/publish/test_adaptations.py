"""What was left out of the requests to a model stands in the lineage of a release and on its card."""

from __future__ import annotations

from pathlib import Path

from understudy.doors.store import Store
from understudy.release import card
from understudy.tasks.publish import batch

LEFT_OUT = (
    {"model": "openai/o3-mini", "parameter": "temperature", "value": "", "instead": ""},
    {"model": "openai/gemma", "parameter": "system message", "value": "", "instead": "the first user message"},
    {"model": "openai/other", "parameter": "seed", "value": "", "instead": ""},
)


def test_the_lineage_names_what_the_models_of_a_batch_did_not_take(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.duckdb") as store:
        store.add("play.adaptations", [{"adaptation_key": str(at), **one} for at, one in enumerate(LEFT_OUT)])
        both = {"model": "openai/o3-mini^4000~2", "recommender": 'llm@2{"model":"openai/gemma~1"}'}
        assert batch._adaptations(store, both) == {"adaptations": [LEFT_OUT[1], LEFT_OUT[0]]}
        assert batch._adaptations(store, {"model": "rehearsal/0", "recommender": "retrieval@2"}) == {}


def test_the_card_tells_it() -> None:
    (told,) = card._adaptations(LEFT_OUT[:2])
    assert "| openai/gemma | system message | the first user message |" in told
    assert "| openai/o3-mini | temperature | nothing |" in told
    assert card._adaptations(()) == []
