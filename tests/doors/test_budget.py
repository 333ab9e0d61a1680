"""The account of a run: a worst case bounds every call."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.completion import Message, Request
from understudy.doors.gateway.budget import Budget, Cost, Price, worst_case
from understudy.errors import BudgetExhausted
from understudy.parameters import Caps, RoleLimits


@given(st.text(max_size=200), st.integers(1, 500))
def test_the_worst_case_covers_a_token_for_every_byte(text: str, max_tokens: int) -> None:
    request = Request("seeker", "m", (Message("user", text),), 0.7, 1.0, max_tokens, 1)
    worst = worst_case(request, Price(1.0, 2.0))
    assert worst.tokens >= len(text.encode("utf-8", "surrogatepass")) + max_tokens
    assert worst.usd is not None
    assert worst.usd >= max_tokens * 2.0


@given(st.lists(st.tuples(st.integers(1, 60), st.floats(0, 1)), max_size=60))
def test_whatever_the_calls_cost_the_cap_holds(calls: list[tuple[int, float]]) -> None:
    budget = Budget(Caps(tokens=100), now=lambda: 0.0)
    held: list[tuple[Cost, Cost]] = []
    for tokens, share in calls:
        worst = Cost(tokens, 0.0)
        try:
            if budget.hold(worst, "seeker"):
                held.append((worst, Cost(int(tokens * share), 0.0)))
            else:
                assert held, "a call waits only where another is in flight"
                budget.settle(*held.pop(0), "seeker")
        except BudgetExhausted:
            assert budget.tokens + tokens > 100
    for worst, spent in held:
        budget.settle(worst, spent, "seeker")
    assert budget.tokens <= 100


def test_time_is_a_cap() -> None:
    clock = iter([0.0, 59.0, 61.0])
    budget = Budget(Caps(minutes=1), now=lambda: next(clock))
    assert budget.hold(Cost(1, None), "seeker")
    with pytest.raises(BudgetExhausted, match="1 minutes"):
        budget.hold(Cost(1, None), "seeker")


def test_a_role_s_limit_holds_within_the_cap_of_the_run() -> None:
    budget = Budget(Caps(tokens=100), {"critic": RoleLimits(tokens=30)}, now=lambda: 0.0)
    assert budget.hold(Cost(20, None), "critic")
    assert not budget.hold(Cost(20, None), "critic"), "it waits for the one in flight"
    budget.settle(Cost(20, None), Cost(20, None), "critic")
    with pytest.raises(BudgetExhausted, match="critic's limit"):
        budget.hold(Cost(20, None), "critic")
    assert budget.hold(Cost(80, None), "seeker")
    with pytest.raises(BudgetExhausted, match="run's cap"):
        budget.hold(Cost(90, None), "seeker")
    assert (budget.tokens, budget.n_calls) == (20, 2)


@pytest.mark.parametrize("caps", [Caps(calls=1), Caps(tokens=1), Caps(usd=1), Caps(dialogues=1), Caps(minutes=1)])
def test_every_cap_says_how_to_go_on(caps: Caps) -> None:
    clock = iter([0.0, 0.0, 0.0, 61.0, 61.0])
    budget = Budget(caps, now=lambda: next(clock))

    def spend() -> None:
        for _ in range(2):
            budget.count_dialogue()
            if budget.hold(Cost(1, 0.6), "seeker"):
                budget.settle(Cost(1, 0.6), Cost(1, 0.6), "seeker")

    with pytest.raises(BudgetExhausted, match=r"reached|may cost") as told:
        spend()
    assert "the same command" in told.value.hint
