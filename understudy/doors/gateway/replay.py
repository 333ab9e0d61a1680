"""The calls of a run that is played again from a recording: the ledger answers, and no model is asked.

A call that was recorded without a reply is missing again. Any other call that the ledger does not hold is an error that says which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from understudy.completion import Completion, MissingReply, Request
from understudy.doors.gateway.budget import Price
from understudy.doors.gateway.caller import GatewayConfig
from understudy.doors.gateway.gateway import Exchange
from understudy.doors.gateway.refusals import Adaptation
from understudy.doors.gateway.reply import EMBEDDED
from understudy.doors.local.facts import ServedModel
from understudy.errors import BadInput, ProviderFailed
from understudy.names import shown_model
from understudy.parameters import LOCAL

NO_REPLY = "the ledger that was recorded holds no reply"
_FREE = Price(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class AskedModel:
    """What decided about the calls of a model: its price, and the tokens of its context; None where they were not known."""

    price: Price | None
    context: int | None


class NotRecorded(ProviderFailed):
    """A call that the recording does not hold: the work is not the one that was recorded."""

    code = "not_recorded"


class Replay(Exchange):
    """The calls of one run, answered by the store alone.

    `models`: what is known of those that were asked, by name. `missing`: key of a call without a reply → why. `is_draft`: the recording
    is being made, so that a call that the ledger does not hold is noted as one without a reply.
    """

    def __init__(
        self, config: GatewayConfig, *, models: Mapping[str, AskedModel], missing: Mapping[str, str], is_draft: bool,
        store_path: Path | str, run_id: str,
    ) -> None:  # fmt: skip
        super().__init__(config, provider=_Silent(models), store_path=store_path, run_id=run_id)
        self._missing, self._is_draft = missing, is_draft

    async def _called(self, request: Request, key: str, thread: int) -> Completion:  # noqa: ARG002
        reason = self._missing.get(key)
        if reason is None and self._is_draft:
            reason = NO_REPLY
            self._ledger.missed(key, reason)
        if reason is None:
            raise NotRecorded(
                f"the recording holds no reply to the call {key} of {shown_model(request.model)} as {request.role} "
                f"({len(request.messages)} messages, seed {request.seed})",
                hint="give the command, the logs and the version of understudy with which the recording was made",
            )
        raise MissingReply(reason)


class _Silent:
    """The provider of models that answered once: what is known of them, and no way to ask them."""

    def __init__(self, models: Mapping[str, AskedModel]) -> None:
        self._models = models

    def price(self, model: str) -> Price | None:
        if model in self._models:
            return self._models[model].price
        if model.startswith((f"{EMBEDDED}/", LOCAL)):
            return _FREE
        raise BadInput(f"the recording has no calls of {model!r}", hint=f"it has those of {', '.join(sorted(self._models)) or 'no model'}")

    def provider_of(self, model: str) -> str:
        return model.partition("/")[0]

    def is_in_process(self, model: str) -> bool:
        return model.startswith((f"{EMBEDDED}/", LOCAL))

    def n_at_once(self, model: str) -> int | None:  # noqa: ARG002
        return None

    def served(self, model: str) -> ServedModel | None:  # noqa: ARG002
        return None

    async def send(self, request: Request) -> Completion:
        raise NotRecorded(f"{shown_model(request.model)} was about to be asked", hint="a recording is played again without any model")

    def context_of(self, model: str) -> int | None:
        return self._models[model].context if model in self._models else None

    def takes_schema(self, model: str) -> bool:  # noqa: ARG002
        # the form whose reply is in the ledger is taken
        return True

    def wants_words(self, model: str) -> None:
        pass

    def adaptations(self, model: str) -> tuple[Adaptation, ...]:  # noqa: ARG002
        return ()

    async def close(self) -> None:
        pass
