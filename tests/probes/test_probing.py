"""The probe on the sample: what the model is sent, what it is held against, and what is said where nothing can be measured."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest
from typer.testing import CliRunner

from tests.probes import loopback, planted
from tests.stored import on
from understudy import probes
from understudy.completion import ROLES, Completion, MissingReply, Request
from understudy.doors.store import Store
from understudy.errors import BadInput, BudgetExhausted, ProviderFailed
from understudy.flows.cli.app import app
from understudy.parameters import REPORT_PANEL, Caps, Models, RunOptions, Search
from understudy.rows import humans as stock
from understudy.rows.handle import Humans
from understudy.tasks.ingest.logs import ingest_logs
from understudy.tasks.play.opened import Cast, OpenRun, joined
from understudy.tasks.studies import probe as probing
from understudy.tasks.studies.asked import Asked
from understudy.tasks.studies.estimate import estimate_run
from understudy.tasks.studies.probe import SPLIT, probe_model

Answer = TypeVar("Answer")


@pytest.fixture(scope="module")
def store(profiled_sample: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(shutil.copy(profiled_sample, tmp_path_factory.mktemp("store") / "s.duckdb"))


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


def probed_by(path: str, gateway: FakeGateway, *, task: str, n: int) -> dict[str, Any]:
    """The fields of a probe of some model behind a gateway."""
    with Store.open(path) as store:
        fake, nobody = cast(Any, gateway), cast(Any, None)
        run = OpenRun(store, Humans.of(store, "sample"), RunOptions(), gateway=fake, http=nobody, cast=Cast(*["some-model"] * 5))
        return probe_model(run, task=task, n=n)


def humans_of(path: str, ratings: str | None = None) -> probes.HumanLogs:
    """What the store at `path` holds for probes."""
    with Store.open(path) as store:
        return probing.humans_of(store, Humans.of(store, "sample"), ratings=ratings)


def test_a_model_that_knows_the_logs_by_heart_is_suspected(store: str) -> None:
    by_opening: dict[str, str] = {}
    with Store.open(store) as kept:
        humans = Humans.of(kept, "sample")
        said = humans.turns(SPLIT).to_dicts()
        first = {row["dialogue_id"]: row["text"] for row in reversed(said) if row["role"] == "seeker" and row["text"]}
        for scenario in humans.scenarios(SPLIT).values():
            by_opening.setdefault(first[scenario.dialogue_id], humans.items[scenario.target].label)

    def by_heart(shown: str) -> list[str]:
        lines = [line.removeprefix("<seeker>").removesuffix("</seeker>") for line in shown.split("\n") if line.startswith("<seeker>")]
        return [by_opening.get(lines[0], "Some Film"), "Some Film"]

    gateway = FakeGateway(by_heart)
    told = probed_by(store, gateway, task="contamination", n=80)
    assert told["n_contexts"] == told["n_answered"] == told["n_model_calls"] == 80
    assert (told["outcome"], told["split"], told["engine"]) == ("suspected", SPLIT, "some-model")
    assert told["hit_at_1"]["model"]["value"] > told["hit_at_1"]["popularity"]["value"]
    json.dumps(told, allow_nan=False)


def test_a_model_that_knows_nothing_is_not(store: str) -> None:
    told = probed_by(store, FakeGateway(lambda _: ["Some Film"]), task="contamination", n=80)
    assert (told["outcome"], told["hit_at_10"]["model"]["value"], told["n_ungrounded"]) == ("not_suspected", 0, 80)


def test_a_model_that_does_not_answer_ends_as_a_failed_provider(store: str) -> None:
    def silent(_: str) -> list[str]:
        raise MissingReply("timed out")

    with pytest.raises(ProviderFailed, match="60 of 60") as caught:
        probed_by(store, FakeGateway(silent), task="contamination", n=60)
    assert "timed out" in caught.value.message


def test_the_estimate_counts_the_questions_that_are_then_asked(store: str) -> None:
    asked = Asked("sample", "", "probe", Search(), REPORT_PANEL, 30, "retrieval", 0, None, task="all")
    told = estimate_run(store, asked, models=Models(seeker="openai/some-model", prices={"*": (1.0, 1.0)}))
    gateway = FakeGateway(lambda _: ["Some Film"])
    probed_by(store, gateway, task="all", n=30)
    low, high = told["n_calls"]["range"]
    n_asked = {row["stage"]: row["n_calls"]["range"][0] for row in told["stages"]}
    assert list(n_asked) == probes.names()
    # the form of this answer is that of one task alone: each of the others' questions is asked once more for its own
    assert gateway.n_calls == 2 * low - n_asked["contamination"] <= high
    assert low > 100
    assert told["usd"]["value"] > 0
    embedded = estimate_run(store, asked, models=Models())
    assert (embedded["n_calls"]["range"], embedded["assumptions"]["calls"]) == ([0, 0], {})


def test_without_a_profile_there_is_nothing_to_probe(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no profile"):
        probed_by(str(tmp_path / "s.duckdb"), FakeGateway(lambda _: []), task="contamination", n=9)


def test_the_command_says_that_rehearsal_cannot_be_contaminated(store: str) -> None:
    done = CliRunner().invoke(app, ["probe", "--dataset", "sample", "--n", "20", "--store", store, "--json"])
    told = json.loads(done.stdout)
    assert (done.exit_code, told["outcome"], told["n_model_calls"]) == (0, "not_measured", 0)
    assert "not a language model" in told["reason"]
    assert told["hit_at_10"]["model"]["value"] is None


def probed(store: str, says: Any, *, name: str, caps: Caps = Caps()) -> dict[str, Any]:
    """`--task all` of a model behind a scripted provider on loopback."""
    with loopback.provider(says) as address:
        models = Models(**dict.fromkeys(ROLES, f"openai/{name}"), api_base=address)
        with joined("sample", RunOptions(store=Path(store), models=models, caps=caps)) as opened:
            return probe_model(opened, task="all", n=50)


def positively(messages: list[dict[str, str]], _: int) -> str:
    return json.dumps(planted.too_positive(messages[-1]["content"]))


def like_humans(store: str) -> Any:
    """Answers as the humans of the store do, of whose dialogues it knows which one is asked about."""
    humans, answers = humans_of(store), {}
    # the first half alone: whoever knows the judges that it is held against agrees with them better than people do
    shares = {one.item_id: one.halves[0][0] / max(1, one.halves[0][1]) for one in humans.judged}
    for name in probes.names():
        questions = probes.load(name).questions(humans, n=50, model="any", seed=0)
        if name != "contamination":
            say = planted.human_like(questions, shares.__getitem__, humans.items, takes=0.9)
            answers |= {(one.request.seed, one.request.messages[0].content): json.dumps(say(one)) for one in questions.asked}
    return lambda messages, seed: answers.get((seed, messages[0]["content"]), json.dumps({"titles": ["Some Film"]}))


def test_all_tasks_through_the_gateway_tell_a_too_positive_model_from_one_like_humans(store: str) -> None:
    positive = probed(store, positively, name="positive")
    human = probed(store, like_humans(store), name="human")
    assert positive["n_model_calls"] > 300
    assert list(positive["tasks"]) == probes.names()
    for name, told in human["tasks"].items():
        expected = {"items_talked_about": "not_measured", "contamination": "not_suspected"}.get(name, "not_apart")
        assert told["outcome"] == expected, (name, told)
    # the sample's seekers hardly name two titles each
    assert "at least 50 answered questions are needed; there are 23" in human["tasks"]["items_talked_about"]["reason"]
    found = {name: {key: one.get("outcome") for key, one in told.get("figures", {}).items()} for name, told in positive["tasks"].items()}
    assert found["binary_preference"]["positive_share"] == "above"
    assert (found["open_preference"]["praise"], found["open_preference"]["polarity_spread"]) == ("above", "below")
    # the sample's seekers accept nine in ten of these suggestions, so that who accepts all of them is not apart
    assert (found["feedback"]["accepted_true"], found["feedback"]["first_chosen"]) == ("not_apart", "above")
    assert {told["engine"] for told in positive["tasks"].values()} == {"planted"}
    # paid for once: the same probe again asks nothing
    assert probed(store, positively, name="positive")["n_model_calls"] == 0


def test_a_budget_ends_the_probe_and_what_was_answered_is_kept(store: str) -> None:
    with pytest.raises(BudgetExhausted):
        probed(store, positively, name="capped", caps=Caps(calls=30))
    with Store.open(store) as kept:
        held = [row for row in kept.rows("play/model_ages") if "capped" in row["model"]]
    assert len(held) == 1


def test_no_seeker_of_the_test_split_is_shown_or_counted(store: str) -> None:
    with Store.open(store) as kept:
        profile_key = stock.current_profile(kept, "sample")
        split = {row["dialogue_id"]: row["split"] for row in stock.load_human_turns(kept, profile_key).iter_rows(named=True)}
    humans = humans_of(store)
    assert {split[one.dialogue_id] for one in humans.talks} == {"select"}
    assert {split[one.dialogue_id] for one in humans.personas} == {"search", "select"}
    assert humans.judged_from == "forms"


def test_ratings_of_another_data_set_stand_for_the_humans_by_title_and_year(store: str, tmp_path: Path) -> None:
    copy = str(tmp_path / "copy.duckdb")
    shutil.copy(store, copy)
    humans = humans_of(copy)
    rated = [item for item in humans.items.values() if item.year][:12]
    folder = tmp_path / "ml"
    folder.mkdir()
    films = [f'{i},"{one.title} ({one.year})",Drama' for i, one in enumerate(rated, 1)]
    (folder / "movies.csv").write_text("\n".join(["movieId,title,genres", *films, "99,Some Film (1999),Drama"]) + "\n")
    movies = (*range(1, 13), 99)
    given = [(user, movie, 5.0 if (user + movie) % 4 else 1.0 if user % 2 else 3.0) for user in range(1, 61) for movie in movies]
    lines = [f"{user},{movie},{value},{1000 + user}" for user, movie, value in given]
    (folder / "ratings.csv").write_text("\n".join(["userId,movieId,rating,timestamp", *lines]) + "\n")
    on(copy, ingest_logs, "movielens", [str(folder)], dataset="ml")
    found = humans_of(copy, ratings="ml")
    assert found.judged_from == "ratings"
    assert {one.item_id for one in found.judged} <= {one.item_id for one in rated}
    for place, item in enumerate(rated, 1):
        one = next(one for one in found.judged if one.item_id == item.item_id)
        values = [value for _, movie, value in given if movie == place and value != 3.0]
        assert sum(n for _, n in one.halves) == len(values)
        assert sum(k for k, _ in one.halves) == values.count(5.0)
        assert min(n for _, n in one.halves) > 5
    with pytest.raises(BadInput, match="has no ratings"):
        humans_of(copy, ratings="sample")


def test_an_unknown_task_is_bad_input_that_lists_the_tasks(store: str) -> None:
    with pytest.raises(BadInput, match="no task 'magic'") as caught:
        probed_by(store, FakeGateway(lambda _: []), task="magic", n=9)
    assert all(name in caught.value.hint for name in (*probes.names(), "all"))
