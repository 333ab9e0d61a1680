"""Seconds and memory of `profile` on ReDial at ×1, ×3 and ×10. Run by `make bench`.

The log is scaled under new dialogue, seeker and recommender ids, so that splits, halves and floors grow with it. Each profile is
made by a process of its own; ingesting is not timed here. A shared machine makes seconds of the wall long: linear is judged by
processor seconds.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from memory import peak_mib
from scaled import scaled_redial
from tables import Table, write_section

from understudy.doors.store import Store
from understudy.tasks.ingest.logs import ingest_logs
from understudy.tasks.profile.dataset import profile_dataset

FACTORS = (1, 3, 10)


def main() -> None:
    """Measures and writes the section; `--one STORE` is one process of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--one", type=Path)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(_profiled(given.one)))
        return
    rows = []
    first = 0.0
    for factor in FACTORS:
        one = _measured(factor)
        each = one["cpu"] / one["n"]
        first = first or each
        took = [f"{one['seconds']:.1f}", f"{one['cpu']:.1f}", f"{1000 * each:.2f}", f"{each / first:.2f}", f"{one['mib']:.0f}"]
        rows.append([f"×{factor}", f"{one['n']:,}", *took])
    header = ["log", "dialogues", "seconds", "CPU s", "CPU ms a dialogue", "against ×1", "peak MiB"]
    write_section("Profile", [Table("ReDial scaled under new ids", header, rows)], command="make bench-profile")


def _measured(factor: int) -> dict[str, Any]:
    """What the profile of the scaled log took, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store.duckdb"
        with Store.open(store) as opened:
            ingest_logs.fn(opened, "redial", [str(scaled_redial(Path(folder) / "redial", factor=factor))], dataset="redial")
        done = subprocess.run([sys.executable, __file__, "--one", str(store)], check=True, capture_output=True, text=True)
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return measured


def _profiled(store: Path) -> dict[str, Any]:
    """What one profile took in this process: n dialogues, seconds, processor seconds, peak memory in MiB."""
    began, busy = time.perf_counter(), time.process_time()
    with Store.open(store) as opened:
        fields = profile_dataset.fn(opened, "redial")
    took = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - busy}
    return {"n": fields["n_dialogues"], **took, "mib": peak_mib()}


if __name__ == "__main__":
    main()
