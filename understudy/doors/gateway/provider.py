"""What answers model calls, as the gateway sees it: litellm, or a script of a test."""

from __future__ import annotations

from typing import Protocol

from understudy.completion import Completion, Request
from understudy.doors.gateway.budget import Price
from understudy.doors.gateway.refusals import Adaptation
from understudy.doors.local.facts import ServedModel


class Provider(Protocol):
    """What answers the calls. Models are named as the provider knows them, without their age."""

    def price(self, model: str) -> Price | None:
        """USD per token; None where it is not known. Raises BadInput for a model that cannot be asked at all."""

    def provider_of(self, model: str) -> str:
        """Whose limits of requests and tokens a minute a call counts for."""

    def is_in_process(self, model: str) -> bool:
        """Whether a call leaves this process: one that does not can neither be charged nor outlive a kill."""

    def n_at_once(self, model: str) -> int | None:
        """How many calls of a model are computed at once, so that more of them only wait; None where its server decides it."""

    def served(self, model: str) -> ServedModel | None:
        """What the store keeps of weights that this process serves; None for any other model."""

    async def send(self, request: Request) -> Completion:
        """One attempt. Raises CallFailed."""

    def context_of(self, model: str) -> int | None:
        """Tokens of prompt and reply that a call may have together; None where nobody says."""

    def takes_schema(self, model: str) -> bool:
        """Whether a model's server is sent the JSON schema that a reply is to follow."""

    def wants_words(self, model: str) -> None:
        """Remembers that it is not to be sent one."""

    def adaptations(self, model: str) -> tuple[Adaptation, ...]:
        """What was left out of the requests to a model so far."""

    async def close(self) -> None:
        """Ends its connections; called on the loop that used them."""
