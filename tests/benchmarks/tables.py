"""Tables of benchmark results: printed, and kept in docs/benchmarks.md, one section a benchmark."""

from __future__ import annotations

import os
import platform
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from understudy.report.markdown import table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
_HEAD = """# Benchmarks

Measured by `make bench`, which rewrites the sections of this page. Ratios are measured side by side in one run; seconds depend on the
machine and on what else it does.
"""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its title; cells are Markdown."""

    title: str
    header: list[str]
    rows: list[list[str]]

    def markdown(self) -> str:
        """The table as Markdown, under its title."""
        return f"{self.title}:\n\n{table(self.header, self.rows, escaped=str)}\n"


def write_section(name: str, tables: list[Table], *, command: str) -> None:
    """Prints the tables and puts them in the place of the section `name` of docs/benchmarks.md."""
    when = datetime.now(UTC).date().isoformat()
    machine = f"`{command}`, {when}, {os.cpu_count()} cores, Python {platform.python_version()}."
    section = f"## {name}\n\n{machine}\n\n" + "\n".join(table.markdown() for table in tables)
    print(section)
    page = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else _HEAD
    there = re.compile(rf"^## {re.escape(name)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    found = there.search(page)
    page = page[: found.start()] + section + "\n" + page[found.end() :] if found else page.rstrip("\n") + "\n\n" + section
    PAGE.write_text(page.rstrip("\n") + "\n", encoding="utf-8")
