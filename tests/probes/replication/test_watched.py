"""How far an experiment is told to be: by replies, with what a cell took in the place of what was expected of it."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from understudy.completion import Completion, Message, Request
from understudy.doors import gauge
from understudy.tasks.studies.replicating.asked import grid, parsed
from understudy.tasks.studies.replicating.watched import WatchedCalls


class Answering:
    """A gateway that answers everything."""

    n_calls, tokens, usd = 7, 70, 0.5

    async def complete(self, request: Request) -> Completion:
        return Completion("yes", request.model, "m", "stop", "", 5, 5)


def test_what_is_planned_follows_what_cells_took() -> None:
    asked = parsed(settings="icl", optimizers="none", tasks="ItemsTalk,BinPref", users=10, template_calls=300, with_ethnicity=False)
    first, second = grid(asked)
    part = f"{first.setting.name}, {first.optimizer}"
    stages = [{"part": part, "stage": cell.task.NAME, "n_calls": {"value": 10}} for cell in (first, second)]
    expected = cast(Any, {"n_calls": {"value": 20}, "stages": stages})
    seen: list[gauge.Progress] = []
    with gauge.watched(seen.append):
        calls = WatchedCalls(cast(Any, Answering()), expected)
        assert (seen[-1].done, seen[-1].planned) == (0, 20)
        for _ in range(12):
            asyncio.run(calls.complete(Request("seeker", "m", (Message("user", "hi"),), 0.7, 1.0, 50, 1)))
        assert (seen[-1].done, seen[-1].planned, seen[-1].spent) == (12, 20, gauge.SpentSoFar(7, 70, 0.5))
        calls.ended(first)
        assert (seen[-1].done, seen[-1].planned) == (12, 22), "two more than were expected, and ten of the other cell"
        calls.ended(second)
        assert (seen[-1].done, seen[-1].planned) == (12, 12), "a cell that was done before takes nothing"
