"""The probe of contamination: no target is shown, hits are counted against popularity's on the same contexts, and memory is found."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from understudy.completion import Completion, MissingReply, Request
from understudy.errors import BudgetExhausted
from understudy.probes import HumanLogs, ProbeAnswer, Question, Questions, contamination
from understudy.probes.asking.calls import MIN_ANSWERED, ask_all, unasked
from understudy.probes.contamination import Guessed, Guesses, TalkBeforeTarget, popular, probes_of, request_of, verdict
from understudy.records import Item, Need, Scenario, Turn

N = 120
WORDS = ("Amber", "Salt", "Oak", "Paper", "Glass", "Iron", "Quiet", "Velvet", "Copper", "Winter", "Hollow", "Silver")
PLACES = ("Harbour", "Ferry", "Street", "Lantern", "Meadow", "Tower", "Orchard", "Canal", "Garden", "Station")
ITEMS = {f"i{n}": Item(f"i{n}", f"The {WORDS[n // 10]} {PLACES[n % 10]}", 1950 + n % 60) for n in range(N)}
# the lower its number the more an item is mentioned; i0 to i9 are what popularity names
POPULARITY = {f"i{n}": 1000 - n for n in range(N)}
SCENARIOS = [Scenario(f"s{n}", f"d{n}", Need(), f"i{n}") for n in range(20, N)]


def talk(n: int) -> list[Turn]:
    """Dialogue n: an earlier title is named, then the target i<n>."""
    other, target = ITEMS[f"i{(n + 7) % N}"], ITEMS[f"i{n}"]
    return [
        Turn("recommender", "hi"),
        Turn("seeker", f"I liked {other.label}", 1, (other.item_id,)),
        Turn("recommender", f"Then try {target.label}!", 1, (target.item_id,)),
        Turn("seeker", f"I will watch {target.title}", 1, ()),
    ]


TALKS = {f"d{n}": talk(n) for n in range(20, N)}
PROBES, _ = probes_of(SCENARIOS, TALKS, ITEMS, n=N, seed=0)
HUMANS = HumanLogs(ITEMS, POPULARITY)
QUESTIONS = Questions(tuple(Question(request_of(one, model="m", seed=0), Guesses, one) for one in PROBES))


class Model:
    """A model that names the titles it is given for a probe, found by the talk."""

    def __init__(self, titles: Any) -> None:
        self.titles, self.requests = titles, list[Request]()

    async def __call__(self, request: Request) -> Completion:
        self.requests.append(request)
        shown = request.messages[-1].content
        probe = next(one for one in PROBES if ITEMS[next(iter(one.named))].label in shown)
        said = self.titles(probe)
        if isinstance(said, Exception):
            raise said
        return Completion(said if isinstance(said, str) else json.dumps({"titles": said}), "m", "some-model", "stop", "", 1, 1)


def asked(titles: Any) -> list[ProbeAnswer]:
    return asyncio.run(ask_all(QUESTIONS.asked, Model(titles)))


def found(titles: Any) -> dict[str, Any]:
    return contamination.measured(QUESTIONS, asked(titles), HUMANS, seed=0)


def test_no_target_is_in_the_prompt_and_other_titles_are() -> None:
    assert len(PROBES) == len(SCENARIOS)
    for probe in PROBES:
        shown = " ".join(message.content for message in request_of(probe, model="m", seed=0).messages)
        target, other = ITEMS[probe.target], ITEMS[next(iter(probe.named))]
        assert target.title not in shown
        assert other.label in shown
        assert "Then try" not in shown


def test_a_model_that_remembers_the_dialogues_is_suspected() -> None:
    told = found(lambda probe: ["Some Film", ITEMS[probe.target].label] if int(probe.target[1:]) % 2 else ["Some Film"])
    assert told["outcome"] == "suspected"
    assert told["hit_at_10"]["model"]["value"] == pytest.approx(0.5)
    # what is no title of the catalogue does not use up the first place, and is counted
    assert told["hit_at_1"]["model"]["value"] == pytest.approx(0.5)
    assert told["n_ungrounded"] == len(PROBES)
    assert told["hit_at_10"]["popularity"]["value"] == 0
    assert told["hit_at_10"]["difference"]["ci"][0] > 0
    assert told["engine"] == "some-model"


def test_a_model_that_names_what_is_popular_is_not_suspected() -> None:
    told = found(lambda probe: [ITEMS[item_id].label for item_id in popular(probe, POPULARITY)])
    assert (told["outcome"], told["hit_at_10"]["difference"]["value"]) == ("not_suspected", 0)


def test_popularity_may_hit_as_well_and_what_was_named_is_no_guess_of_either() -> None:
    probes, _ = probes_of([Scenario("s", "d3", Need(), "i3")], {"d3": talk(3)}, ITEMS, n=9, seed=0)
    ranked = popular(TalkBeforeTarget("s", "d", "i3", (), frozenset({"i0", "i1"})), POPULARITY)
    assert ranked == tuple(f"i{n}" for n in range(2, 12))
    assert verdict(probes, [Guessed(ids=("i3",))], POPULARITY)["hit_at_10"]["popularity"]["value"] == 1
    hits = found(lambda probe: [ITEMS[next(iter(probe.named))].label, ITEMS[probe.target].label])
    assert hits["hit_at_1"]["model"]["value"] == 1


def test_too_few_or_too_many_unanswered_contexts_are_not_measured() -> None:
    few = verdict(PROBES[: MIN_ANSWERED - 1], [Guessed(ids=("i1",))] * (MIN_ANSWERED - 1), POPULARITY)
    assert few["outcome"] == "not_measured"
    assert str(MIN_ANSWERED) in few["reason"]
    mute = found(lambda probe: "no idea" if int(probe.target[1:]) % 3 == 0 else [ITEMS[probe.target].label])
    assert mute["outcome"] == "not_measured"
    assert mute["n_invalid"] == sum(int(probe.target[1:]) % 3 == 0 for probe in PROBES)
    lost = found(lambda probe: MissingReply("timed out") if int(probe.target[1:]) % 3 == 0 else ["Some Film"])
    assert (lost["outcome"], lost["n_missing"], lost["n_invalid"]) == ("not_measured", mute["n_invalid"], 0)


def test_a_budget_that_ends_ends_the_probe() -> None:
    with pytest.raises(BudgetExhausted):
        asked(lambda _probe: BudgetExhausted("no tokens left"))


def test_a_model_that_was_not_asked_is_not_measured_and_says_why() -> None:
    told = contamination.measured(QUESTIONS, unasked(QUESTIONS.asked, "it cannot be"), HUMANS, seed=0)
    assert (told["outcome"], told["reason"], told["n_answered"], told["n_invalid"]) == ("not_measured", "it cannot be", 0, 0)
    assert told["hit_at_1"]["model"]["value"] is None


def test_talks_that_cannot_be_probed_are_counted_by_reason() -> None:
    talks = {
        "never": talk(30)[:2], "at once": [Turn("recommender", f"Try {ITEMS['i31'].label}", 1, ("i31",))], "fine": talk(32),
        "by title alone": [Turn("seeker", "hm"), Turn("recommender", f"Try {ITEMS['i33'].label}"), *talk(33)],
    }  # fmt: skip
    scenarios = [Scenario(name, name, Need(), f"i{30 + n}") for n, name in enumerate(talks)]
    probes, unusable = probes_of(scenarios, talks, ITEMS, n=9, seed=0)
    assert {probe.dialogue_id: len(probe.turns) for probe in probes} == {"fine": 2, "by title alone": 1}
    assert unusable == {"the target is never named": 1, "the seeker has said nothing before the target is named": 1}


def test_the_draw_depends_on_the_seed_and_not_on_the_order() -> None:
    one, _ = probes_of(SCENARIOS, TALKS, ITEMS, n=30, seed=1)
    assert one == probes_of(reversed(SCENARIOS), TALKS, ITEMS, n=30, seed=1)[0]
    assert one != probes_of(SCENARIOS, TALKS, ITEMS, n=30, seed=2)[0]
