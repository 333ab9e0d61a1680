"""A small batch over the profiled sample, in a process of its own: `batching.py STORE RUNNER API_BASE N [CAP=N …]`; it prints JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from understudy.doors import gauge
from understudy.errors import UnderstudyError
from understudy.flows import stages
from understudy.flows.cli import running
from understudy.parameters import Caps, Models, PanelSize, RunOptions, checked

REPORT = PanelSize(per_stratum=3, behaviour=5, free=2)
CONCURRENCY = 8


def main(store: str, runner: str, api_base: str, n: str, *caps: str) -> None:
    """Prints the fields of the batch and how far the progress came, or the code of its error."""
    models = Models(seeker="openai/any", api_base=api_base, concurrency=CONCURRENCY)
    limits = checked(Caps, dict(one.split("=") for one in caps))
    options = RunOptions(store=Path(store), runner=runner, models=models, caps=limits)
    seen = [gauge.Progress()]
    try:
        with gauge.watched(seen.append):
            fields = running.run(stages.simulate, "sample", setting="zero_shot", n=int(n), batch="b", report=REPORT, options=options)
        told = {"fields": fields, "done": seen[-1].done, "planned": seen[-1].planned}
    except UnderstudyError as error:
        told = {"error": error.code, "message": error.message}
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
