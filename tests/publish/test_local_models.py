"""What is known of local weights stands with a batch, in the lineage of its release and on the card, and does not change afterwards."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from understudy.doors.gateway.ledger import Ledger
from understudy.doors.local.facts import ServedModel
from understudy.doors.store import Store
from understudy.release import card
from understudy.tasks.simulate.behind import local_models_behind

SHA = "ab" * 32
SERVED = ServedModel(
    f"local/tiny-1M.Q4_K_M@{SHA}", "tiny-1M", "Q4_K_M", SHA, "hf:o/r/f.gguf", "c0ffee", "apache-2.0", "xllamacpp 1", 1, False
)
BATCH = {"verifier": None, "genome_digest": "g", "recommender": "retrieval@2", "engine": "x"}


def noted(store: Path, *served: ServedModel) -> None:
    ledger = Ledger(store, run_id="run", now=lambda: datetime.now(UTC))
    for one in served:
        ledger.note_served(one)
    ledger.close()


def test_replies_are_to_be_had_again_only_where_they_were_always_computed_whole_and_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    noted(path, SERVED, SERVED)
    # another run over the same store does not know the row
    noted(path, SERVED)
    with Store.open(path) as store:
        assert store.counts()["play.local_models"] == 1
        [told] = local_models_behind(store, {**BATCH, "model": f"{SERVED.model}^200~2"})
        assert told["reproducible"] == "by the same calls"
        facts = {name: value for name, value in asdict(SERVED).items() if name not in ("n_slots", "prefix_cache")}
        assert told == {**facts, "reproducible": told["reproducible"]}
    noted(path, replace(SERVED, n_slots=4))
    with Store.open(path) as store:
        [told] = local_models_behind(store, {**BATCH, "model": SERVED.model})
        assert told["reproducible"] == "from the recording"
        # as a fallback it is known by who answered, as a recommender by its options
        assert local_models_behind(store, {**BATCH, "model": "openai/x", "engine": f"gpt+tiny-1M.Q4_K_M@{SHA[:12]}"}) == [told]
        assert local_models_behind(store, {**BATCH, "model": "openai/x", "recommender": f'llm@2{{"model":"{SERVED.model}"}}'}) == [told]
        assert local_models_behind(store, {**BATCH, "model": "rehearsal/0"}) == []


def test_the_card_names_weights_quantization_revision_and_engine() -> None:
    facts = {**asdict(SERVED), "reproducible": "from the recording"}
    (told,) = card._local_models([facts])
    assert f"| tiny-1M | Q4_K_M | `{SHA}` | hf:o/r/f.gguf at c0ffee | apache-2.0 | xllamacpp 1 | from the recording |" in told
    assert card._local_models(()) == []
