"""How far an experiment is: each reply is told to whoever watches the run, beside the calls that the estimate expects."""

from __future__ import annotations

from understudy.completion import Completion, Request
from understudy.doors import gauge
from understudy.doors.gateway.gateway import Exchange
from understudy.tasks.studies.replicating.asked import PaperCell
from understudy.tasks.studies.results.estimates import CostFields


class WatchedCalls:
    """Passes requests on and tells each reply. What a cell took takes the place of what was expected of it once it is done."""

    def __init__(self, gateway: Exchange, expected: CostFields) -> None:
        self._gateway, self._expected = gateway, expected
        self._n_replies = self._n_before = 0
        gauge.planned(round(expected["n_calls"]["value"] or 0))

    async def complete(self, request: Request) -> Completion:
        """The reply, from the model or from the ledger. Raises what the gateway raises."""
        reply = await self._gateway.complete(request)
        self._n_replies += 1
        gauge.played(gauge.SpentSoFar(self._gateway.n_calls, self._gateway.tokens, self._gateway.usd))
        return reply

    def ended(self, cell: PaperCell) -> None:
        """Tells that a cell is done, played now or before: planned is then what was played, and what is expected of the other cells."""
        part = f"{cell.setting.name}, {cell.optimizer}"
        rows = [row for row in self._expected["stages"] if row.get("part") == part and row["stage"] == cell.task.NAME]
        expected = sum(round(row["n_calls"]["value"] or 0) for row in rows)
        gauge.planned(self._n_replies - self._n_before - expected)
        self._n_before = self._n_replies
