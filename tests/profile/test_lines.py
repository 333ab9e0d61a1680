"""Files that are read by lines: what ends a line elsewhere may stand in an id or a text."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from understudy.doors import files
from understudy.errors import BadInput
from understudy.keys import json_line
from understudy.profile.labelling import labels, sheet

LINE_LIKE = "\n\r\v\f\x00\x1c\x1d\x1e\x1f\x7f\x85\u2028\u2029"
texts = st.lists(st.text(st.sampled_from(LINE_LIKE + 'a",;\\ ')), min_size=1, max_size=5)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts)
def test_json_lines_are_read_as_they_were_written_whatever_they_hold(tmp_path: Path, said: list[str]) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_bytes("".join(f"{json_line({'id': one, 'text': one})}\n" for one in said).encode())
    assert [json.loads(line) for _, line in files.lines(path)] == [{"id": one, "text": one} for one in said]


@settings(max_examples=40)
@given(texts)
def test_a_sheet_for_labels_has_one_row_for_each_turn_whatever_it_holds(said: list[str]) -> None:
    ids = [f"{number:012x}" for number in range(len(said))]
    drawn = pl.DataFrame({"label_id": ids, "before": said, "text": said})
    # a row that is read apart has an id that is in no sheet, which is refused before an empty sheet is
    with pytest.raises(BadInput, match=r"sheet\.csv holds no label"):
        labels(sheet(drawn), name="sheet.csv", known=ids)
