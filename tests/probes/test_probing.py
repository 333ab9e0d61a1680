"""The probe on the sample: what the model is sent, what it is held against, and what is said where nothing can be measured."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest

import tasks.profile
from tasks.ingest import ingest_logs
from tasks.models import OpenModels
from tasks.play import human_side
from tasks.probing import SPLIT, probe_model
from understudy import stock
from understudy.completion import Completion, MissingReply, Request
from understudy.doors.store import Store
from understudy.errors import BadInput, ProviderFailed

SAMPLE = Path(__file__).resolve().parents[2] / "examples" / "sample"
Answer = TypeVar("Answer")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = str(tmp_path_factory.mktemp("store") / "s.duckdb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tasks.profile, "measure_anchors", lambda *_: None)
        ingest_logs.fn(path, "redial", [str(SAMPLE)], dataset="sample")
        tasks.profile.profile_dataset.fn(path, "sample")
    return path


@dataclass
class FakeGateway:
    """Answers by a function of the talk that is shown."""

    says: Callable[[str], list[str]]
    requests: list[Request] = field(default_factory=list)

    @property
    def n_calls(self) -> int:
        return len(self.requests)

    def run(self, coroutine: Coroutine[Any, Any, Answer]) -> Answer:
        return asyncio.run(coroutine)

    async def complete(self, request: Request) -> Completion:
        self.requests.append(request)
        titles = self.says(request.messages[-1].content)
        return Completion(json.dumps({"titles": titles}), "m", "some-model", "stop", "", 1, 1)


def opened(gateway: FakeGateway, seeker: str = "some-model") -> OpenModels:
    return cast(OpenModels, OpenModels(gateway, None, *[seeker] * 5))  # type: ignore[arg-type]


def test_a_model_that_knows_the_logs_by_heart_is_suspected(store: str) -> None:
    with Store.open(store) as kept:
        profile_key = stock.current_profile(kept, "sample")
        said = stock.load_human_turns(kept, profile_key, SPLIT)
    side = human_side(store, profile_key, "sample")
    by_opening: dict[str, str] = {}
    first = {row["dialogue_id"]: row["text"] for row in reversed(said.to_dicts()) if row["role"] == "seeker" and row["text"]}
    for scenario in side.scenarios(SPLIT).values():
        by_opening.setdefault(first[scenario.dialogue_id], side.items[scenario.target].label)

    def by_heart(shown: str) -> list[str]:
        lines = [line.removeprefix("<seeker>").removesuffix("</seeker>") for line in shown.split("\n") if line.startswith("<seeker>")]
        return [by_opening.get(lines[0], "Some Film"), "Some Film"]

    gateway = FakeGateway(by_heart)
    told = probe_model(store, "sample", opened(gateway), task="contamination", n=80, seed=0)
    assert told["n_contexts"] == told["n_answered"] == told["n_model_calls"] == 80
    assert (told["outcome"], told["split"], told["engine"]) == ("suspected", SPLIT, "some-model")
    assert told["hit_at_1"]["model"]["value"] > told["hit_at_1"]["popularity"]["value"]
    json.dumps(told, allow_nan=False)


def test_a_model_that_knows_nothing_is_not(store: str) -> None:
    told = probe_model(store, "sample", opened(FakeGateway(lambda _: ["Some Film"])), task="contamination", n=80, seed=0)
    assert (told["outcome"], told["hit_at_10"]["model"]["value"], told["n_ungrounded"]) == ("not_suspected", 0, 80)


def test_a_model_that_does_not_answer_ends_as_a_failed_provider(store: str) -> None:
    def silent(_: str) -> list[str]:
        raise MissingReply("timed out")

    with pytest.raises(ProviderFailed, match="60 of 60") as caught:
        probe_model(store, "sample", opened(FakeGateway(silent)), task="contamination", n=60, seed=0)
    assert "timed out" in caught.value.hint


def test_without_a_profile_there_is_nothing_to_probe(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no profile"):
        probe_model(str(tmp_path / "s.duckdb"), "sample", opened(FakeGateway(lambda _: [])), task="contamination", n=9, seed=0)


def test_the_command_says_that_rehearsal_cannot_be_contaminated(store: str) -> None:
    run = [sys.executable, "-c", "from flows.cli import main; main()"]
    command = [*run, "probe", "--dataset", "sample", "--n", "20", "--store", store, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=SAMPLE.parents[1], check=False)
    told = json.loads(done.stdout)
    assert (done.returncode, told["outcome"], told["n_model_calls"]) == (0, "not_measured", 0)
    assert "not a language model" in told["reason"]
    assert told["hit_at_10"]["model"]["value"] is None
