"""Audit dialogues of a simulator of your own: how far are they from the humans of a data set, and what is the worst of it?

    python examples/audit_my_dialogues.py LOGS DIALOGUES.jsonl [STORE [DATASET]]

LOGS are human logs in ReDial's layout (`examples/sample` has some), DIALOGUES.jsonl holds simulated ones as chat messages.
"""

from __future__ import annotations

import sys
from pathlib import Path

import understudy


def main(logs: str, dialogues: str, store: str = "audit.duckdb", dataset: str = "humans") -> None:
    """Prints each objective beside the humans' floor, then the findings, the gravest first."""
    place = Path(store)
    understudy.ingest_logs("redial", logs, dataset=dataset, store=place)
    understudy.profile_logs(dataset, store=place)
    fields = understudy.audit(dialogues, dataset=dataset, reader="messages", html=place.with_suffix(".html"), store=place)
    assert "objectives" in fields
    for name, figure in fields["objectives"].items():
        value = figure["value"]
        print(f"{name}: {'not measured' if value is None else f'{value:.3f}'}")
    for finding in fields["findings"]:
        print(f"- {finding['told']}")
    print(f"the whole report is in {fields['html']}")


if __name__ == "__main__":
    main(*sys.argv[1:])
