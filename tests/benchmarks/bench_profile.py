"""Seconds and memory of `profile` on ReDial at ×1, ×3 and ×10: `python tests/benchmarks/bench_profile.py [FACTOR…] [--data DIR]`.

The log is scaled under new dialogue, seeker and recommender ids, so that splits, halves and floors grow with it. Each profile is made
by a process of its own; ingesting is not timed here. Prints a Markdown table; exits with 1 where ×1 takes more than 60 s or the
processor seconds per dialogue of a larger log are more than 1.25 times those of the first (wall time depends on what else runs).
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
REDIAL = ROOT.parent / "shared" / "data" / "redial"
FILES = ("train_data.jsonl", "test_data.jsonl")
MOST_S, MOST_RATIO = 60.0, 1.25
WORKERS_APART = 10_000_000


def scaled(source: Path, target: Path, factor: int) -> None:
    """A folder in ReDial's layout with every dialogue of `source` `factor` times, each time by other workers."""
    target.mkdir(parents=True)
    (target / "movies.json").write_bytes((source / "movies.json").read_bytes())
    for name in FILES:
        with (source / name).open(encoding="utf-8") as lines, (target / name).open("w", encoding="utf-8") as out:
            for line in lines:
                out.writelines(json.dumps(one) + "\n" for one in copies(json.loads(line), factor))


def copies(record: dict[str, Any], factor: int) -> Iterator[dict[str, Any]]:
    """The record as it is, then under new ids."""
    for copy in range(factor):
        shift = copy * WORKERS_APART
        workers = {name: record[name] + shift for name in ("initiatorWorkerId", "respondentWorkerId")}
        messages = [{**one, "senderWorkerId": one["senderWorkerId"] + shift} for one in record["messages"]]
        name = record["conversationId"] if not copy else f"{record['conversationId']}x{copy}"
        yield {**record, **workers, "conversationId": name, "messages": messages}


def profiled(store: Path) -> dict[str, Any]:
    """What one profile took, in this process: n dialogues, seconds of wall and of processors, peak memory in MiB."""
    import tasks.profile

    start, cpu = time.perf_counter(), time.process_time()
    fields = tasks.profile.profile_dataset.fn(str(store), "redial")
    took = {"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu}
    return {"n": fields["n_dialogues"], **took, "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def measured(source: Path, factor: int) -> dict[str, Any]:
    """What the profile of the scaled log took, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store.duckdb"
        scaled(source, Path(folder) / "redial", factor)
        ingest = "import sys; from tasks.ingest import ingest_logs; ingest_logs.fn(sys.argv[1], 'redial', [sys.argv[2]], dataset='redial')"
        subprocess.run([sys.executable, "-c", ingest, str(store), str(Path(folder) / "redial")], cwd=ROOT, check=True)
        done = subprocess.run([sys.executable, __file__, "--store", str(store)], cwd=ROOT, check=True, capture_output=True, text=True)
    return {"factor": factor, **json.loads(done.stdout.splitlines()[-1])}


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(description="Profile of ReDial at several sizes.")
    parser.add_argument("factors", nargs="*", type=int, default=[1, 3, 10])
    parser.add_argument("--data", type=Path, default=REDIAL)
    parser.add_argument("--store", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.store:
        sys.path.insert(0, str(ROOT))
        print(json.dumps(profiled(asked.store)))
        return 0
    if not (asked.data / FILES[0]).is_file():
        print(f"there is no ReDial in {asked.data}; name its folder with --data", file=sys.stderr)
        return 2
    print(
        "| log | dialogues | seconds | CPU s | CPU ms per dialogue | against the first | peak MiB |\n|---|---|---|---|---|---|---|",
        flush=True,
    )
    failed, first = False, 0.0
    for factor in asked.factors:
        one = measured(asked.data, factor)
        each = one["cpu"] / one["n"]
        first = first or each
        failed = failed or each > MOST_RATIO * first or (factor == 1 and one["seconds"] > MOST_S)
        took = f"{one['seconds']:.1f} | {one['cpu']:.1f} | {1000 * each:.2f} | {each / first:.2f}"
        print(f"| ×{factor} | {one['n']:,} | {took} | {one['mib']:.0f} |", flush=True)
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
