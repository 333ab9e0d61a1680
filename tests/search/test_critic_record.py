"""A critic that never answers is asked three times in a search, its share goes to the others, and the reason is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.search.test_drive import Toy, searched
from understudy.doors.store import Store
from understudy.search.critic import Commission, CriticAnswer, Treated
from understudy.search.critic_record import FAILURES, asked_while_it_answers, is_given_up, n_failed
from understudy.search.drive import plan_after
from understudy.search.loop import operator_credits
from understudy.search.memory import ProcessMemory


class Failing(Toy):
    """A world whose critic fails as `fails` says of the number of its answer, from 0."""

    def __init__(self, world: Any, *fails: bool, then: bool = True) -> None:
        super().__init__(world)
        self.fails, self.then, self.batches = list(fails), then, list[int]()

    def criticised(self, commissions: Sequence[Commission]) -> list[Treated]:
        self.batches.append(len(commissions))
        answered = super().criticised(commissions)
        out = []
        for one in answered:
            fails = self.fails.pop(0) if self.fails else self.then
            out.append(replace(one, answer=CriticAnswer((), "missing: the reply is empty", 2400)) if fails else one)
        return out


def test_a_critic_that_never_answers_is_asked_three_times_in_a_search(world: Any) -> None:
    ground, memory = Failing(world), ProcessMemory()
    ended = searched(world, ground, memory=memory, generations=4)
    assert ground.batches == [1] * FAILURES
    assert len(ended.history) == 5
    rejected = [one for number in range(5) for one in memory.proposals(number) if not one.ok and one.place is not None]
    assert [one.reason for one in rejected] == ["missing: the reply is empty"] * FAILURES
    children = [each.operator for each in ended.history[-1]]
    assert not {"treat", "merge", "paraphrase", "compress"} & set(children)
    assert len(ended.history[0]) == world.plan.population


def test_a_critic_that_answers_after_a_failure_is_asked_for_all_places(world: Any) -> None:
    ground = Failing(world, True, True, then=False)
    searched(world, ground, generations=2)
    assert ground.batches[:3] == [1, 1, 1]
    assert max(ground.batches) > 1


def test_a_critic_that_stops_answering_is_given_up_later(world: Any) -> None:
    ground = Failing(world, *[False] * 6, then=True)
    memory = ProcessMemory()
    searched(world, ground, memory=memory, generations=5)
    record = memory.answers(6)
    assert is_given_up(record)
    assert any(any(answers) for answers in record)


def test_the_operators_of_a_critic_that_is_given_up_have_no_chance_and_the_others_share_it(world: Any) -> None:
    memory = ProcessMemory()
    ended = searched(world, Failing(world), memory=memory, generations=1)
    plan = replace(world.plan, has_critic=True)
    plans = (plan, plan_after(plan, memory.answers(2)))
    before, after = ({one.operator: one.chance for one in operator_credits(ended.history, plan=each)} for each in plans)
    assert before["treat"] > 0.3
    assert after.get("treat", 0.0) == 0.0
    assert sum(after.values()) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("record", "n"),
    [([], 0), ([[False, False, False]], 3), ([[False, True]], 0), ([[True], [False], [False, False]], 3), ([[False] * 3, [True]], 0)],
)
def test_failures_are_counted_since_the_last_generation_with_a_usable_answer(record: list[list[bool]], n: int) -> None:
    assert n_failed(record) == n
    assert is_given_up(record) == (n >= FAILURES)


def test_without_commissions_nobody_is_asked() -> None:
    assert asked_while_it_answers([], lambda _: pytest.fail("asked"), n_failed_before=0) == []


def test_why_candidates_were_rejected_is_told_in_words_and_without_figures(tmp_path: Path) -> None:
    reasons = [
        "invalid: an empty reply", "invalid: an empty reply", "invalid: not as the schema says: section: missing",
        "missing: the account has no credit left: Insufficient Balance", "it is too long: 900 characters, and at most 800 are allowed",
        "it is too long: 901 characters, and at most 800 are allowed",
    ]  # fmt: skip
    rows = [
        {"run_key": "r", "generation": 0, "position": at, "genome_digest": "g", "operator": "treat", "parents": ["p"], "status": "rejected",
         "reason": reason, "n_critic_tokens": 0, "place": at}
        for at, reason in enumerate(reasons)
    ]  # fmt: skip
    with Store.open(tmp_path / "s.duckdb") as store:
        store.add("optimize.candidates", rows)
        told = {row["reason"]: row["n"] for row in store.rows("optimize/rejected", run_key="r")}
    assert told == {
        "invalid: an empty reply": 2, "it is too long": 2, "invalid: not as the schema says: section: missing": 1,
        "missing: the account has no credit left: Insufficient Balance": 1,
    }  # fmt: skip
