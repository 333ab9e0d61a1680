"""A release with its TSTR, by rehearsal: the seed prompt plays once, the figures stand in manifest and card, uses of `test` count."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.flows import stages
from understudy.flows.nightly import nightly
from understudy.parameters import Caps, PanelSize, RunOptions
from understudy.studies.usefulness.figures import NAMES

REPORT = PanelSize(per_stratum=3, behaviour=5, free=2)
N = 30


def candidate(store: Path) -> str:
    """A prompt that the search proposed and that is not the one it began with."""
    with Store.open(store) as opened:
        return candidate_in(opened)


def candidate_in(opened: Store) -> str:
    """The same, of a store that is open."""
    run = opened.rows("optimize/runs")[0]["run_key"]
    rows = [row for at in (0, 1) for row in opened.rows("optimize/candidates", run_key=run, generation=at)]
    return next(str(row["genome_digest"]) for row in rows if row["operator"] not in ("seed", "survivor") and row["status"] != "rejected")


@pytest.fixture
def published(night: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What `publish` needs for a batch of a searched prompt, which is as if the gates had passed it."""
    monkeypatch.setattr("understudy.tasks.publish.batch._verdicts", lambda *_: [])
    options: RunOptions = night["options"]
    stages.optimize("sample", search=night["search"], options=options)
    stages.simulate("sample", genome_digest=candidate(options.store), n=N, batch="one", report=REPORT, options=options)
    return {"batch": "one", "name": "small", "store": options.store, "options": options, "tstr": True}


@pytest.mark.integration
@pytest.mark.usefixtures("plain_flows", "few_halvings")
def test_a_release_tells_what_models_learn_from_it(published: dict[str, Any]) -> None:
    first = stages.publish(**published)
    tstr = first["tstr"]
    assert first["n_model_calls"] > N
    assert (tstr["split"], tstr["part"], tstr["underpowered"]) == ("select", "reporting", True)
    assert all(tstr["trained_on"][arm]["figures"][name]["value"] is not None for arm in tstr["trained_on"] for name in NAMES)
    folder = Path(first["release"]["path"])
    assert json.loads((folder / "manifest.json").read_text())["figures"]["tstr"] == tstr
    assert "## Usefulness" in (folder / "README.md").read_text()

    again = stages.publish(**published)
    assert again == {**first, "n_model_calls": 0}
    assert stages.publish(**{**published, "tstr": False})["tstr"] == tstr, "what was measured is told from then on"
    with Store.open(published["store"]) as store:
        assert store.counts()["optimize.test_uses"] == 0

    final = stages.publish(**{**published, "final": True})
    assert (final["tstr"]["split"], final["tstr"]["part"], final["tstr"]["n_test_uses"]) == ("test", None, 1)
    assert final["n_model_calls"] == 0
    stages.publish(**{**published, "final": True})
    with Store.open(published["store"]) as store:
        assert store.counts()["optimize.test_uses"] == 1


@pytest.mark.integration
@pytest.mark.usefixtures("plain_flows", "few_halvings")
def test_a_seed_prompt_that_a_cap_stops_is_not_measured_and_goes_on_later(published: dict[str, Any]) -> None:
    options: RunOptions = published["options"]
    assert stages.publish(**{**published, "tstr": False})["tstr"]["value"] is None
    capped = stages.publish(**{**published, "options": options.model_copy(update={"caps": Caps(calls=20)})})
    seed = capped["tstr"]["trained_on"]["seed_prompt"]
    assert {one["value"] for one in seed["figures"].values()} == {None}
    assert "could not be played" in seed["figures"]["mrr"]["reason"]
    assert capped["tstr"]["trained_on"]["mix"]["figures"]["mrr"]["value"] is not None
    whole = stages.publish(**published)
    assert whole["tstr"]["trained_on"]["seed_prompt"]["figures"]["mrr"]["value"] is not None
    assert whole["release"]["version"] == 3
    other = options.model_copy(update={"models": options.models.model_copy(update={"seeker": "openai/other"})})
    with pytest.raises(BadInput, match="was played by"):
        stages.publish(**{**published, "options": other})


@pytest.mark.integration
@pytest.mark.usefixtures("plain_flows", "few_halvings", "quick_suites")
def test_a_night_counts_the_dialogues_of_the_seed_prompt(night: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("understudy.tasks.publish.batch._verdicts", lambda *_: [])
    monkeypatch.setattr("understudy.flows.stages.require_passed", lambda fields: fields)
    monkeypatch.setattr("understudy.tasks.publish.seed_batch.seed_prompt", lambda store, _: (candidate_in(store), ""))
    first = nightly(**{**night, "n": N, "tstr": True})
    assert first["calls"]["tstr"] > 0
    assert sum(first["calls"].values()) == first["n_model_calls"]
    assert first["tstr"]["trained_on"]["seed_prompt"]["figures"]["mrr"]["value"] is not None
    again = nightly(**{**night, "n": N, "tstr": True})
    assert (again["n_model_calls"], again["tstr"], again["release"]) == (0, first["tstr"], first["release"])
    without = nightly(**{**night, "n": N, "batch": "two"})
    assert "tstr" not in without["calls"]
    assert without["tstr"]["value"] is None
