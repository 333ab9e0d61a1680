"""The search against every prompt optimizer, metered in dialogues at the provider. The protocol stands in docs/bench-search.md.

`make bench-search` plays what is missing among the raw rows (`search.parquet` beside this file) and writes tables and pictures anew;
`--surfaces 0-1 --rows FILE` tries it out elsewhere, with `--quick` without playing (search/quick.py), `--report` only writes. New rows are
kept one by one as JSON lines, so a run that is stopped goes on; they are packed into the Parquet file when the command ends.
"""

from __future__ import annotations

import argparse
import atexit
import json
import logging
import multiprocessing
import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("POLARS_MAX_THREADS", "1")
os.environ.setdefault("DO_NOT_TRACK", "1")

from search import rows
from search.plan import cases_of
from search.scoring import BenchmarkRun, run
from search.world import ROOT, World, prepared

PACKED = Path(__file__).with_name("search.parquet")
ADDED = ROOT / ".bench" / "search.jsonl"
STORE = ROOT / ".bench" / "search.duckdb"
TURN_ABOUT = ("equal", "equal_nonconvex", "equal_quality", "ahead", "ahead_nonconvex")
_world: World | None = None
_measurements: Any = None


def main() -> int:
    """0 when every case has its row."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=Path, help="JSON lines of runs that are tried out; they are not packed")
    parser.add_argument("--store", type=Path, default=STORE)
    parser.add_argument("--surfaces", default="")
    parser.add_argument("--optimizers", default="")
    parser.add_argument("--quality", type=float, default=0.6)
    parser.add_argument("--option", action="append", default=[], help="NAME=VALUE, for every optimizer of a try-out")
    parser.add_argument("--blocks", default="", help="of the whole benchmark, only these blocks")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--report", action="store_true")
    parser.add_argument("--quick", action="store_true", help="a try-out without playing (search/quick.py); needs --surfaces and --rows")
    asked = parser.parse_args()
    if asked.quick and not (asked.surfaces and asked.rows):
        parser.error("--quick is for trying out: it needs --surfaces and --rows")
    if not asked.report:
        _play(asked)
    if asked.surfaces:
        return 0
    from search.report import write

    found = rows.read(PACKED, asked.rows or ADDED)
    if asked.rows is None and ADDED.is_file():
        rows.pack(found, PACKED)
        ADDED.unlink()
    write(found)
    missing = {case.key for case in cases_of(())} - {row["key"] for row in found}
    print(f"{len(missing)} runs of the protocol have no row yet", file=sys.stderr)
    return 1 if missing else 0


def _play(asked: argparse.Namespace) -> None:
    cases = list(_tried(asked)) if asked.surfaces else cases_of(asked.blocks.split(",") if asked.blocks else [])
    # drawn and non-convex surfaces turn and turn about, so that a benchmark that is stopped has as many of either
    cases.sort(key=lambda case: case.seed if case.block in TURN_ABOUT else -1 if case.block == "try" else 1_000_000)
    if asked.optimizers:
        cases = [case for case in cases if case.optimizer in asked.optimizers.split(",")]
    added = asked.rows or ADDED
    there = {row["key"] for row in rows.read(PACKED, added)}
    missing = [case for case in cases if case.key not in there]
    store = prepared(asked.store)
    added.parent.mkdir(parents=True, exist_ok=True)
    print(f"{len(cases)} cases, {len(missing)} to run", file=sys.stderr)
    with (
        multiprocessing.get_context("spawn").Pool(asked.jobs, initializer=_open, initargs=(str(store), asked.quick)) as pool,
        added.open("a") as out,
    ):
        for at, row in enumerate(pool.imap_unordered(_run, missing), 1):
            if "error" in row:
                print(f"{at}/{len(missing)} FAILED {row['case']}\n{row['error']}", file=sys.stderr, flush=True)
                continue
            out.write(json.dumps(row, ensure_ascii=False, default=float) + "\n")
            out.flush()
            told = " ".join(f"{name} {row[name]:.3f}" for name in ("hv", "hv_pick", "r2", "seconds"))
            print(
                f"{at}/{len(missing)} {row['block']} {row['optimizer']} {row['surface']} q{row['quality']} {told}",
                file=sys.stderr,
                flush=True,
            )


def _tried(asked: argparse.Namespace) -> Iterator[BenchmarkRun]:
    """Cases on surfaces that the search may be tuned on."""
    from search.contenders import MODULES

    options = tuple(
        (name, float(value) if value.replace(".", "").isdigit() else value)
        for name, _, value in (one.partition("=") for one in asked.option)
    )
    for name in _names(asked.surfaces):
        seed = int("".join(char for char in name if char.isdigit()) or 0)
        for optimizer in asked.optimizers.split(",") if asked.optimizers else MODULES:
            yield BenchmarkRun(optimizer, name, seed, asked.quality, options, block="try")


def _names(listed: str) -> Iterator[str]:
    """Surface names of `0-3,nonconvex-1,null`. Raises ValueError for what is reported on."""
    for part in listed.split(","):
        first, dash, last = part.partition("-")
        found = [str(seed) for seed in range(int(first), int(last) + 1)] if dash and first.isdigit() else [part]
        for name in found:
            if any(char.isdigit() for char in name) and int("".join(char for char in name if char.isdigit())) > 9:
                raise ValueError(f"surface {name} is not one to try things out on")
            yield name


def _open(store: str, is_quick: bool) -> None:
    global _world, _measurements
    logging.disable(logging.WARNING)
    # a store has one process; it is only read here, so each process takes a copy
    own = Path(tempfile.mkdtemp()) / "search.duckdb"
    atexit.register(shutil.rmtree, own.parent, ignore_errors=True)
    shutil.copy(store, own)
    _world = World(str(own))
    if is_quick:
        from search.quick import recorded

        _measurements = recorded(rows.read(PACKED, PACKED.with_name("nothing")))


def _run(case: BenchmarkRun) -> dict[str, Any]:
    assert _world is not None
    try:
        if _measurements is not None:
            from search.quick import run_quick

            return run_quick(case, _world, _measurements)
        return run(case, _world)
    except Exception:  # one case must not end the others; it has no row, so the benchmark is not complete
        return {"case": str(case), "error": traceback.format_exc()}


if __name__ == "__main__":
    sys.exit(main())
