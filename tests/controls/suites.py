"""What controls 1 and 6 measured, written into the `meta` of the suites in expectations/: false alarms and power of each bound."""

from __future__ import annotations

import json
from typing import Any

from understudy.doors.checks import SUITES

Fields = dict[str, Any]


def keep(bounds: Fields) -> None:
    """Writes the error rates of each `suite.bound` into its suite."""
    for suite in sorted({name.split(".")[0] for name in bounds}):
        file = SUITES / f"{suite}.json"
        file.write_text(rewritten(file.read_text(encoding="utf-8"), suite, bounds), encoding="utf-8")


def rewritten(text: str, suite: str, bounds: Fields) -> str:
    """The suite with the error rates of its bounds; everything else stays as it is."""
    found = json.loads(text)
    for entry in found["expectations"]:
        row = bounds.get(f"{suite}.{entry['meta']['name']}")
        if row is not None:
            entry["meta"] |= worded(row)
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def worded(row: Fields) -> dict[str, str]:
    """`false_alarm` and `power` in words, the figure first."""
    exact = row["how"].startswith("binomial")
    n = row["false_alarms"]["n"]
    where = f"exact, n = {n}, clean rate {row['clean']:.2%}" if exact else f"of {n} human halves at a report's size"
    power = f"of {row['power']['n']} halves" if not exact else "exact"
    return {
        "false_alarm": f"{row['false_alarms']['value']:.3f} ({where}; docs/objectives.md, controls)",
        "power": f"{row['power']['value']:.3f} at {row['effect']} ({power})",
    }
