"""The queries of the store, one file each in `sql/queries`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from understudy.errors import UnderstudyError

QUERIES = Path(__file__).resolve().parents[1] / "sql" / "queries"


@cache
def query_text(name: str) -> str:
    """The text of `sql/queries/<name>.sql`. Raises UnderstudyError where there is none."""
    path = QUERIES / f"{name}.sql"
    if not path.is_file():
        raise UnderstudyError(f"there is no query {name}", hint=f"the file {path} is expected")
    return path.read_text(encoding="utf-8")
