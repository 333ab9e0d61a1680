"""The gateway of a worker: it asks models itself, by leases of the coordinator, which has committed a reply before it is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from understudy.completion import Completion, Request
from understudy.doors.gateway import lengths
from understudy.doors.gateway.budget import Budget
from understudy.doors.gateway.caller import GatewayConfig
from understudy.doors.gateway.gateway import Books, Exchange
from understudy.doors.gateway.llm import Gateway
from understudy.doors.gateway.provider import Provider
from understudy.doors.workers.asking import Asking
from understudy.doors.workers.elsewhere import LeasesElsewhere, LedgerElsewhere
from understudy.doors.workers.line import Address
from understudy.parameters import Caps

if TYPE_CHECKING:
    from understudy.rehearsal import Fitted, Surface


@dataclass(frozen=True, slots=True)
class Joining:
    """How a worker joins a run: where its coordinator is, and a line on which the worker may wait for answers."""

    address: Address
    key: bytes
    questions: Asking


class WorkerExchange(Exchange):
    """The calls of a worker, to one provider."""

    _joining: Joining

    def __init__(self, config: GatewayConfig, *, joining: Joining, provider: Provider, run_id: str) -> None:
        self._joining = joining
        # the path of the store stays unused: the coordinator alone opens it
        super().__init__(config, provider=provider, store_path=Path(), run_id=run_id)

    def _opened_books(self, store_path: Path | str) -> Books:  # noqa: ARG002
        asking = Asking(self._joining.address, self._joining.key, deliver=self.on_loop)
        budget = Budget(Caps(), now=monotonic)
        self._elsewhere = LedgerElsewhere(asking)
        return Books(budget, self._elsewhere, LeasesElsewhere(asking, budget))

    def count_dialogue(self) -> None:
        """Counts a dialogue that is about to be played. Raises BudgetExhausted."""
        if self._config.caps.dialogues is not None or self._config.caps.minutes is not None:
            self._joining.questions.ask("dialogue").result()

    def catch_up(self) -> None:
        """Returns when the coordinator has taken in all that this worker has said of its calls."""
        self.run(self._elsewhere.look_for([]))

    async def complete(self, request: Request) -> Completion:
        """The reply, from the store of the run where it is there. Raises as `Exchange.complete`, and RunEnded."""
        asked = lengths.applied(request)
        if asked.alternative is not None:
            await self._elsewhere.look_for([asked.key, asked.alternative.key])
        return await super().complete(request)

    async def _called(self, request: Request, key: str, thread: int) -> Completion:
        found = await self._elsewhere.claimed(key)
        if found is not None:
            self._n_served += 1
            self._check_schema(request, found)
            return found
        try:
            return await super()._called(request, key, thread)
        finally:
            self._elsewhere.let_go(key)


class WorkerGateway(WorkerExchange, Gateway):
    """The models of a run as a worker asks them, through litellm."""

    def __init__(
        self, config: GatewayConfig, *, joining: Joining, fitted: Mapping[str, Fitted], surfaces: Mapping[str, Surface], run_id: str
    ) -> None:
        self._joining = joining
        Gateway.__init__(self, config, store_path=Path(), fitted=fitted, surfaces=surfaces, run_id=run_id)
