"""`estimate` on the sample: as many calls as a run then makes, figures from the ledger once there are some, and none of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest

from tests.doors.gguf import fake_server, gguf
from understudy.completion import Completion, Message, Request
from understudy.doors.gateway.ledger import Ledger
from understudy.doors.local import servers
from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.parameters import Models, PanelSize, RunOptions, Search, checked
from understudy.records import REPORTING
from understudy.rows.handle import Humans
from understudy.tasks.play.opened import joined
from understudy.tasks.simulate.batch import play_batch, prompt_of
from understudy.tasks.simulate.plan import BatchPlan
from understudy.tasks.simulate.report import report_batch
from understudy.tasks.studies.asked import Asked, Elsewhere
from understudy.tasks.studies.estimate import estimate_run
from understudy.tasks.studies.evaluate import judge

SMALL = PanelSize(per_stratum=4, behaviour=6, free=3)
SEARCH = Search(population=4, generations=2, n_front=2, panel=SMALL, front_panel=SMALL)
ASKED = Asked("sample", "zero_shot", "simulate", SEARCH, SMALL, 7, "retrieval", 0, None)


@pytest.fixture(scope="module")
def store(profiled_sample: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(copyfile(profiled_sample, tmp_path_factory.mktemp("estimate") / "s.duckdb"))


def estimate(store: str, models: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    return estimate_run(store, replace(ASKED, **changes), models=checked(Models, models or {}))


def test_replays_are_counted_as_they_will_be_played(store: str) -> None:
    with Store.open(store) as opened:
        humans = Humans.of(opened, "sample")
        panel = humans.panel(REPORTING, SMALL, seed=0)
        n_turns = sum(one.stratum is None and one.dialogue_id in panel.behaviour for one in humans.contexts(REPORTING).values())
    told = estimate(store)
    assert told["n_dialogues"]["value"] == len(panel.reactions) + n_turns + 7
    assert told["n_free_runs"]["value"] == 7, "the only ones that a cap on dialogues counts"
    least = told["stages"][1]["n_calls"]["range"][0]
    assert len(panel.reactions) < least < len(panel.reactions) + n_turns, "which dialogues are replayed whole follows from the batch"
    assert [row["stage"] for row in told["stages"]] == ["dialogues", "report"]
    assert told["stages"][1]["n_free_runs"]["value"] == 0


def test_a_search_costs_more_with_more_generations_and_a_night_more_than_its_search(store: str) -> None:
    by_size = [
        estimate(store, run="optimize", search=Search(population=4, generations=n, panel=SMALL))["n_calls"]["value"] for n in (0, 2, 4)
    ]
    assert by_size == sorted(set(by_size))
    assert estimate(store, run="nightly")["n_calls"]["value"] > estimate(store, run="optimize")["n_calls"]["value"]


def test_a_cap_on_turns_lowers_what_free_runs_cost(store: str) -> None:
    usual, capped = (estimate(store, max_turns=most)["stages"] for most in (None, 4))
    assert capped[0]["n_calls"]["range"][1] * 2 <= usual[0]["n_calls"]["range"][1]
    assert capped[0]["n_calls"]["value"] < usual[0]["n_calls"]["value"]
    assert capped[1]["n_calls"] == usual[1]["n_calls"], "replays have no turns to cut"


def test_without_generations_no_finalists_are_played(store: str) -> None:
    night = estimate(store, run="nightly", search=Search(generations=0))
    assert [row["stage"] for row in night["stages"]] == ["search", "report", "dialogues"]


def test_a_comparison_is_the_sum_of_its_settings_and_a_night_without_its_batch(store: str) -> None:
    night = estimate(store, run="nightly")
    alone = [estimate(store, run="compare", setting=name) for name in ("zero_shot", "verified")]
    both = estimate(store, run="compare", setting="zero_shot,verified")
    assert [row["stage"] for row in night["stages"]] == ["search", "finalists", "report", "dialogues"]
    later, anew = night["later_nights"], night["stages"][-2:]
    assert later["stages"] == ["report", "dialogues"]
    assert later["n_calls"]["value"] == sum(one["n_calls"]["value"] for one in anew) < night["n_calls"]["value"]
    assert both["later_nights"] is None
    assert alone[0]["stages"][:2] == night["stages"][:2]
    assert alone[0]["stages"][2]["n_calls"]["value"] == night["stages"][2]["n_calls"]["value"]
    assert both["n_calls"]["value"] == pytest.approx(sum(one["n_calls"]["value"] for one in alone), abs=1)
    assert {row["part"] for row in both["stages"]} == {"zero_shot", "verified"}
    verified = {f"verified: {role}" for role in alone[1]["assumptions"]["calls"]}
    assert set(both["assumptions"]["calls"]) == {"zero_shot: seeker", "zero_shot: critic", *verified}
    assert len({row["part"] for row in estimate(store, run="compare", setting="all")["stages"]}) == 12


def test_carrying_prompts_elsewhere_costs_what_is_played_there(store: str) -> None:
    home = estimate(store, run="compare")
    places = {
        "recommender": Elsewhere(recommender="contrarian"),
        "surface": Elsewhere(surface="3"),
        "llm": Elsewhere(recommender="llm:openai/x"),
    }
    told = {what: estimate(store, run="compare", to=place)["stages"] for what, place in places.items()}
    carried = {what: stages[len(home["stages"]) :] for what, stages in told.items()}
    assert [[(row["part"], row["stage"]) for row in rows] for rows in carried.values()] == [[("zero_shot carried", "compare")]] * 3
    compared = home["stages"][-1]
    # the recommender has no part in replays, which have been answered by then; on another surface everything is played anew
    assert carried["recommender"][0]["n_dialogues"] == compared["n_free_runs"] == carried["recommender"][0]["n_free_runs"]
    assert {name: carried["surface"][0][name] for name in compared if name != "part"} == {k: v for k, v in compared.items() if k != "part"}
    assert carried["llm"][0]["n_calls"]["value"] > carried["recommender"][0]["n_calls"]["value"]
    with pytest.raises(BadInput, match="does not measure prompts on another"):
        estimate(store, run="nightly", to=Elsewhere(surface="3"))


def test_a_study_is_a_comparison_and_a_probe_and_is_measured_on_test_at_its_end(store: str) -> None:
    hosted = {"seeker": "openai/gpt-4o-mini"}
    compared = estimate(store, hosted, run="compare")
    asked = estimate(store, hosted, run="study", n_probed=9)
    (probe, *stages) = asked["stages"]
    assert (probe["part"], probe["stage"], probe["n_calls"]["range"]) == ("probe", "contamination", [9, 18])
    assert [{**row, "part": "zero_shot"} for row in compared["stages"]] == stages
    names = [[row["stage"] for row in estimate(store, run=run, final=True)["stages"]] for run in ("compare", "study")]
    assert names == [["search", "finalists", "compare on test"], ["search", "finalists", "compare", "compare on test"]]


def test_survivors_are_played_again_and_the_critic_is_asked_for_each_place(store: str) -> None:
    def searched(**changes: Any) -> dict[str, Any]:
        return estimate(store, run="optimize", search=Search(**{"population": 6, "generations": 3, "panel": SMALL, "period": 1, **changes}))

    whole, bare = searched(), searched(without=("critic", "remeasuring"))
    assert whole["stages"][0]["n_evaluations"]["value"] == 6 + 3 * (6 + 2)
    assert searched(period=2)["stages"][0]["n_evaluations"]["value"] == 6 + 3 * 6 + 2
    assert searched(without=("rotation",))["stages"][0]["n_evaluations"]["value"] == 6 + 3 * 6
    assert bare["stages"][0]["n_evaluations"]["value"] == 6 + 3 * 6
    assert (set(whole["assumptions"]["calls"]), set(bare["assumptions"]["calls"])) == ({"seeker", "critic"}, {"seeker"})
    # ten of the shipped prompts beside the seed, though there are six places; `planned` has a policy, the seed has none
    shipped = searched(from_shipped=True)
    assert shipped["stages"][0]["n_evaluations"]["value"] == 11 + 3 * (6 + 2)
    known = searched(racing=True)["stages"][0]["n_evaluations"]
    assert known["range"][0] < known["value"] < whole["stages"][0]["n_evaluations"]["value"]


def test_money_is_nothing_for_rehearsal_known_for_some_and_unknown_or_given_for_others(store: str) -> None:
    assert estimate(store)["usd"] == {"value": 0.0, "range": [0.0, 0.0]}
    known = estimate(store, {"seeker": "openai/gpt-4o-mini"})
    assert known["usd"]["value"] > 0
    unknown = estimate(store, {"seeker": "openai/of-nobody"})
    assert unknown["usd"]["value"] is None
    given = estimate(store, {"seeker": "openai/of-nobody", "prices": {"*": (1.0, 2.0)}})
    assert given["usd"]["value"] > 0
    with pytest.raises(BadInput, match="does not know the model"):
        estimate(store, {"seeker": "nonsense"})


@pytest.mark.parametrize(
    ("run", "setting", "recommender"),
    [("simulate", "zero_shot", "retrieval"), ("simulate", "verified", "llm"), ("evaluate", "deliberate", "popularity")],
)
def test_a_run_then_makes_about_as_many_calls(store: str, tmp_path: Path, run: str, setting: str, recommender: str) -> None:
    own = str(copyfile(store, tmp_path / "s.duckdb"))
    told = estimate(own, run=run, setting=setting, recommender=recommender, n=20)
    with joined("sample", RunOptions(store=Path(own), recommender=recommender)) as opened:
        genome = prompt_of.fn(opened, setting=setting, genome_file=None)
        if run == "evaluate":
            judge.fn(opened, genome_digest=genome, recommenders=[recommender], n=20)
        else:
            played = play_batch.fn(opened, genome_digest=genome, plan=BatchPlan("b", 20, SMALL))
            n_report = report_batch.fn(opened, played["batch_key"])
            parts = {one["stage"]: one["n_calls"]["range"] for one in told["stages"]}
            for name, made in (("dialogues", played["n_model_calls"]), ("report", n_report)):
                assert parts[name][0] <= made <= parts[name][1], name
        n_calls, tokens = opened.gateway.n_calls, opened.gateway.tokens
    low, high = told["n_calls"]["range"]
    assert low <= n_calls <= high
    assert n_calls == pytest.approx(told["n_calls"]["value"], rel=0.5)
    # rehearsal counts a token for every word; a prompt has more of them
    assert 0.3 * told["tokens"]["range"][0] <= tokens <= told["tokens"]["range"][1]


def test_a_setting_with_a_second_look_calls_a_second_role(store: str) -> None:
    plain, verified = estimate(store), estimate(store, setting="verified")
    assert set(verified["assumptions"]["calls"]) == {"seeker", "verifier"}
    assert verified["n_calls"]["value"] > 1.9 * plain["n_calls"]["value"]
    assert set(estimate(store, recommender="llm")["assumptions"]["calls"]) == {"seeker", "recommender"}


def test_a_limit_on_replies_bounds_what_they_may_cost(store: str) -> None:
    models = {"seeker": "openai/gpt-4o-mini"}
    plain = estimate(store, models)["tokens"]
    raised = estimate(store, models | {"reply_tokens": {"seeker": 4000}})["tokens"]
    assert raised["value"] == plain["value"]
    assert raised["range"][1] > plain["range"][1] + 1000 * estimate(store, models)["n_calls"]["value"]


def test_seconds_of_a_call_can_be_given(store: str) -> None:
    slow = estimate(store, {"seeker": "openai/gpt-4o-mini", "concurrency": 1}, latency_s=10.0)
    assert slow["minutes"]["value"] > slow["n_calls"]["value"] * 10 / 60


def test_a_local_model_is_timed_and_its_calls_wait_for_its_slot(store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**fake_server(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(servers, "SERVED_BY", "fake_llama")
    model = f"local/{gguf(tmp_path / 'tiny.gguf')}"
    told = estimate(store, {"seeker": model})
    call = told["assumptions"]["calls"]["seeker"]
    assert call["model"].startswith("local/tiny-1M.Q4_K_M@")
    assert "100 and 20 tokens per second measured now, and 10% of a prompt is computed" in call["from"]
    expected = call["prompt_tokens"]["value"] * 0.1 / 100 + call["reply_tokens"]["value"] / 20
    assert call["latency_s"]["value"] == pytest.approx(expected, abs=0.1)
    assert told["assumptions"]["concurrency"] == 1
    assert told["minutes"]["value"] >= told["n_calls"]["value"] * call["latency_s"]["value"] / 60
    assert told["usd"]["value"] == 0
    # a run's replies are as long as those that were timed, give or take, and not each as long as its limit
    assert (call["prompt_tokens"]["value"], call["reply_tokens"]["value"]) == (100, 3)
    assert call["reply_tokens"]["range"][1] < 6
    given = estimate(store, {"seeker": model}, latency_s=2.0)
    assert given["assumptions"]["calls"]["seeker"]["latency_s"]["value"] == 2.0
    # four slots share the cores: a call takes four times as long beside three others, and nothing is won
    shared = estimate(store, {"seeker": model, "local": {"n_slots": 4}})
    assert shared["assumptions"]["concurrency"] == 4
    assert shared["assumptions"]["calls"]["seeker"]["latency_s"]["value"] == pytest.approx(4 * call["latency_s"]["value"], rel=0.02)
    assert shared["minutes"]["value"] == pytest.approx(told["minutes"]["value"], rel=0.05)


def test_the_ledger_is_used_where_it_says_enough_and_nothing_is_added_to_it(store: str) -> None:
    before = estimate(store, {"seeker": "openai/gpt-4o-mini"})
    ledger = Ledger(store, run_id="r", now=lambda: datetime(2026, 1, 1))
    for n in range(40):
        request = Request("seeker", "openai/gpt-4o-mini~2", (Message("user", "hi"),), 0.7, 1.0, 50, n)
        reply = Completion("hello", "m", "m", "stop", "", 1000, 100)
        ledger.keep(None, request.key, request=request, completion=reply, usd=0.1, latency_s=0.5).result()
    ledger.close()
    after = estimate(store, {"seeker": "openai/gpt-4o-mini"})
    size = after["assumptions"]["calls"]["seeker"]
    assert (size["prompt_tokens"]["value"], size["reply_tokens"]["value"], size["latency_s"]["value"]) == (1000, 100, 0.5)
    assert "40 calls in the ledger" in size["from"]
    assert "rendered prompts" in before["assumptions"]["calls"]["seeker"]["from"]
    with Store.open(store) as opened:
        assert opened.rows("play/ledger_totals")[0]["n"] == 40


def test_a_language_model_is_asked_again_as_often_as_in_the_free_runs_of_the_store(store: str, tmp_path: Path) -> None:
    assert estimate(store)["assumptions"]["calls"]["seeker"]["calls_per_turn"] == {"value": 1.0, "range": [1.0, 1.0]}, "rehearsal never is"
    name, path = "openai/asked-again", str(copyfile(store, tmp_path / "s.duckdb"))
    assumed = estimate(path, {"seeker": name})["assumptions"]["calls"]["seeker"]["calls_per_turn"]
    assert assumed == {"value": 1.1, "range": [1.0, 2.0]}
    ledger = Ledger(path, run_id="r", now=lambda: datetime(2026, 1, 1))
    request = Request("seeker", name, (Message("user", "hi"),), 0.7, 1.0, 50, 1)
    reply = Completion("hello", "m", "m", "stop", "", 9, 9)
    ledger.keep(None, request.key, request=request, completion=reply, usd=0.1, latency_s=0.5).result()
    ledger.close()
    # 15 runs of 10 turns, 5 of them the seeker's, with one reply in five asked for again, and 15 that were played before that was counted
    played = {
        "profile_key": "p", "mode": "free", "scenario_id": "s", "dialogue_id": "d", "genome_digest": "g", "replicate": 0,
        "recommender": "retrieval@1", "model": name, "engine": name, "status": "capped", "reason": "", "title_in_prompt": False,
        "n_turns": 10, "n_tokens": 9,
    }  # fmt: skip
    with Store.open(path) as opened:
        rows = [(f"k{n}", '{"echo": 1}' if n < 15 else None, *played.values()) for n in range(30)]
        opened.insert("play.dialogues", ["play_key", "asked_again", *played], rows)
    counted = estimate(path, {"seeker": name})["assumptions"]["calls"]["seeker"]["calls_per_turn"]
    assert counted == {"value": 1.2, "range": [1.15, 1.25]}


def test_a_run_that_there_is_none_of_is_refused(store: str) -> None:
    with pytest.raises(BadInput, match="no command that can be estimated"):
        estimate(store, run="publish")


def test_the_tstr_of_a_night_costs_as_many_dialogues_of_the_seed_prompt(store: str) -> None:
    plain, measured = (estimate(store, run="nightly", tstr=tstr) for tstr in (False, True))
    (stage,) = (one for one in measured["stages"] if one["stage"] == "tstr")
    assert stage["n_free_runs"] == {"value": 7, "range": [0, 7]}
    assert measured["n_calls"]["value"] == plain["n_calls"]["value"] + stage["n_calls"]["value"]
    assert "tstr" in measured["later_nights"]["stages"]
    unsearched = estimate(store, run="nightly", tstr=True, search=SEARCH.model_copy(update={"generations": 0}))
    assert "tstr" not in [one["stage"] for one in unsearched["stages"]]
    with pytest.raises(BadInput, match="measures no TSTR"):
        estimate(store, run="optimize", tstr=True)
