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
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import log
from pathlib import Path
from shutil import copyfile
from statistics import linear_regression
from typing import Any

from growth import UNDERSTUDY, Kept, Took, measured
from scaled import scaled_redial
from tables import Table, write_section

FACTORS = (1, 4, 16)
HTTP, N_HOSTED, HOSTED = "simulate, HTTP", 100, (1, 4)
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
    if not asked.show:
        _hosted(asked, kept)
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
    for stage, words in _commands(factor, asked, data, running).items():
        if kept.has(factor, stage):
            continue
        running.unlink(missing_ok=True)
        running.with_name(running.name + ".wal").unlink(missing_ok=True)
        if store.is_file():
            copyfile(store, running)
        out = folder / f"{stage}.json"
        figures, code = measured([*words, "--store", str(running), "--json"], environment=_environment(folder), out=out)
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


def _environment(folder: Path) -> dict[str, str]:
    """That of a command with a Prefect server of its own."""
    given = {name: value for name, value in os.environ.items() if name != "PREFECT_API_URL"}
    return given | {"PREFECT_HOME": str(folder / "prefect"), "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "600"}


def _facts(answer: Mapping[str, Any]) -> dict[str, float]:
    return {name: answer[name] for name in _FACTS if isinstance(answer.get(name), int)}


def _hosted(asked: argparse.Namespace, kept: Kept) -> None:
    """Plays dialogues alone with a model behind HTTP, which answers at once: what a hosted model's calls take of the processor."""
    folder = asked.work / "hosted"
    folder.mkdir(exist_ok=True)
    command = [UNDERSTUDY, "devserver", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        address = json.loads(server.stdout.readline())["api_base"]
        for factor in (one for one in HOSTED if not kept.has(one, HTTP)):
            n, store = factor * N_HOSTED, copyfile(asked.work / "x1" / "store.duckdb", folder / "store.duckdb")
            played = ["simulate", "--dataset", "redial", "--setting", str(asked.setting), "--n", str(n), "--batch", "hosted", "--no-report"]
            words = [*played, "--model", "openai/any", "--api-base", address, "--concurrency", "64", "--store", str(store), "--json"]
            out = folder / f"{factor}.json"
            figures, code = measured(words, environment=_environment(folder) | {"OPENAI_API_KEY": "none"}, out=out)
            if code:
                raise SystemExit(f"{HTTP} ended with {code}: {out.read_text(encoding='utf-8')[:2000]}")
            facts = _facts(json.loads(out.read_text(encoding="utf-8")))
            kept.add(Took(factor, HTTP, n, store_bytes=store.stat().st_size, facts=facts, **figures))
        server.terminate()


def _growth(rows: Sequence[Took]) -> Table:
    """Processor time and seconds at each size, the ratio of the largest to the first, and the exponent of growth."""
    body = []
    for stage, there in _by_stage(rows):
        sizes = " / ".join(f"{one.n:,}" for one in there)
        cells = [_at(there, factor, lambda one: f"{one.cpu_s:.0f} ({one.seconds:.0f})") for factor in FACTORS]
        ratios = [_ratio(there, lambda one: one.cpu_s), _ratio(there, lambda one: one.seconds), _steps(there)]
        body.append([stage, sizes, *cells, *ratios, _exponent(there)])
    title = (
        f"Processor seconds (seconds of the wall) of each command; the goal at ×16 is at most {GOAL:.0f} times ×1. The steps are what ×16 "
        "takes beyond ×4 over what ×4 takes beyond ×1, so that what a command takes whatever the size is not in it: 4 is linear. The "
        "exponent is the slope of log processor time over log dialogues"
    )
    header = ["command", "dialogues", *(f"×{one}" for one in FACTORS), "×16 / ×1", "of the wall", "steps", "exponent"]
    return Table(title, header, body)


def _each(rows: Sequence[Took]) -> Table:
    """What a dialogue more costs, from the two largest sizes, and what that makes for a million."""
    body = []
    for stage, there in _by_stage(rows):
        if len(there) < 2:
            continue
        (less, more), n = there[-2:], there[-1].n - there[-2].n
        each = (more.cpu_s - less.cpu_s) / n
        calls = (more.facts.get("n_model_calls", 0) - less.facts.get("n_model_calls", 0)) / n
        server, stored = (more.server_s - less.server_s) / n, (more.tree_mib - less.tree_mib) / n * 1024
        cells = [f"{less.cpu_s - each * less.n:.0f}", f"{1000 * each:.2f}", f"{1000 * server:.2f}", f"{each * 1e6 / 3600:.2f}"]
        body.append([stage, *cells, f"{stored:.1f}", f"{calls:.2f}" if calls else ""])
    title = "A dialogue more, by the difference of the two largest sizes; a million is extrapolated"
    header = ["command", "whatever the size, s", "ms a dialogue", "of these Prefect's server", "core hours a million",
              "KiB of memory a dialogue", "calls a dialogue"]  # fmt: skip
    return Table(title, header, body)


def _memory(rows: Sequence[Took]) -> Table:
    """The peak of memory of each command at each size, and the size of the store after it."""
    body = []
    for stage, there in _by_stage(rows):
        peaks = [_at(there, factor, lambda one: f"{one.tree_mib:.0f} ({one.largest_mib:.0f})") for factor in FACTORS]
        stored = [_at(there, factor, lambda one: f"{one.store_bytes / 2**20:.0f}") for factor in FACTORS]
        body.append([stage, *peaks, f"{there[-1].tree_mib / 1024:.2f}", *stored])
    title = f"Peak MiB of the processes of each command (of the largest one alone); the goal at ×16 is below {GOAL_GIB:.0f} GiB"
    header = ["command", *(f"×{one}" for one in FACTORS), "GiB at the largest", *(f"store, MiB, ×{one}" for one in FACTORS)]
    return Table(title, header, body)


def _at(there: Sequence[Took], factor: int, told: Callable[[Took], str]) -> str:
    return next((told(one) for one in there if one.factor == factor), "")


def _ratio(there: Sequence[Took], of: Callable[[Took], float]) -> str:
    return f"**{of(there[-1]) / of(there[0]):.1f}**" if len(there) == len(FACTORS) else ""


def _steps(there: Sequence[Took]) -> str:
    if len(there) < len(FACTORS):
        return ""
    first, second, third = (one.cpu_s for one in there)
    return f"{(third - second) / (second - first):.1f}"


def _by_stage(rows: Sequence[Took]) -> Iterator[tuple[str, list[Took]]]:
    for stage in (*STAGES, HTTP):
        there = sorted((one for one in rows if one.stage == stage), key=lambda one: one.factor)
        if there:
            yield stage, there


def _exponent(there: Sequence[Took]) -> str:
    if len(there) < 2:
        return ""
    return f"{linear_regression([log(one.n) for one in there], [log(one.cpu_s) for one in there]).slope:.2f}"


if __name__ == "__main__":
    main()
