"""The controls' own parts: what they conclude, what they declare, and that the page, the results and the declaration are one."""

from __future__ import annotations

import copy
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import halves
import held_out
import human_halves
import intervals
import page
import pool
import reading
import run
import scratch
import suites
from declared import OBJECTIVES, declared
from dose_response import MOST_FROM, recovery_failures

from understudy.doors import checks
from understudy.measure.reference import BEHAVIOUR, REACTIONS, Human
from understudy.records import Dialogue, Measured, Turn
from understudy.release import gates
from understudy.statistics.rates import wilson
from understudy.studies.dose import doses

ROLES = {"own": "positive_bias", "positive_bias": "own", "diversity_gap": "may", "behavioural_distance": "none", "data_leakage": "none"}
QUIET = {"positive_bias": [0, 1, 2, 4, 8], "diversity_gap": [0, 0, 1, 2, 3], "behavioural_distance": [0.0] * 5, "data_leakage": [0.0] * 5}


def responded(**changed: list[float]) -> list[str]:
    return reading.response_failures("fault", ROLES, {**QUIET, **changed}, moves=1.0, most_from=2)


def test_a_response_as_declared_has_no_failures() -> None:
    assert responded() == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"behavioural_distance": [0, 0, 0, 0, 1.2]}, "behavioural_distance moves by +1.2"),
        ({"data_leakage": [0, 0, -1.1, 0, 0]}, "data_leakage moves by -1.1"),
        ({"positive_bias": [0, 1, 3, 3, 8]}, "does not rise"),
        ({"diversity_gap": [0, 0, 2.5, 0, 0]}, "moves as far as positive_bias or further"),
    ],
)
def test_an_effect_that_was_not_declared_is_a_failure(changed: dict[str, list[float]], said: str) -> None:
    assert [said in one for one in responded(**changed)] == [True]


def test_a_fault_may_move_another_objective_first_at_its_smallest_dose() -> None:
    assert responded(diversity_gap=[0, 1.5, 1, 2, 3]) == []


def test_every_dose_has_its_response_declared_and_nothing_else_has() -> None:
    spec = declared()
    assert set(spec["response"]) == set(spec["recovery"]) == set(doses.KINDS)


def test_what_a_half_has_a_figure_for_is_held_against_its_bound() -> None:
    # the rules by which bounds apply are about data sets, and a half of people is none
    found = halves.bounds_of({"figures": {"leakage.title": [0.01, 0.0, 0.06, 400], "diagnostics.dcr_human": [0.6, 0.5, 0.7, 200]}}, [])
    assert found == {"leakage.title": (0.06, 0.05, False)}


def test_every_bound_on_an_estimate_has_its_effect_declared() -> None:
    rows = {f"{name}.{one.name}": one for name in gates.BATCH_GATES for one in checks.suite(name) if "figure" in one.meta}
    facts = {"leakage.history", "leakage.split", "release.dialogues", "release.unmeasured"}
    facts |= {f"release.{name}" for name in ("unlicensed_sources", "foreign_scenarios", "foreign_exemplars")}
    # its error rates are those of planted confusions (decision 0173): human halves are misread alike on both sides
    facts |= {"bias.corrected_acceptance", "privacy.canaries"}
    stated = {**declared()["bounds"], **declared()["privacy"]["bounds"]}
    assert {name for name in rows if name.split(".")[1] not in stated} == facts


def test_a_matrix_with_a_hole_is_refused(tmp_path: Path) -> None:
    told = Path(scratch.__file__).with_name("declared.toml").read_text(encoding="utf-8")
    broken = tmp_path / "declared.toml"
    broken.write_text(told.replace('diversity_gap = "own"', 'diversity_gap = "may"'), encoding="utf-8")
    with pytest.raises(ValueError, match="repeated has one objective of its own"):
        declared(broken)


@pytest.mark.parametrize("share", [0.0, 0.05, 0.4])
def test_a_dose_is_read_back_from_the_rate_that_it_raised(share: float) -> None:
    human, n = 0.2, 100_000
    seen = wilson(round(n * (human + share * (1 - human))), n)
    value, low, high = reading.raised(seen, wilson(round(n * human), n))
    assert value == pytest.approx(share, abs=1e-4)
    assert low < share < high


@pytest.mark.parametrize("share", [0.0, 0.1, 0.4])
def test_copies_are_read_back_although_they_make_turns_longer(share: float) -> None:
    human, long = 0.04, 0.55
    rate = ((1 - share) * long * human + share) / ((1 - share) * long + share)
    assert reading.copied_dose([rate], human=human, long=long) == pytest.approx([share])


def test_a_curve_is_read_backwards_and_beyond_its_ends() -> None:
    curve = [(0.0, 1.0), (0.1, 2.0), (0.4, 8.0)]
    assert reading.inverted([1.0, 1.5, 5.0, 8.0, 0.0, 10.0], curve) == pytest.approx([0.0, 0.05, 0.25, 0.4, -0.1, 0.5])
    with pytest.raises(ValueError, match="does not rise"):
        reading.inverted([1.0], [(0.0, 1.0), (0.1, 1.0)])


def test_exact_refusals_of_a_bound() -> None:
    # of 190 dialogues none may show it: 1 of 190 has an upper end of .029
    assert reading.fails(0.01, 190, bound=0.02, upper=True) == pytest.approx(1 - 0.99**190)
    assert reading.fails(0.0, 190, bound=0.02, upper=True) == 0
    assert reading.fails(0.5, 1, bound=0.5, upper=False) == pytest.approx(0.5)
    assert reading.differ(1.0, 0.0, 10, slack=0.1) == pytest.approx(1.0)
    assert reading.differ(0.1, 0.1, 150, slack=0.1) < 0.01


def test_rankings_and_where_they_disagree() -> None:
    assert reading.tau([1, 2, 3], [1, 2, 3]) == 1
    assert reading.mean_ranks([[1, 5, 9], [3, 2, 2]]) == [2.0, 1.75, 2.25]
    assert reading.disagreements(["a", "b", "c"], [1, 2, 3], [1, 3, 2]) == [("b", "c")]


def test_intervals_of_a_mean_are_as_wide_as_they_should_be() -> None:
    values = [np.random.default_rng(side).normal(size=n) for side, n in enumerate((80, 400))]

    def mean(one: Any, other: Any) -> Any:
        return one @ values[0] / one.sum(axis=1) - other @ values[1] / other.sum(axis=1)

    wanted = 2 * 1.96 * float(np.sqrt(sum(np.var(one) / len(one) for one in values)))
    made = intervals.all_of(mean, (80, 400), 400, np.random.default_rng(1))
    assert tuple(made) == intervals.METHODS
    for value, low, high in made.values():
        assert low < value < high
        assert high - low == pytest.approx(wanted, rel=0.25)


def test_the_evaluator_tells_other_words_apart_and_not_the_same_ones() -> None:
    rng = np.random.default_rng(3)
    words = ["look", "for", "a", "good", "film", "with", "my", "family", "it", "should", "not", "be", "too", "long", "or", "sad", "please"]

    def people(mark: str, n: int, more: list[str]) -> dict[str, list[str]]:
        return {f"{mark}{at}": [" ".join(rng.choice(words + more, 60)), " ".join(rng.choice(words, 30))] for at in range(n)}

    assert held_out.told_apart(people("a", 60, []), people("b", 60, [])) == pytest.approx(0.5, abs=0.12)
    assert held_out.told_apart(people("a", 60, ["zither"] * 4), people("b", 60, [])) > 0.8


def test_stretches_have_one_length() -> None:
    assert held_out.stretches(["ab", "c  d", "efg"], 3) == ["ab ", "c d", " ef"]


def test_what_was_measured_is_not_measured_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "FOLDER", tmp_path / "kept")
    calls: list[int] = []

    def make() -> list[int]:
        calls.append(1)
        return [7]

    assert [scratch.kept("one", make, by=(__file__,), on=on) for on in (1, 1, 2)] == [[7]] * 3
    assert len(calls) == 2


def test_changed_dialogues_stand_in_every_frame() -> None:
    turns = ("hi there", "welcome", "old words", "try this", "bye now")
    said = [Turn("seeker" if at % 2 == 0 else "recommender", text) for at, text in enumerate(turns)]
    own = [("d", "s", "r", "", "hi there", 0), ("d", "s", "r", "hi there", "old words", 2), ("d", "s", "r", "old words", "bye now", 4)]
    schema = {name: BEHAVIOUR[name] for name in ("dialogue_id", "seeker_id", "recommender_id", "previous", "text", "turn_index")}
    human = Human(
        pl.DataFrame([("c", "d", "s", "r", "unstated", "i", "try this", "old words")], schema=REACTIONS, orient="row"),
        pl.DataFrame(own, schema=schema, orient="row"),
        pl.DataFrame(),
        {},
        pl.DataFrame({"dialogue_id": ["d"], "target": ["i"]}),
    )
    points = pl.DataFrame({"context_id": ["c"], "dialogue_id": ["d"], "turn_index": [2]})
    same = scratch.simulated([Dialogue("d", tuple(said))], human, points)
    assert same.behaviour.equals(human.behaviour)
    assert same.reactions.equals(human.reactions)
    said[2] = Turn("seeker", "new words")
    other = scratch.simulated([Dialogue("d", tuple(said))], human, points)
    assert other.behaviour["text"].to_list() == ["hi there", "new words", "bye now"]
    assert other.behaviour["previous"].to_list() == ["", "hi there", "new words"]
    assert other.reactions["text"].to_list() == ["new words"]
    assert other.free_turns["text"].to_list() == ["hi there", "welcome", "new words", "try this", "bye now"]


def test_the_page_holds_what_the_results_say() -> None:
    assert page.PAGE.read_text(encoding="utf-8") == page.written(page.PAGE.read_text(encoding="utf-8"), page.results())


def test_every_control_has_been_run_and_its_numbers_are_on_the_page() -> None:
    found = page.results()
    assert list(found) == list(run.CONTROLS)
    told = page.section(found)
    assert all(f"- {failure}\n" in told for one in found.values() for failure in one["failures"])
    assert told.count("**Passed**") + told.count("**Failed**") == len(found)


def test_results_are_of_the_matrix_that_is_declared_and_leave_out_no_failure() -> None:
    one, spec = page.results()["2"], declared()
    assert one["roles"] == spec["response"]
    assert one["shares"] == spec["dose"]["shares"]
    most_from = next(at for at, share in enumerate(one["shares"]) if share >= MOST_FROM)
    expected = []
    for fault, roles in spec["response"].items():
        shifts = {name: one["faults"][fault]["shifts"][name] for name in OBJECTIVES}
        expected += reading.response_failures(fault, roles, shifts, moves=spec["dose"]["moves"], most_from=most_from)
        expected += recovery_failures(fault, one["faults"][fault]["recovered"], spec["dose"])
    assert sorted(one["failures"]) == sorted(expected)
    first = page.results()["1"]
    assert sorted(first["failures"]) == sorted(human_halves.failures(first["floors"], first["bounds"], spec["halves"]))
    fifth = page.results()["5"]
    assert fifth["failures"] == held_out.failures(fifth["tau"]["mean rank"], spec["held_out"])
    last = page.results()["6"]
    assert last["failures"] == human_halves.failures({}, last["bounds"], spec["halves"])


def test_the_suites_say_the_error_rates_that_were_measured() -> None:
    bounds = {**page.results()["1"]["bounds"], **page.results()["6"]["bounds"]}
    assert len(bounds) == len(declared()["bounds"]) + len(declared()["privacy"]["bounds"])
    for suite in sorted({name.split(".")[0] for name in bounds}):
        text = (checks.SUITES / f"{suite}.json").read_text(encoding="utf-8")
        assert suites.rewritten(text, suite, bounds) == text


def test_only_the_error_rates_of_a_suite_are_rewritten() -> None:
    text = (checks.SUITES / "bias.json").read_text(encoding="utf-8")
    row = {"false_alarms": {"value": 0.0125, "n": 80}, "power": {"value": 0.9, "n": 40}, "effect": "acceptance 40%", "how": "halves"}
    before, after = (json.loads(one)["expectations"] for one in (text, suites.rewritten(text, "bias", {"bias.positive_bias": row})))
    changed = [one for one, other in zip(after, before, strict=True) if one != other]
    assert [one["meta"]["name"] for one in changed] == ["positive_bias"]
    assert changed[0]["meta"]["false_alarm"].startswith("0.013 (of 80 human halves")
    assert changed[0]["meta"]["power"] == "0.900 at acceptance 40% (of 40 halves)"


def test_a_failure_cannot_be_edited_away_from_the_page() -> None:
    found = copy.deepcopy(page.results())
    found["3"]["failures"] = [*found["3"]["failures"], "one more"]
    assert page.section(found) != page.section(page.results())


def test_a_page_without_its_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="once each"):
        page.written("# Objectives\n", {})


def test_a_control_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(["9"]) == run.USAGE
    assert "1 to 6" in capsys.readouterr().err


def test_a_rate_out_of_its_limits_is_a_failure() -> None:
    limits = declared()["halves"]
    bound = {"false_alarms": {"value": 0.051}, "power": {"value": 0.79}, "effect": "x"}
    part = {"covers": {"value": 0.89}}
    told = human_halves.failures({"a": {"above": {"value": 0.06}}, "b": part}, {"c": bound}, limits)
    assert len(told) == 4
    assert human_halves.failures({}, {"c": {**bound, "false_alarms": {"value": 0.05}, "power": {"value": 0.8}}}, limits) == []


def test_a_rate_of_nothing_cannot_be_read_back() -> None:
    with pytest.raises(ValueError, match="no runs"):
        reading.raised(Measured(None, reason="no runs"), wilson(1, 10))


def test_what_the_commit_of_a_result_is_compared_with_is_there() -> None:
    assert [place for place in run.MEASURE if not list(scratch.ROOT.glob(place))] == []


def test_a_whole_pool_is_read_as_its_batches_are() -> None:
    frames = {name: pl.DataFrame({"dialogue_id": [f"{name} {at}" for at in range(3)]}) for name in ("reactions", "turns", "disclosures")}
    whole = pool.Pool(corpus=None, **frames).whole()
    assert whole.disclosures.equals(frames["disclosures"])
    assert whole.reactions.equals(frames["reactions"])
    assert [len(one) for one in (whole.outcomes, whole.free_dialogues, whole.free_lengths)] == [0, 0, 0]
