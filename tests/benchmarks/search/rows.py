"""The raw rows of the benchmark, one a run: packed as Parquet in the repository, as JSON lines while runs are added."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl

Row = dict[str, Any]
# names the columns that hold JSON text, since their values are nested and differ in shape between runs
_NESTED = "nested"


def read(packed: Path, added: Path) -> list[Row]:
    """Every row that is there, packed ones first; a key that was run again counts by its newer row."""
    rows = {row["key"]: row for row in [*_unpacked(packed), *_lines(added)]}
    return list(rows.values())


def pack(rows: list[Row], path: Path) -> None:
    """Writes all rows as one Parquet file: a column a field, nested fields as JSON text."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    nested = [name for name in names if any(isinstance(row.get(name), list | dict) for row in rows)]
    columns = {name: [_cell(row, name, name in nested) for row in rows] for name in names}
    path.parent.mkdir(parents=True, exist_ok=True)
    frame = pl.DataFrame(columns, strict=False, infer_schema_length=None)
    frame.write_parquet(path, compression="zstd", compression_level=19, metadata={_NESTED: json.dumps(nested)})


def _cell(row: Row, name: str, nested: bool) -> Any:
    if name not in row:
        return None
    return json.dumps(row[name], ensure_ascii=False) if nested else row[name]


def _unpacked(path: Path) -> list[Row]:
    if not path.is_file():
        return []
    nested = set(json.loads(pl.read_parquet_metadata(path)[_NESTED]))
    rows = pl.read_parquet(path).to_dicts()
    return [{name: json.loads(value) if name in nested else value for name, value in row.items() if value is not None} for row in rows]


def _lines(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.is_file() else []
