"""The table of coverage counts every branch once, under the package of its module."""

from __future__ import annotations

from tests import branches


def test_branches_are_counted_by_package_and_in_all() -> None:
    counts = {
        "understudy/keys.py": (3, 4), "understudy/play/scene.py": (1, 2), "understudy/play/turn.py": (5, 6),
        "understudy/doors/gateway/llm.py": (7, 8), "tasks/play/evaluation.py": (9, 10), "flows/stages.py": (0, 1),
    }  # fmt: skip
    report = {"files": {path: {"summary": {"covered_branches": n, "num_branches": of}} for path, (n, of) in counts.items()}}
    found = {line.split("  ")[0]: [int(word) for word in line.split() if word.isdigit()] for line in branches.table(report)}
    assert found == {
        "flows": [0, 1], "tasks": [9, 10], "understudy": [3, 4], "understudy/doors": [7, 8], "understudy/play": [6, 8],
        "in all": [25, 31],
    }  # fmt: skip
