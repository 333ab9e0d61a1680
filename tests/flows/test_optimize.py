"""The search as a flow: a flow of its own for each generation, what it shows, and a race on the way."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey, FlowRunFilter, FlowRunFilterStartTime

from understudy.doors.events import recording
from understudy.doors.store import Store
from understudy.flows import stages
from understudy.parameters import PanelSize, Search
from understudy.search.plan import n_survivors


@pytest.mark.usefixtures("prefect_server", "valid_drawings")
def test_each_generation_is_a_flow_with_pictures_and_a_race_leaves_its_laps(night: dict[str, Any]) -> None:
    store, told = night["options"].store, list[tuple[str, str, str]]()
    # of half of a smaller panel not everything would be measured
    search: Search = night["search"].model_copy(update={"racing": True, "panel": PanelSize(per_stratum=4, behaviour=8, free=4)})
    began = datetime.now(UTC)
    with recording(None, listener=lambda *event: told.append(event)):
        found = stages.optimize("sample", search=search, options=night["options"])
    key = found["run"]
    lines = [line for stage, event, line in told if (stage, event) == ("optimize", "generation_told")]
    assert len(lines) == 2
    assert "hypervolume" in lines[-1]
    assert "dialogues" in lines[-1]

    # the server is shared with other tests: what it is asked for is what this search left
    since = FlowRunFilter(start_time=FlowRunFilterStartTime(after_=began))
    of_key = ArtifactFilter(key=ArtifactFilterKey(like_=f"%{key[:8]}%"))
    with get_client(sync_client=True) as client:
        names = [run.name for run in client.read_flow_runs(flow_run_filter=since)]
        shown = client.read_artifacts(artifact_filter=of_key)
    assert {"generation 0", "generation 1"} <= set(names)
    for name in (f"front-{key[:8]}-1", f"hypervolume-{key[:8]}", f"operators-{key[:8]}"):
        assert all("data:image/svg+xml" in str(one.data) for one in shown if one.key == name)
        assert name in {one.key for one in shown}
    # an artifact of a key is kept in every version
    assert {one.data for one in shown if one.key == f"search-{key[:8]}"} == {50.0, 100.0}

    with Store.open(store) as opened:
        laps = opened.rows("optimize/races", run_key=key, generation=1)
        progress = opened.rows("optimize/progress", run_key=key)
    assert len(laps) == search.population + n_survivors(search.population)
    dropped = [lap for lap in laps if lap["dropped"]]
    assert all(lap["p_dominated"] >= 0.95 for lap in dropped)
    assert progress[-1]["n_dialogues_so_far"] == found["n_dialogues"]

    again = stages.optimize("sample", search=search, options=night["options"])
    assert again["n_model_calls"] == 0
    assert again["front_digest"] == found["front_digest"]


@pytest.mark.usefixtures("prefect_server")
def test_a_search_from_the_shipped_prompts_plays_them_beside_its_seed_under_a_key_of_its_own(night: dict[str, Any]) -> None:
    small = {"panel": PanelSize(per_stratum=2, behaviour=4, free=2), "front_panel": PanelSize(per_stratum=2, behaviour=4, free=2)}
    search: Search = night["search"].model_copy(update={**small, "generations": 1, "population": 2, "from_shipped": True})
    found = stages.optimize("sample", search=search, options=night["options"])
    with Store.open(night["options"].store) as opened:
        first = opened.rows("optimize/candidates", run_key=found["run"], generation=0)
        assert [row["operator"] for row in first] == ["seed", *["shipped"] * 10]
        assert len({row["genome_digest"] for row in first}) == 11
        rows = opened.rows("optimize/candidates", run_key=found["run"], generation=1)
        assert {row["operator"] for row in rows} & {"survivor"}
        config = json.loads(opened.rows("optimize/runs_like", prefix=found["run"])[0]["config"])
    # what was not asked for is not in the key
    assert (config["from_shipped"], "critic_share" in config) == (True, False)
