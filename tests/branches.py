"""How many branches tests take, by package: `coverage json -o FILE`, then `python tests/branches.py FILE`; `make coverage` does both."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


def package_of(path: str) -> str:
    """The package that a module lies in: a folder of `understudy/`, `tasks` or `flows`; `understudy` for what lies loose."""
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] == "understudy" and len(parts) > 2 else parts[0]


def table(report: Mapping[str, Any]) -> Iterator[str]:
    """The lines of the table, one a package in order of name, and the sum."""
    taken, there = Counter[str](), Counter[str]()
    for path, file in report["files"].items():
        for package in (package_of(path), "in all"):
            taken[package] += file["summary"]["covered_branches"]
            there[package] += file["summary"]["num_branches"]
    for package in (*sorted(set(there) - {"in all"}), "in all"):
        yield f"{package:28} {taken[package]:5} of {there[package]:5} branches"


if __name__ == "__main__":
    print(*table(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))), sep="\n")
