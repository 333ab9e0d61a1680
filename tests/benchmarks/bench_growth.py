"""How the commands grow with the data: ingest to pull on ReDial at 1, 4 and 16 times its size, with a batch that grows as well.

`--work FOLDER` keeps the stores, the releases and a line for each command that has ended, so that a benchmark that was stopped goes on:
a command that was stopped begins again from a copy of the store before it. `--setting FILE` is the prompt of the batch (which has to
pass the gates, or nothing is published), and `--n N` the dialogues of the batch at ×1. Where a gate says no, as it does to a batch that
is too small to show what the gate asks for, nothing is published at that size. `--only N` stops after a size, and `--show` prints the
tables of what is there and keeps nothing.

Processor time is the main figure, since other work on the machine makes seconds of the wall long.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from math import log
from pathlib import Path
from shutil import copyfile
from statistics import linear_regression
from typing import Any

from growth import Kept, Took, measured
from scaled import scaled_redial
from tables import Table, write_section

FACTORS = (1, 4, 16)
STAGES = ("ingest", "profile", "simulate", "validate", "publish", "pull")
N, BATCH, NAME, RELEASE = 300, "grown", "grown-seekers", "grown-seekers-rehearsal"
GATE_FAILED = 3
GOAL, GOAL_GIB = 18.0, 4.0
# of each command's answer what grows with the data
_FACTS = ("n_dialogues", "n_turns", "n_model_calls", "tokens", "n_examples", "n_quarantined")


def main() -> None:
    """Measures what has no line yet, and writes the section of docs/benchmarks.md."""
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--work", type=Path, required=True)
    reading.add_argument("--setting", type=Path, default=Path(__file__).with_name("growth.toml"))
    reading.add_argument("--n", type=int, default=N)
    reading.add_argument("--only", type=int, default=FACTORS[-1])
    reading.add_argument("--show", action="store_true")
    asked = reading.parse_args()
    asked.work.mkdir(parents=True, exist_ok=True)
    kept = Kept(asked.work / "rows.jsonl")
    for factor in () if asked.show else FACTORS:
        if factor <= asked.only:
            _grown(factor, asked, kept)
    tables = [_growth(kept.rows), _each(kept.rows), _memory(kept.rows)]
    if asked.show or asked.only < FACTORS[-1]:
        print("\n".join(one.markdown() for one in tables))
    else:
        write_section("Growth", tables, command='make bench-growth ARGS="--work FOLDER"')


def _grown(factor: int, asked: argparse.Namespace, kept: Kept) -> None:
    """Runs the stages of a size that have no line yet."""
    folder = asked.work / f"x{factor}"
    data, store, running = folder / "redial", folder / "store.duckdb", folder / "running.duckdb"
    if not data.is_dir():
        scaled_redial(folder / "unfinished", factor=factor).rename(data)
    environment = {**os.environ, "PREFECT_HOME": str(folder / "prefect"), "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "600"}
    environment.pop("PREFECT_API_URL", None)
    for stage, words in _commands(factor, asked, data, running).items():
        if kept.has(factor, stage):
            continue
        running.unlink(missing_ok=True)
        running.with_name(running.name + ".wal").unlink(missing_ok=True)
        if store.is_file():
            copyfile(store, running)
        out = folder / f"{stage}.json"
        figures, code = measured([*words, "--store", str(running), "--json"], environment=environment, out=out)
        if (stage, code) == ("publish", GATE_FAILED):
            return
        if code and (stage, code) != ("validate", GATE_FAILED):
            raise SystemExit(f"{stage} at ×{factor} ended with {code}: {out.read_text(encoding='utf-8')[:2000]}")
        n_bytes = running.stat().st_size
        running.replace(store)
        facts = _facts(json.loads(out.read_text(encoding="utf-8")))
        n = int(facts["n_dialogues"]) if stage in ("ingest", "profile") else factor * asked.n
        kept.add(Took(factor, stage, n, store_bytes=n_bytes, facts=facts, **figures))


def _commands(factor: int, asked: argparse.Namespace, data: Path, running: Path) -> dict[str, list[str]]:
    """The words of each stage's command, without the store."""
    releases = ["--releases", str(running.with_name("releases"))]
    played = ["--dataset", "redial", "--setting", str(asked.setting), "--n", str(factor * asked.n), "--batch", BATCH]
    return {
        "ingest": ["ingest", "redial", str(data), "--dataset", "redial"],
        "profile": ["profile", "--dataset", "redial"],
        "simulate": ["simulate", *played],
        "validate": ["validate", "--batch", BATCH],
        "publish": ["publish", "--batch", BATCH, "--name", NAME, *releases],
        "pull": ["pull", RELEASE, "--out", str(running.with_name("pulled.jsonl")), *releases],
    }


def _facts(answer: Mapping[str, Any]) -> dict[str, float]:
    return {name: answer[name] for name in _FACTS if isinstance(answer.get(name), int)}


def _growth(rows: Sequence[Took]) -> Table:
    """Processor time and seconds at each size, the ratio of the largest to the first, and the exponent of growth."""
    body = []
    for stage, there in _by_stage(rows):
        first, last = there[0], there[-1]
        busy = last.cpu_s / first.cpu_s
        row = [f"{one.cpu_s:.0f} ({one.seconds:.0f})" for one in there] + [""] * (len(FACTORS) - len(there))
        body.append([stage, f"{first.n:,}", *row, f"**{busy:.1f}**", f"{last.seconds / first.seconds:.1f}", f"{_exponent(there):.2f}"])
    title = (
        f"Processor seconds (seconds of the wall) of each command; the goal at ×16 is at most {GOAL:.0f} times ×1. The exponent is the "
        "slope of log processor time over log size"
    )
    header = ["command", "dialogues at ×1", *(f"×{one}" for one in FACTORS), "×16 / ×1", "of the wall", "exponent"]
    return Table(title, header, body)


def _each(rows: Sequence[Took]) -> Table:
    """What a dialogue more costs, from the two largest sizes, and what that makes for a million."""
    body = []
    for stage, there in _by_stage(rows):
        if len(there) < len(FACTORS):
            continue
        (less, more), n = there[-2:], there[-1].n - there[-2].n
        each = (more.cpu_s - less.cpu_s) / n
        calls = (more.facts.get("n_model_calls", 0) - less.facts.get("n_model_calls", 0)) / n
        server = (more.server_s - less.server_s) / n
        start = there[0].cpu_s - each * there[0].n
        hours = each * 1e6 / 3600
        body.append([stage, f"{start:.1f}", f"{1000 * each:.2f}", f"{1000 * server:.2f}", f"{hours:.2f}", f"{calls:.1f}"])
    title = "A dialogue more, by the difference of ×16 and ×4; what ×1 takes beyond that is the start"
    header = ["command", "start, s", "ms a dialogue", "of these Prefect's server", "hours a million (extrapolated)", "calls a dialogue"]
    return Table(title, header, body)


def _memory(rows: Sequence[Took]) -> Table:
    """The peak of memory of each command at each size, and the size of the store after it."""
    body = []
    for stage, there in _by_stage(rows):
        peaks = [f"{one.tree_mib:.0f} ({one.largest_mib:.0f})" for one in there] + [""] * (len(FACTORS) - len(there))
        body.append([stage, *peaks, f"{there[-1].tree_mib / 1024:.2f}", " / ".join(f"{one.store_bytes / 2**20:.0f}" for one in there)])
    title = f"Peak MiB of the processes of each command (of the largest one alone); the goal at ×16 is below {GOAL_GIB:.0f} GiB"
    return Table(title, ["command", *(f"×{one}" for one in FACTORS), "GiB at the largest", "store after it, MiB"], body)


def _by_stage(rows: Sequence[Took]) -> Iterator[tuple[str, list[Took]]]:
    for stage in STAGES:
        there = sorted((one for one in rows if one.stage == stage), key=lambda one: one.factor)
        if there:
            yield stage, there


def _exponent(there: Sequence[Took]) -> float:
    if len(there) < 2:
        return float("nan")
    return linear_regression([log(one.n) for one in there], [log(one.cpu_s) for one in there]).slope


if __name__ == "__main__":
    main()
