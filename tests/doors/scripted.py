"""A provider that follows a script, for tests of the gateway."""

from __future__ import annotations

import asyncio

from understudy.completion import Completion, Message, ModelRole, Request
from understudy.doors.gateway.budget import Price
from understudy.doors.gateway.calls import CallFailed
from understudy.doors.gateway.refusals import Adaptation

TRANSIENT = CallFailed("InternalServerError: 500", transient=True, may_be_charged=True)
PERMANENT = CallFailed("BadRequestError: 400", transient=False, may_be_charged=False, hint="shorten it")
NO_KEY = CallFailed("AuthenticationError: 401", transient=False, may_be_charged=False, in_a_row=1, hint="set the key")


class Scripted:
    """A provider that follows a script; without one it answers `reply N`."""

    def __init__(self, *script: str | CallFailed, known_price: bool = True, schemas: bool = False) -> None:
        self.script, self.n_sent, self.in_flight, self.most_in_flight = list(script), 0, 0, 0
        self.known_price, self.gate = known_price, asyncio.Event()
        self.slots_of: dict[str, int] = {}
        self.schemas, self.in_words = schemas, list[str]()
        self.asked: list[str] = []
        self.requests: list[Request] = []
        self.gate.set()

    def price(self, model: str) -> Price | None:  # noqa: ARG002
        return Price(1e-6, 2e-6) if self.known_price else None

    def provider_of(self, model: str) -> str:
        return model.partition("/")[0]

    def served(self, model: str) -> None:  # noqa: ARG002
        return None

    def n_at_once(self, model: str) -> int | None:
        return self.slots_of.get(model)

    def is_in_process(self, model: str) -> bool:  # noqa: ARG002
        return False

    def context_of(self, model: str) -> int | None:  # noqa: ARG002
        return None

    def takes_schema(self, model: str) -> bool:
        return self.schemas and model not in self.in_words

    def wants_words(self, model: str) -> None:
        self.in_words.append(model)

    def adaptations(self, model: str) -> tuple[Adaptation, ...]:
        return (Adaptation(model, "response_format", instead="the schema in words"),) if model in self.in_words else ()

    async def send(self, request: Request) -> Completion:
        self.n_sent += 1
        self.requests.append(request)
        self.asked.append(request.model)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await self.gate.wait()
            await asyncio.sleep(0)
            step = self.script.pop(0) if self.script else f"reply {self.n_sent}"
            if isinstance(step, CallFailed):
                raise step
            return Completion(step, "model-1", "model-1", "stop", "", 10, 5, None)
        finally:
            self.in_flight -= 1

    async def close(self) -> None:
        pass


def request(n: int = 0, model: str = "openai/some", role: ModelRole = "seeker") -> Request:
    """The n-th request."""
    return Request(role, model, (Message("system", "be a seeker"), Message("user", f"hi {n}")), 0.7, 1.0, 50, n)
