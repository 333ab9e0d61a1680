"""Opening models: which name each role has in keys, when a new age begins, and that a night has one gateway."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import is_dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest

from understudy.completion import Completion, Message, Request
from understudy.doors.gateway.ledger import Ledger
from understudy.errors import UnderstudyError
from understudy.flows.stages import compare
from understudy.parameters import Models, RunOptions, checked
from understudy.tasks.play.opened import Cast, joined

NOW = datetime.now(UTC).replace(tzinfo=None)


@pytest.fixture(scope="module")
def store(profiled_sample: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(copyfile(profiled_sample, tmp_path_factory.mktemp("models") / "s.duckdb"))


def keep(store: str, model: str, *, days_ago: float) -> None:
    ledger = Ledger(store, run_id="r", now=lambda: NOW - timedelta(days=days_ago))
    request = Request("seeker", model, (Message("user", "hi"),), 0.7, 1.0, 50, 1)
    ledger.keep(
        None, request.key, request=request, completion=Completion("x", "m", "m", "stop", "", 1, 1), usd=None, latency_s=0.1
    ).result()
    ledger.close()


def named(store: str, **models: Any) -> Cast:
    with joined("sample", RunOptions(store=Path(store), models=checked(Models, models))) as opened:
        return opened.cast


def test_the_embedded_model_is_named_with_what_it_was_fitted_on_and_hosted_ones_as_they_are(store: str) -> None:
    opened = named(store, judge="openai/gpt-4o-mini")
    assert opened.seeker == opened.verifier == opened.recommender == opened.critic
    assert opened.seeker.startswith("rehearsal/0@")
    assert opened.judge == "openai/gpt-4o-mini"


def test_a_refresh_begins_a_new_age_that_later_runs_stay_with(store: str) -> None:
    keep(store, "openai/drifting", days_ago=20)
    assert named(store, seeker="openai/drifting").seeker == "openai/drifting"
    assert named(store, seeker="openai/drifting", refresh=True).seeker == "openai/drifting~1"
    # nothing was asked under it, so it has not begun
    assert named(store, seeker="openai/drifting").seeker == "openai/drifting"
    keep(store, "openai/drifting~1", days_ago=5)
    assert named(store, seeker="openai/drifting").seeker == "openai/drifting~1"
    assert named(store, seeker="openai/drifting", max_age_days=6).seeker == "openai/drifting~1"
    assert named(store, seeker="openai/drifting", max_age_days=4).seeker == "openai/drifting~2"
    assert named(store, refresh=True).seeker.endswith(named(store).seeker.partition("@")[2]), "the embedded model does not drift"


def test_within_a_night_there_is_one_gateway_and_one_age(store: str) -> None:
    keep(store, "openai/nightly", days_ago=1)
    models = checked(Models, {"seeker": "openai/nightly", "refresh": True})
    with joined("sample", RunOptions(store=Path(store), models=models)) as night:
        assert night.cast.seeker == "openai/nightly~1"
        with joined("sample", night) as stage:
            assert stage is night
        with pytest.raises(UnderstudyError, match="one of 'sample', not of 'other'"), joined("other", night):
            pass


def test_a_handle_is_no_value_that_could_be_copied_kept_or_walked_through(store: str) -> None:
    with joined("sample", RunOptions(store=Path(store))) as opened:
        for handle in (opened, opened.store, opened.humans):
            assert not is_dataclass(handle)
            with pytest.raises(TypeError):
                vars(handle)
            with pytest.raises(TypeError):
                deepcopy(handle)
        shown = compare.serialize_parameters({"options": opened, "found": {"dataset": "sample"}})
    assert shown == {"options": "<OpenRun>", "found": {"dataset": "sample"}}


def test_a_fallback_may_be_the_embedded_model(store: str) -> None:
    models = checked(Models, {"seeker": "openai/nightly", "fallbacks": {"seeker": ["rehearsal"]}})
    with joined("sample", RunOptions(store=Path(store), models=models)) as opened:
        assert opened.gateway._config.fallbacks["seeker"][0].startswith("rehearsal/0@")
