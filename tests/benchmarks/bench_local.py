"""The throughput of a local model through the product beside the same server called bare, in one run.

    python tests/benchmarks/bench_local.py --model local/NAME --work WORK
    python tests/benchmarks/bench_local.py --model openai/NAME --api-base http://127.0.0.1:8101/v1 --work WORK

Both sides send the same prompts of the bundled sample in the same order with the same concurrency, in rounds that take turns in going
first; the first round warms the server up and is not counted. Prints calls a second and the ratio of each round, and their median.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import httpx
from bench_models import DATASET, SERVED_S, _profiled
from bench_structured import scenes

from understudy.completion import Completion, Request
from understudy.doors.gateway import lengths
from understudy.doors.local.naming import reported
from understudy.doors.local.servers import local_models
from understudy.parameters import LOCAL, Models, RunOptions
from understudy.play.turn import request_of
from understudy.report.markdown import table
from understudy.tasks.play.opened import OpenRun, models_open, store_open

GOAL = 0.95


def main() -> None:
    """Measures and prints the ratio."""
    asked = _asked()
    asked.work.mkdir(parents=True, exist_ok=True)
    store = asked.work / "local.duckdb"
    _profiled(store, Path(__file__).resolve().parents[2] / "examples" / "sample")
    models = Models(seeker=asked.model, api_base=asked.api_base, concurrency=asked.concurrency, timeout_s=SERVED_S)
    rounds: list[tuple[float, float]] = []
    options = RunOptions(store=store, seed=0, models=models)
    with store_open(store) as there, models_open(DATASET, options, there) as opened, served(models, opened) as (address, key):
        for n in range(asked.rounds + 1):
            work = requests(opened, asked.n, asked.first_seed + n)
            took = {}
            for side in ("ours", "bare") if n % 2 else ("bare", "ours"):
                took[side] = ours(opened, work) if side == "ours" else asyncio.run(bare(work, address, key, asked.concurrency))
            if n:
                rounds.append((asked.n / took["ours"], asked.n / took["bare"]))
                print(json.dumps({"ours_per_s": rounds[-1][0], "bare_per_s": rounds[-1][1]}), flush=True)
    ratios = [one / other for one, other in rounds]
    cells = [[str(n + 1), f"{one:.3f}", f"{other:.3f}", f"{one / other:.3f}"] for n, (one, other) in enumerate(rounds)]
    print(table(["round", "ours, calls/s", "bare, calls/s", "ratio"], cells))
    print(json.dumps({"model": asked.model, "goal": GOAL, "ratio": statistics.median(ratios), "ratios": ratios, "n": asked.n}))


@contextmanager
def served(models: Models, opened: OpenRun) -> Iterator[tuple[str, str]]:
    """The address of the server that the run uses, and its key; of a local model the same child process."""
    if not models.seeker.startswith(LOCAL):
        yield str(models.api_base), "none"
        return
    with local_models(models) as (_, servers):
        endpoint = servers[lengths.bare(opened.cast.seeker)].ready()
        yield f"{endpoint.address}/v1", endpoint.key


def requests(opened: OpenRun, n: int, n_round: int) -> list[Request]:
    """Turns of seekers; those of a round have seeds of their own, or the ledger would answer."""
    made = [request_of(scene, scene.history, len(scene.history)) for scene in scenes(opened, "zero_shot")]
    return [replace(made[at % len(made)], seed=1_000_000 * n_round + at) for at in range(n)]


def ours(opened: OpenRun, work: Sequence[Request]) -> float:
    """Seconds through the gateway, its ledger and budget included."""

    async def all_of() -> list[Completion]:
        return await asyncio.gather(*(opened.gateway.complete(one) for one in work))

    began = perf_counter()
    opened.gateway.run(all_of())
    return perf_counter() - began


async def bare(work: Sequence[Request], address: str, key: str, concurrency: int) -> float:
    """Seconds of the same requests by an HTTP client alone."""
    slots = asyncio.Semaphore(concurrency)
    async with httpx.AsyncClient(timeout=SERVED_S, headers={"authorization": f"Bearer {key}"}, trust_env=False) as client:

        async def one(request: Request) -> None:
            async with slots:
                answer = await client.post(f"{address}/chat/completions", json=body(request))
                answer.raise_for_status()

        began = perf_counter()
        await asyncio.gather(*map(one, work))
        return perf_counter() - began


def body(request: Request) -> dict[str, object]:
    """What the gateway sends for the same request."""
    name = lengths.bare(request.model)
    alias = reported(name) if name.startswith(LOCAL) else name.partition("/")[2]
    messages = [{"role": message.role, "content": message.content} for message in request.messages]
    return {
        "model": alias, "messages": messages, "temperature": request.temperature, "top_p": request.top_p,
        "max_tokens": request.max_tokens, "seed": request.seed,
    }  # fmt: skip


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", required=True)
    parser.add_argument("--api-base")
    parser.add_argument("--n", type=int, default=40, help="calls of a round")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--first-seed", type=int, default=0, help="number of the first round; a store that was used needs another one")
    parser.add_argument("--concurrency", type=int, default=1)
    parser.add_argument("--work", type=Path, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
