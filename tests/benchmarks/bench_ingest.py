"""Ingest beside DuckDB's own reading of the same files, what masking and title linking cost, and a million dialogues.

Run by `make bench`. Ratios are of medians measured in turn in one run; memory is the peak of a process of its own.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree
from statistics import median

import duckdb
from memory import peak_mib
from scaled import LOGS, scaled_redial
from tables import Table, write_section

from understudy.doors.store import Store
from understudy.ingest.linking import linked
from understudy.ingest.personal import masked
from understudy.rows import humans
from understudy.tasks.ingest.logs import ingest_logs

N_RUNS = 7
FACTORS = (23, 68, 227)  # of 4,418 dialogues: a tenth of a million, a third, a million
DIALOGUES = [str(LOGS / "redial" / name) for name in ("train_data.jsonl", "test_data.jsonl")]


def main() -> None:
    """Measures and writes the section; `--one FOLDER` is one process of the scaling table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--one", type=Path)
    given = parser.parse_args()
    if given.one:
        print(*_alone(given.one))
        return
    with tempfile.TemporaryDirectory() as folder:
        tables = [_beside_duckdb(Path(folder)), _scaling(Path(folder))]
    write_section("Ingest", tables, command="make bench-ingest")


def _beside_duckdb(folder: Path) -> Table:
    ours, theirs = [], []
    for run in range(N_RUNS):
        theirs.append(_seconds(lambda run=run: _read_json(folder / f"theirs{run}.duckdb")))
        ours.append(_seconds(lambda run=run: _ingest(folder / f"ours{run}.duckdb", LOGS / "redial")))
    with Store.open(folder / "ours0.duckdb") as store:
        texts = store.frame("ingest/turns", dataset="d")
        items = list(humans.load_items(store, "d").values())
        popularity = {row["item_id"]: row["n"] for row in store.rows("ingest/popularity", dataset="d")}
    masking = [_seconds(lambda: masked(texts["text"])) for _ in range(N_RUNS)]
    linking = [_seconds(lambda: linked(texts, items, popularity=popularity)) for _ in range(3)]
    base = median(theirs)
    ingest = median(ours) - median(masking)
    rows = [
        ["`read_json` into a table", f"{base:.2f}", "1"],
        ["ingest without masking", f"{ingest:.2f}", f"{ingest / base:.2f}"],
        ["masking of the turns", f"{median(masking):.2f}", f"{median(masking) / base:.2f}"],
        ["title linking (untagged logs alone)", f"{median(linking):.2f}", f"{median(linking) / base:.2f}"],
    ]
    title = f"ReDial, {texts['dialogue_id'].n_unique()} dialogues, {len(texts)} turns; medians of {N_RUNS}"
    return Table(title, ["what", "seconds", "÷ `read_json`"], rows)


def _scaling(folder: Path) -> Table:
    rows = []
    for factor in FACTORS:
        data = scaled_redial(folder / f"scaled{factor}", factor=factor)
        command = [sys.executable, __file__, "--one", str(data)]
        n, seconds, mebibytes = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        rmtree(data)
        rows.append([f"{int(n):,}", f"{float(seconds):.0f}", f"{1e3 * float(seconds) / int(n):.3f}", mebibytes])
    return Table("The same files scaled under new ids", ["dialogues", "seconds", "ms a dialogue", "peak MiB"], rows)


def _alone(data: Path) -> tuple[int, float, int]:
    """Dialogues, seconds and peak memory in MiB of this process, which does nothing else."""
    n: list[int] = []
    seconds = _seconds(lambda: n.append(_ingest(data / "store.duckdb", data)))
    return n[0], seconds, round(peak_mib())


def _ingest(store: Path, data: Path) -> int:
    with Store.open(store) as opened:
        done = ingest_logs.fn(opened, "redial", [str(data)], dataset="d")
    if not done["n_dialogues"] or done["n_rejects"]:
        raise SystemExit(f"nothing to compare: {done}")
    return int(done["n_dialogues"])


def _read_json(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table records as select * from read_json(?)", [DIALOGUES])


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
