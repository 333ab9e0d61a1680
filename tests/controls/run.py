"""Runs the controls on ReDial: `python tests/controls/run.py [NUMBER …]`.

Makes their tables in docs/objectives-appendix.md anew, and from controls 1 and 6 the error rates that the suites in expectations/ state.

What was measured is kept under .controls/, so a run that was stopped goes on; a control that failed is told and ends the run with 3.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import dose_response
import held_out
import human_halves
import interval_coverage
import invariance
import sources
import suites
from page import PAGE, RESULTS, TITLES, results, written
from scratch import REDIAL, ROOT

CONTROLS: dict[str, Callable[[], dict[str, Any]]] = {
    "1": human_halves.run, "2": dose_response.run, "3": invariance.run, "4": interval_coverage.run, "5": held_out.run,
    "6": sources.run,
}  # fmt: skip
FAILED, USAGE = 3, 2
_MODULES = (
    "measure/", "objectives/", "instruments/", "statistics/", "rehearsal/", "profile/anchors.py", "release/gates.py", "studies/dose/",
)  # fmt: skip
MEASURE = (*(f"understudy/{name}" for name in _MODULES), "tests/controls/*.py", "tests/controls/declared.toml")


def main(asked: list[str]) -> int:
    """0, 3 where a control failed, 2 where it cannot run."""
    logging.disable(logging.INFO)
    unknown = [one for one in asked if one not in CONTROLS]
    if unknown:
        print(f"there are controls 1 to {len(CONTROLS)}, not {', '.join(unknown)}", file=sys.stderr)
        return USAGE
    if not REDIAL.is_dir():
        print(f"the controls need the ReDial logs in {REDIAL}", file=sys.stderr)
        return USAGE
    status = 0
    for number in asked or CONTROLS:
        print(f"{number}. {TITLES[number]} …", file=sys.stderr, flush=True)
        one = {**CONTROLS[number](), "commit": commit()}
        found = dict(sorted({**results(), number: one}.items()))
        RESULTS.write_text(json.dumps(rounded(found), indent=1, sort_keys=True) + "\n", encoding="utf-8")
        PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), results()), encoding="utf-8")
        if "bounds" in one:
            suites.keep(results()[number]["bounds"])
        for failure in one["failures"]:
            print(f"   failed: {failure}", file=sys.stderr)
        status = FAILED if one["failures"] else status
    return status


def commit() -> str:
    """The commit that this checkout is at, with + where what measures differs from it."""
    told = [
        subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
        for words in (("rev-parse", "--short", "HEAD"), ("status", "--porcelain", "--", *MEASURE))
    ]
    return told[0] + ("+" if told[1] else "")


def rounded(value: Any) -> Any:
    """The value with every number to six digits, so that the same results give the same file."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    return [rounded(one) for one in value] if isinstance(value, list | tuple) else value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
