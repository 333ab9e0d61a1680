"""What the gateway costs: calls per second beside bare `litellm.acompletion` under a semaphore, and rehearsal beside an empty provider.

Both sides are measured in turns within one run, since the machine's own load changes over minutes. The server stands in a
process of its own, as a provider would.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from tables import Table, write_section

from understudy import rehearsal
from understudy.completion import Request
from understudy.doors.gateway.caller import GatewayConfig
from understudy.doors.gateway.llm import Gateway
from understudy.parameters import Caps
from understudy.prompt.setting import load_setting
from understudy.prompt.template import render
from understudy.records import Need, Turn

LATENCY_MS = 200
N_CANDIDATES, N_EACH = 40, 24
LIMITS = (32, 64)
N_ROUNDS = int(os.environ.get("ROUNDS", "5"))
N_EMBEDDED = 600
MODEL = "openai/anything"
_HANDLER = "EXPERIMENTAL_OPENAI_BASE_LLM_HTTP_HANDLER"  # as understudy/doors/gateway/llm.py sets it
_CAPS = Caps(tokens=10**9, calls=10**7)


def main() -> None:
    """Measures and writes the section of docs/benchmarks.md."""
    with devserver() as address:
        served = [served_row(limit, address) for limit in LIMITS]
    over_http = Table(
        f"Calls a second against `devserver` at {LATENCY_MS} ms, {N_CANDIDATES} mapped candidates × {N_EACH} calls; "
        f"median of {N_ROUNDS} rounds, ledger and budget included. The gateway has litellm send requests by its own HTTP handler instead "
        "of OpenAI's client; the last column is against bare litellm told to do the same",
        ["concurrency", "bare litellm", "bare, own handler", "gateway", "gateway / bare", "each round", "gateway / bare, own handler"],
        served,
    )
    embedded = Table(
        f"A call to a model in this process: processor time of {N_EMBEDDED} calls at concurrency 32, the least of "
        f"{N_ROUNDS} rounds, since other work on the machine only adds to it",
        ["", "ms a call"],
        embedded_rows(),
    )
    write_section("Model calls", [over_http, embedded], command="make bench-calls")


def served_row(limit: int, address: str) -> list[str]:
    """One row: rates of the three sides and the ratios of ours to the others, each a median over the rounds."""
    sides = {"bare": partial(bare_seconds, handler="False"), "same": partial(bare_seconds, handler="True"), "ours": gateway_seconds}
    rates: dict[str, list[float]] = {name: [] for name in sides}
    for n in range(N_ROUNDS + 1):
        # the first round warms connections and imports up; then the sides take turns in going first
        order = list(sides) if n % 2 else list(reversed(sides))
        for name in order:
            took = sides[name](requests(n, MODEL), limit, address)
            if n:
                rates[name].append(N_CANDIDATES * N_EACH / took)
    to = {name: [one / other for one, other in zip(rates["ours"], rates[name], strict=True)] for name in ("bare", "same")}
    told = ", ".join(f"{ratio:.2f}" for ratio in to["bare"])
    medians = {name: f"{statistics.median(each):.0f}" for name, each in rates.items()}
    return [
        str(limit), medians["bare"], medians["same"], medians["ours"], f"**{statistics.median(to['bare']):.3f}**", told,
        f"{statistics.median(to['same']):.3f}",
    ]  # fmt: skip


def embedded_rows() -> list[list[str]]:
    """Processor milliseconds of a call: an empty custom provider of litellm, rehearsal through the gateway, and its own work alone."""
    names = ("an empty custom provider of litellm", "rehearsal through the gateway", "rehearsal's own work")
    figures: dict[str, list[float]] = {name: [] for name in names}
    for n in range(N_ROUNDS + 1):
        # rehearsal remembers what it was asked, so its own work is measured on requests of its own
        asked, others = ([one for each in requests(100 + 2 * n + i, "rehearsal/0") for one in each][:N_EMBEDDED] for i in (0, 1))
        took = (empty_provider_seconds(asked), rehearsal_seconds(asked), own_seconds(others))
        if n:
            for kept, seconds in zip(figures.values(), took, strict=True):
                kept.append(1000 * seconds / len(asked))
    rows = [[name, f"{min(each):.2f}"] for name, each in figures.items()]
    empty, ours, _ = (min(each) for each in figures.values())
    return [*rows, ["gateway with rehearsal / empty provider", f"**{ours / empty:.2f}**"]]


def requests(n_round: int, model: str) -> list[list[Request]]:
    """Per candidate its requests; no two of a run are alike, or the ledger would answer."""
    genome = load_setting("zero_shot").genome
    history = [Turn("seeker", "hello"), Turn("recommender", "Hi! What do you like?")]
    messages = render(genome, Need(genres=("comedy",)), history, exemplars=(), target=None)
    return [
        [Request("seeker", model, messages, 0.7, 1.0, 100, (n_round * N_CANDIDATES + c) * N_EACH + i) for i in range(N_EACH)]
        for c in range(N_CANDIDATES)
    ]


def bare_seconds(work: Sequence[Sequence[Request]], limit: int, address: str, *, handler: str) -> float:
    """Seconds that litellm alone takes on one event loop; `handler`: whether by its own HTTP handler, which it does not by itself."""
    import litellm

    os.environ[_HANDLER] = handler

    async def all_of() -> float:
        slots = asyncio.Semaphore(limit)

        async def one(request: Request) -> None:
            async with slots:
                await litellm.acompletion(**_arguments(request), api_base=address, api_key="none")

        start = perf_counter()
        await asyncio.gather(*(one(request) for each in work for request in each))
        took = perf_counter() - start
        await litellm.close_litellm_async_clients()
        return took

    return asyncio.run(all_of())


def gateway_seconds(work: Sequence[Sequence[Request]], limit: int, address: str) -> float:
    """Seconds that candidates on threads take through the gateway."""
    os.environ |= {"OPENAI_API_KEY": "none", _HANDLER: "True"}
    with tempfile.TemporaryDirectory() as folder, _gateway(folder, concurrency=limit, api_base=address) as gateway:

        async def candidate(each: Sequence[Request]) -> None:
            await asyncio.gather(*(gateway.complete(request) for request in each))

        with ThreadPoolExecutor(N_CANDIDATES) as threads:
            start = perf_counter()
            list(threads.map(lambda each: gateway.run(candidate(each)), work))
            return perf_counter() - start


def empty_provider_seconds(asked: Sequence[Request]) -> float:
    """Processor seconds of a custom provider that says one word."""
    import litellm

    class Empty(litellm.CustomLLM):  # type: ignore[misc, name-defined]
        async def acompletion(self, model_response: Any, **_: Any) -> Any:
            model_response.choices[0].message.content = "hi"
            model_response.usage = litellm.Usage(prompt_tokens=10, completion_tokens=1, total_tokens=11)
            return model_response

    litellm.custom_provider_map = [{"provider": "empty", "custom_handler": Empty()}]
    free = {"input_cost_per_token": 0.0, "output_cost_per_token": 0.0, "litellm_provider": "empty", "mode": "chat"}
    litellm.register_model(dict.fromkeys(("empty", "empty/1", "1"), free))

    async def all_of() -> None:
        slots = asyncio.Semaphore(32)

        async def one(request: Request) -> None:
            async with slots:
                await litellm.acompletion(**{**_arguments(request), "model": "empty/1"})

        await asyncio.gather(*(one(request) for request in asked))

    start = process_time()
    asyncio.run(all_of())
    return process_time() - start


def rehearsal_seconds(asked: Sequence[Request]) -> float:
    """Processor seconds of rehearsal through the gateway, ledger and budget included."""
    with tempfile.TemporaryDirectory() as folder, _gateway(folder, concurrency=32) as gateway:

        async def all_of() -> None:
            await asyncio.gather(*(gateway.complete(request) for request in asked))

        start = process_time()
        gateway.run(all_of())
        return process_time() - start


def own_seconds(asked: Sequence[Request]) -> float:
    """Processor seconds of what rehearsal itself does for a reply."""
    surface = rehearsal.surface("0")
    start = process_time()
    for request in asked:
        rehearsal.respond(
            request.messages, surface=surface, fitted=rehearsal.UNFITTED, temperature=request.temperature, top_p=request.top_p,
            seed=request.seed,
        )  # fmt: skip
    return process_time() - start


def _gateway(folder: str, **config: Any) -> Gateway:
    path = Path(folder) / "s.duckdb"
    surfaces = {"0": rehearsal.surface("0")}
    return Gateway(GatewayConfig(caps=_CAPS, **config), store_path=path, fitted={}, surfaces=surfaces, run_id="bench")


def _arguments(request: Request) -> dict[str, Any]:
    return {
        "model": request.model,
        "messages": [{"role": message.role, "content": message.content} for message in request.messages],
        "temperature": request.temperature,
        "top_p": request.top_p,
        "max_tokens": request.max_tokens,
        "seed": request.seed,
        "timeout": 60.0,
        "max_retries": 0,
    }


@contextmanager
def devserver(latency_ms: int = LATENCY_MS) -> Iterator[str]:
    """The address of a loopback server in a process of its own."""
    program = f"from understudy.doors.devserver import serve; serve(0, latency_ms={latency_ms})"
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["api_base"]
    finally:
        process.terminate()
        process.wait(30)


if __name__ == "__main__":
    # litellm is imported on the main thread, and quietly
    with tempfile.TemporaryDirectory() as first:
        _gateway(first).close()
    main()
