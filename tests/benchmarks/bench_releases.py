"""How fast suites judge rows and releases are pulled, as ratios to the plain way in the same run (`make bench-releases`).

Row suites: Great Expectations on a frame that is ready, against one SQL predicate for each expectation in DuckDB; what makes the
evidence is timed apart. Pull: a release of many examples to Parquet, against DuckDB's own `copy`, with the peak of memory of a process
of its own. `--n N` takes another number of turns and examples.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import duckdb
import polars as pl
from memory import peak_mib
from tables import Table, write_section

from understudy.doors import checks
from understudy.doors.releases import ROWS_AT_ONCE
from understudy.exports import parquet
from understudy.release import layout
from understudy.release.selection import Wanted, read, selected

SUITE, N_RUNS, N = "synthetic_turns", 3, 1_000_000
# what each expectation of the suite looks for, as offending rows; a regular expression is the one that the suite has under this name
PREDICATES = (
    "select count(*) > 0 from turns",
    "select count(*) - count(distinct (play_key, turn_index)) from turns",
    "select count(*) from turns where role not in ('seeker', 'recommender')",
    "select count(*) from turns where text is null",
    "select count(*) from turns where not regexp_matches(text, $text)",
    "select count(*) from turns where not alternates",
    "select count(*) from turns where not in_order",
    "select count(*) from turns where regexp_matches(text, $no_fence)",
    "select count(*) from turns where not items_known",
)
EVIDENCE = """
select play_key, turn_index, role, text, coalesce(lag(role) over dialogue <> role, true) as alternates,
    turn_index = row_number() over dialogue - 1 as in_order, true as items_known
from said window dialogue as (partition by play_key order by turn_index) order by play_key, turn_index
"""
MANIFEST = {"format": layout.FORMAT, "splits": {"train": {"n_dialogues": 1}, "validation": {"n_dialogues": 1}}}


def main() -> None:
    """Measures and writes the section; `--pull FOLDER OUT` is the pull, in a process of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--n", type=int, default=N)
    parser.add_argument("--pull", nargs=2, type=Path)
    given = parser.parse_args()
    if given.pull:
        _pull(*given.pull)
        return
    with TemporaryDirectory() as folder:
        tables = [_suites(given.n), _pulls(given.n, Path(folder))]
    write_section("Releases", tables, command=f"make bench-releases ARGS='--n {given.n}'" if given.n != N else "make bench-releases")


def _suites(n: int) -> Table:
    """Row suites on `n` turns."""
    said = pl.DataFrame({"i": pl.arange(0, n, eager=True)}).select(
        pl.format("d{}", pl.col("i") // 8).alias("play_key"),
        (pl.col("i") % 8).cast(pl.Int32).alias("turn_index"),
        pl.when(pl.col("i") % 2 == 0).then(pl.lit("seeker")).otherwise(pl.lit("recommender")).alias("role"),
        pl.format("turn {} of somebody who looks for a film with a heist", pl.col("i")).alias("text"),
    )
    connection = duckdb.connect()
    connection.register("said", said.to_arrow())
    evidence, frame = _timed(lambda: connection.execute(EVIDENCE).pl())
    connection.register("turns_view", frame.to_arrow())
    connection.execute("create table turns as select * from turns_view")
    ours, plain = [], []
    for _ in range(N_RUNS):
        ours.append(_timed(lambda: checks.run_suite(SUITE, frame, key="play_key"))[0])
        plain.append(_timed(lambda: [_counted(connection, one) for one in PREDICATES])[0])
    ratio = median(ours) / median(plain)
    row = [f"{n:,}", f"{evidence:.2f} s", f"{median(ours):.2f} s", f"{median(plain):.2f} s", f"{ratio:.2f}", "3"]
    return Table("Row suites", ["turns", "evidence", "Great Expectations", "one predicate each", "ratio", "goal at most"], [row])


def _counted(connection: duckdb.DuckDBPyConnection, predicate: str) -> object:
    """The number of offending rows by a predicate."""
    used = {one.name: one.kwargs["regex"] for one in checks.suite(SUITE) if f"${one.name}" in predicate}
    return connection.execute(predicate, used).fetchone()


def _pulls(n: int, folder: Path) -> Table:
    """A release of `n` examples, pulled as Parquet."""
    _release(n, folder)
    ours, plain, peaks = [], [], []
    for _ in range(N_RUNS):
        words = [sys.executable, __file__, "--pull", str(folder), str(folder / "out.parquet")]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        seconds, peak = map(float, done.stdout.split())
        ours.append(seconds)
        peaks.append(peak)
        copy = f"copy (select * from read_parquet('{folder}/examples-*.parquet')) to '{folder}/plain.parquet' (format parquet)"
        plain.append(_timed(lambda copy=copy: duckdb.connect().execute(copy))[0])
    ratio = median(ours) / median(plain)
    row = [f"{n:,}", f"{median(ours):.2f} s", f"{median(plain):.2f} s", f"{ratio:.2f}", "1.5", f"{max(peaks):.2f} GiB", "2 GiB"]
    return Table("Pull to Parquet", ["examples", "pull", "DuckDB copy", "ratio", "goal at most", "peak of memory", "goal below"], [row])


def _release(n: int, folder: Path) -> None:
    """The Parquet files of a release of `n` examples of six messages each."""
    message = [pl.struct(pl.lit(role).alias("role"), pl.format(f"{role} says {at} in {{}}", "i").alias("content"))
               for at, role in enumerate(("user", "assistant") * 3)]  # fmt: skip
    for split, share in (("train", 9 * n // 10), ("validation", n - 9 * n // 10)):
        base = pl.DataFrame({"i": pl.arange(0, share, eager=True)}).with_columns(dialogue_id=pl.format(split + "-{}", "i"))
        engine = [pl.lit("m").alias("engine"), pl.lit(split).alias("split")]
        base.select(pl.format("e-{}", "dialogue_id").alias("example_id"), "dialogue_id", pl.lit("messages").alias("form"),
                    pl.concat_list(message).alias("messages"), *engine).write_parquet(
                        folder / f"examples-{split}.parquet", row_group_size=ROWS_AT_ONCE)  # fmt: skip
        for table in ("dialogues", "turns"):
            base.select("dialogue_id", *engine).write_parquet(folder / f"{table}-{split}.parquet")
    pl.DataFrame({"item_id": ["i"]}).write_parquet(folder / "items.parquet")


def _pull(folder: Path, out: Path) -> None:
    """Prints the seconds of a pull, digests included, and the peak of memory of this program in GiB."""
    from understudy.doors import releases as shelf

    def work() -> None:
        shelf.listed(folder)
        released = selected(read(folder, layout.layout_of(MANIFEST)), Wanted("parquet"))
        shelf.write_table(out, parquet.frame(released))

    seconds, _ = _timed(work)
    print(seconds, peak_mib() / 1024)


def _timed(work: Callable[[], object]) -> tuple[float, pl.DataFrame]:
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found  # type: ignore[return-value]


if __name__ == "__main__":
    main()
