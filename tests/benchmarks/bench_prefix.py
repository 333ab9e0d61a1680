"""How much of its prompts a server computes: prompt tokens that were not in its cache, in the order of calls of today and of before.

    python tests/benchmarks/bench_prefix.py --model local/NAME --work WORK
    python tests/benchmarks/bench_prefix.py --model openai/NAME --api-base http://127.0.0.1:8101/v1 --work WORK

For each setting two candidates (the setting, and the same with another sentence of style) are played side by side on one small panel of
the bundled sample, as a search plays them. *before* takes turns call by call and begins every dialogue at once; *now* is the code's own
order. Both play the layout of the code that runs; the layout of an older version is measured by `bench_models.py`, which runs on it too.
Each side has a store of its own, so that no reply is served, and a file with its row: a run that was stopped goes on with the side that
it had begun. What the server does not report is not measured. Prints a table and JSON.
"""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from shutil import copy
from time import perf_counter
from typing import Any

from bench_models import DATASET, SERVED_S, _profiled

from understudy.doors.gateway import caller
from understudy.doors.gateway.turnstile import Turnstile
from understudy.parameters import Models, PanelSize, RunOptions
from understudy.play.panels import Panel
from understudy.prompt.genome import Genome
from understudy.prompt.setting import load_setting, seed_genome
from understudy.report.markdown import table
from understudy.rows import played as rows
from understudy.tasks.play.caching import prompt_caches
from understudy.tasks.play.evaluation import performed
from understudy.tasks.play.opened import OpenRun, models_open, store_open

SIDES = ("before", "now")
SPLIT = "search"
GOAL = 0.45
Fields = dict[str, Any]


def main() -> None:
    """Plays every setting on both sides and prints the shares."""
    asked = _asked()
    asked.work.mkdir(parents=True, exist_ok=True)
    profiled = asked.work / "profiled.duckdb"
    _profiled(profiled, Path(__file__).resolve().parents[2] / "examples" / "sample")
    found: list[Fields] = []
    for n, setting in enumerate(asked.settings):
        # who goes first finds a colder server, so the sides take turns in it
        for side in SIDES if n % 2 else SIDES[::-1]:
            found.append(_told(asked, profiled, setting, side))
            print(json.dumps(found[-1]), flush=True)
    print(shown(found))
    print(json.dumps({"model": asked.model, "goal_few_shot": GOAL, "rows": found}))


def _told(asked: argparse.Namespace, profiled: Path, setting: str, side: str) -> Fields:
    """The row of one side: that of an earlier run, where it was played to its end there, or played anew from nothing."""
    store, kept = (asked.work / f"{setting}-{side}.{end}" for end in ("duckdb", "json"))
    sized = {name: getattr(asked, name) for name in ("model", "contexts", "dialogues", "free", "seed", "concurrency")}
    if kept.exists():
        row: Fields = json.loads(kept.read_text(encoding="utf-8"))
        if row["asked"] != sized:
            raise SystemExit(f"{kept} is of another run ({row['asked']}): give another --work")
        return row
    for left in asked.work.glob(f"{store.name}*"):
        left.unlink()  # what a stopped run has in its store would be served and not computed
    copy(profiled, store)
    row = {"setting": setting, "side": side, "asked": sized, **played(store, asked, setting, side)}
    kept.write_text(json.dumps(row), encoding="utf-8")
    return row


def played(store: Path, asked: argparse.Namespace, setting: str, side: str) -> Fields:
    """What the server computed for two candidates that are played side by side."""
    models = Models(seeker=asked.model, api_base=asked.api_base, concurrency=asked.concurrency, timeout_s=SERVED_S)
    own = Turnstile.of
    try:
        if side == "before":
            caller.Turnstile.of = lambda n_slots: Turnstile(n_slots, turn_s=0.0)  # type: ignore[method-assign]
        options = RunOptions(store=store, seed=asked.seed, models=models)
        with store_open(store) as there, models_open(DATASET, options, there) as opened:
            if side == "before":
                opened.gateway.n_dialogues_at_once = lambda _: None  # type: ignore[method-assign]
                opened.gateway._thread_of = lambda _: 0  # type: ignore[method-assign]
            size = PanelSize(per_stratum=asked.contexts, behaviour=asked.dialogues, free=asked.free)
            panel = opened.humans.panel(SPLIT, size, seed=asked.seed)
            began = perf_counter()
            with ThreadPoolExecutor(2) as threads:
                list(threads.map(lambda genome: _performed(opened, genome, panel), candidates(opened, setting)))
            seconds = perf_counter() - began
            (told,) = (one for one in prompt_caches(there) if one["role"] == "seeker")
    finally:
        caller.Turnstile.of = own  # type: ignore[method-assign]
    share, n, prompt, cached = told["cached_share"], told["n_calls"], told["prompt_tokens"], told["cached_tokens"]
    is_known = share["value"] is not None
    return {
        "n_calls": n, "n_reported": share["n"], "prompt_tokens": prompt, "cached_tokens": cached, "s_per_call": seconds / n,
        "computed_share": (prompt - cached) / prompt if is_known else None,
        "computed_per_call": (prompt - cached) / share["n"] if is_known else None,
    }  # fmt: skip


def candidates(opened: OpenRun, setting: str) -> list[Genome]:
    """A setting, and a candidate that a search might make of it."""
    genome = seed_genome(load_setting(setting), sorted(opened.humans.exemplars), seed=opened.options.seed)
    other = replace(genome, sections={**genome.sections, "style": f"{genome.sections['style']} Keep messages brief."})
    with opened.store.transaction():
        rows.keep_genomes(opened.store, [genome, other], setting=setting)
    return [genome, other]


def _performed(opened: OpenRun, genome: Genome, panel: Panel) -> None:
    performed(opened, opened.work(genome.digest, panel, split=SPLIT))


def shown(found: list[Fields]) -> str:
    """The rows as a Markdown table."""
    cells = [
        [
            one["setting"], one["side"], str(one["n_calls"]), str(one["prompt_tokens"]),
            "not measured" if one["computed_share"] is None else f"{one['computed_share']:.1%}",
            "not measured" if one["computed_per_call"] is None else f"{one['computed_per_call']:.0f}", f"{one['s_per_call']:.2f}",
        ]
        for one in sorted(found, key=lambda one: (one["setting"], one["side"]))
    ]  # fmt: skip
    return table(["setting", "order", "calls", "prompt tokens", "computed", "computed a call", "seconds a call"], cells)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", required=True)
    parser.add_argument("--api-base")
    parser.add_argument("--settings", nargs="+", default=["few_shot", "expert", "zero_shot"])
    parser.add_argument("--contexts", type=int, default=6, help="replayed reactions of each stratum")
    parser.add_argument("--dialogues", type=int, default=4, help="dialogues that are replayed turn by turn")
    parser.add_argument("--free", type=int, default=4, help="free runs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--concurrency", type=int, default=1)
    parser.add_argument("--work", type=Path, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
