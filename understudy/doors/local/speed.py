"""How fast a local model is on this machine, measured by a few calls of its server alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from understudy.completion import Request
from understudy.doors.gateway.calls import scrubbed
from understudy.doors.gateway.failure_kinds import CONTEXT
from understudy.doors.local.servers import LocalServer
from understudy.errors import ProviderFailed

N_CALLS = 6
_TIMEOUT_S = 600.0


@dataclass(frozen=True, slots=True)
class Speed:
    """Tokens a second of prompts and of replies, and the share of a prompt that is computed anew after one like it.

    `prompt_tokens`, `reply_tokens`: the mean of the calls that were timed, by the model's own tokenizer.
    """

    prompt_per_s: float
    reply_per_s: float
    computed: float
    prompt_tokens: float
    reply_tokens: float

    def seconds(self, prompt_tokens: float, reply_tokens: float) -> float:
        """Seconds of one call, alone."""
        return prompt_tokens * self.computed / self.prompt_per_s + reply_tokens / self.reply_per_s


def speed_of(server: LocalServer, requests: Sequence[Request]) -> Speed:
    """The speed over the first `N_CALLS` requests, answered to the end that the model or their limit gives them.

    The share that is computed leaves out the first one, since nothing is kept before it.

    Raises ProviderFailed where one cannot be answered.
    """
    timings = [_timings(server, one) for one in requests[:N_CALLS]]
    n_prompt, prompt_ms, n_reply, reply_ms = (
        sum(float(one[name]) for one in timings) for name in ("prompt_n", "prompt_ms", "predicted_n", "predicted_ms")
    )
    later = timings[1:] or timings
    n_computed, n_kept = (sum(float(one[name]) for one in later) for name in ("prompt_n", "cache_n"))
    n_told = sum(float(one[name]) for one in timings for name in ("prompt_n", "cache_n"))
    return Speed(
        1000 * n_prompt / prompt_ms, 1000 * n_reply / reply_ms, n_computed / (n_computed + n_kept),
        prompt_tokens=n_told / len(timings), reply_tokens=n_reply / len(timings),
    )  # fmt: skip


def _timings(server: LocalServer, request: Request) -> dict[str, Any]:
    endpoint = server.ready()
    body = {
        "messages": [{"role": one.role, "content": one.content} for one in request.messages], "seed": request.seed,
        "temperature": request.temperature, "top_p": request.top_p, "max_tokens": request.max_tokens,
    }  # fmt: skip
    try:
        with httpx.Client(headers={"authorization": f"Bearer {endpoint.key}"}, timeout=_TIMEOUT_S, trust_env=False) as client:
            answer = client.post(f"{endpoint.address}/v1/chat/completions", json=body)
    except httpx.HTTPError as error:
        raise ProviderFailed(f"the speed of {server.facts.name} was not measured: {scrubbed(str(error), [endpoint.key])}") from error
    fields: dict[str, Any] = answer.json()
    if answer.status_code != httpx.codes.OK:
        said = scrubbed(str(fields.get("error", {}).get("message", "")), [endpoint.key])
        raise ProviderFailed(f"the speed of {server.facts.name} was not measured: status {answer.status_code}: {said}", hint=CONTEXT.hint)
    timings: dict[str, Any] = fields["timings"]
    return timings
