"""The raw rows of the benchmark: packed and read again they are what they were, and a newer run of a key counts."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

from search import rows
from search.plan import cases_of

PACKED = Path(__file__).resolve().parents[1] / "benchmarks" / "search.parquet"
NESTED = st.recursive(st.floats(-5, 5) | st.text(max_size=4) | st.none(), lambda one: st.lists(one, max_size=3), max_leaves=5)


@given(st.lists(st.tuples(st.floats(0, 1), st.dictionaries(st.text(max_size=3), NESTED, max_size=3), st.booleans()), max_size=6))
def test_rows_are_read_as_they_were_packed(values: list[tuple[float, dict[str, Any], bool]]) -> None:
    given_rows = [
        {"key": str(at), "hv": hv, "options": options, **({"met": {"n": at}} if has_met else {})}
        for at, (hv, options, has_met) in enumerate(values)
    ]
    with TemporaryDirectory() as folder:
        rows.pack(given_rows, Path(folder) / "rows.parquet")
        assert rows.read(Path(folder) / "rows.parquet", Path(folder) / "nothing") == given_rows


def test_a_run_that_was_made_again_counts_by_its_newer_row(tmp_path: Path) -> None:
    rows.pack([{"key": "a", "hv": 0.1}, {"key": "b", "hv": 0.2}], tmp_path / "rows.parquet")
    (tmp_path / "added.jsonl").write_text(json.dumps({"key": "b", "hv": 0.3}) + "\n" + json.dumps({"key": "c", "hv": 0.4}) + "\n")
    read = {row["key"]: row["hv"] for row in rows.read(tmp_path / "rows.parquet", tmp_path / "added.jsonl")}
    assert read == {"a": 0.1, "b": 0.3, "c": 0.4}


def test_the_rows_of_the_repository_are_all_of_protocol_2_and_what_was_played_of_protocols_3_and_4() -> None:
    read = rows.read(PACKED, PACKED.with_name("nothing"))
    assert len({row["key"] for row in read}) == len(read)
    of_3 = [row for row in read if row["block"].startswith("equal")]
    of_4 = [row for row in read if row["block"].startswith("ahead")]
    assert (len(read) - len(of_3) - len(of_4), len(of_3), len(of_4)) == (672, 436, 49)
    assert {row["key"] for row in of_4} <= {case.key for case in cases_of(["ahead", "ahead_nonconvex"])}
    assert {row["key"] for row in of_3} <= {case.key for case in cases_of(["equal", "equal_nonconvex", "equal_quality"])}
