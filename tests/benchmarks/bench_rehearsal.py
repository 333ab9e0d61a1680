"""Speed of rehearsal on ReDial: seeker turns a second on one core, and a call through litellm beside one to an empty custom provider.

`python tests/benchmarks/bench_rehearsal.py [--data DIR] [--n N]`. Profiles ReDial into a store of its own, takes contexts of the
search split under three shipped settings, and asks for every reply once (nothing is served twice). The two providers are called in
turn, so that both meet the same load of the machine. Exits with 1 where a turn is slower than 500 a second of processor time or the
ratio of medians is above 1.5.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tables import Table, write_section

from understudy import rehearsal
from understudy.completion import Message
from understudy.doors.gateway import llm
from understudy.doors.store import Store
from understudy.keys import seed_of
from understudy.prompt import template
from understudy.prompt.genome import Controls
from understudy.prompt.setting import load_setting, seed_genome
from understudy.rows import humans

REDIAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "redial"
SETTINGS = ("zero_shot", "few_shot", "target_title")
SURFACE = "0"
LEAST_PER_S, MOST_RATIO = 500.0, 1.5


@dataclass(frozen=True, slots=True)
class Asked:
    """One call: what a seeker is sent and the dials."""

    messages: tuple[Message, ...]
    controls: Controls
    seed: int

    @property
    def dials(self) -> dict[str, Any]:
        """temperature, top_p, seed."""
        return {"temperature": self.controls.temperature, "top_p": self.controls.top_p, "seed": self.seed}


def prepared(data: Path, n: int) -> tuple[rehearsal.Fitted, list[Asked]]:
    """Rehearsal as fitted on ReDial, and `n` different calls."""
    import understudy.tasks.ingest.logs
    import understudy.tasks.profile.dataset

    with tempfile.TemporaryDirectory() as folder:
        store = str(Path(folder) / "bench.duckdb")
        with Store.open(store) as opened:
            understudy.tasks.ingest.logs.ingest_logs.fn(opened, "redial", [str(data)], dataset="redial")
        with Store.open(store) as opened:
            understudy.tasks.profile.dataset.profile_dataset.fn(opened, "redial")
        with Store.open(store) as opened:
            key = humans.current_profile(opened, "redial")
            row = opened.rows("profile/instrument", dataset="redial", name="rehearsal")[0]
            exemplars, items = humans.load_exemplars(opened, key), humans.load_items(opened, "redial")
            contexts = humans.load_contexts(opened, key, "search")
    random.Random(1).shuffle(contexts)
    genomes = [seed_genome(load_setting(name), sorted(exemplars), seed=1) for name in SETTINGS]
    calls = []
    for at, context in enumerate(contexts[:n]):
        genome = genomes[at % len(genomes)]
        target = items[context.need.targets[0]] if context.need.targets else None
        shown = [exemplars[name] for name in genome.exemplars]
        sent = template.render(genome, context.need, context.history, exemplars=shown, target=target)
        calls.append(Asked(sent, genome.controls, seed_of("bench", at)))
    return rehearsal.Fitted.from_json(json.loads(row["parameters"])), calls


def turns_per_second(fitted: rehearsal.Fitted, calls: list[Asked]) -> float:
    """Seeker turns per second of processor time, each asked for the first time."""
    surface = rehearsal.surface(SURFACE)
    rehearsal.respond(calls[0].messages, surface=surface, fitted=fitted, **calls[0].dials)  # builds the bank
    start = time.process_time()
    for call in calls:
        rehearsal.respond(call.messages, surface=surface, fitted=fitted, **call.dials)
    return len(calls) / (time.process_time() - start)


async def through_litellm(fitted: rehearsal.Fitted, calls: list[Asked]) -> tuple[list[float], list[float]]:
    """Seconds of every call to rehearsal and of the same call to a custom provider that says nothing, in turn."""
    litellm = llm._litellm()
    surface = rehearsal.surface(SURFACE)
    model = rehearsal.model_name(surface, fitted)

    class Empty(litellm.CustomLLM):  # type: ignore[misc, name-defined]
        async def acompletion(self, model_response: Any, **_: Any) -> Any:
            model_response.model = "empty"
            model_response.choices[0].message.content = ""
            model_response.choices[0].finish_reason = "stop"
            model_response.usage = litellm.Usage(prompt_tokens=1, completion_tokens=1, total_tokens=2)
            return model_response

    embedded = llm._embedded_provider({fitted.digest[: rehearsal.DIGEST_LENGTH]: fitted}, {surface.name: surface})
    litellm.custom_provider_map = [
        {"provider": "rehearsal", "custom_handler": embedded}, {"provider": "empty", "custom_handler": Empty()},
    ]  # fmt: skip
    for provider, name in (("rehearsal", model), ("empty", "empty/x")):
        free = {"input_cost_per_token": 0.0, "output_cost_per_token": 0.0, "litellm_provider": provider, "mode": "chat"}
        litellm.register_model(dict.fromkeys((provider, name, name.removeprefix(f"{provider}/")), free))
    took: dict[str, list[float]] = {model: [], "empty/x": []}
    for call in calls:
        sent = [{"role": message.role, "content": message.content} for message in call.messages]
        for name, times in took.items():
            start = time.perf_counter()
            await litellm.acompletion(model=name, messages=sent, max_tokens=160, timeout=60, max_retries=0, **call.dials)
            times.append(time.perf_counter() - start)
    return took[model], took["empty/x"]


def main() -> int:
    """0 when both bounds hold."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=REDIAL)
    parser.add_argument("--n", type=int, default=3000)
    arguments = parser.parse_args()
    fitted, calls = prepared(arguments.data, arguments.n)
    half = len(calls) // 2
    per_s = turns_per_second(fitted, calls[:half])
    ours, empty = asyncio.run(through_litellm(fitted, calls[half:]))
    ratio = statistics.median(ours) / statistics.median(empty)
    write_section(
        "Rehearsal",
        [
            Table(
                "Seeker turns on ReDial, fitted, every prompt seen for the first time",
                ["turns", "a second of processor time", "at least"],
                [[str(half), f"{per_s:,.0f}", f"{LEAST_PER_S:,.0f}"]],
            ),
            Table(
                "A call through litellm, the two providers in turn",
                ["provider", "n", "median ms", "ratio", "at most"],
                [
                    ["empty custom provider", str(len(empty)), f"{1000 * statistics.median(empty):.2f}", "1", ""],
                    ["rehearsal", str(len(ours)), f"{1000 * statistics.median(ours):.2f}", f"{ratio:.2f}", f"{MOST_RATIO}"],
                ],
            ),
        ],
        command="make bench-rehearsal",
    )
    return 0 if per_s >= LEAST_PER_S and ratio <= MOST_RATIO else 1


if __name__ == "__main__":
    sys.exit(main())
