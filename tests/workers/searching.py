"""A small search over the profiled sample, in a process of its own: `searching.py STORE RUNNER API_BASE [CAP=N …]`; its fields as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from understudy.errors import UnderstudyError
from understudy.flows import stages
from understudy.flows.cli import running
from understudy.parameters import Caps, Models, PanelSize, RunOptions, Search, checked

SMALL = PanelSize(per_stratum=3, behaviour=5, free=2)
SEARCH = Search(population=4, generations=1, n_front=2, panel=SMALL, front_panel=SMALL)
CONCURRENCY = 8


def main(store: str, runner: str, api_base: str, *caps: str) -> None:
    """Prints what the search came to, or the code of its error."""
    models = Models(seeker="openai/any", api_base=api_base, concurrency=CONCURRENCY)
    limits = checked(Caps, dict(one.split("=") for one in caps))
    options = RunOptions(store=Path(store), runner=runner, models=models, caps=limits)
    try:
        fields = running.run(stages.optimize, "sample", search=SEARCH, options=options)
        told = {"front": fields["front_digest"], "stopped": fields["stopped"], "n_model_calls": fields["n_model_calls"]}
    except UnderstudyError as error:
        told = {"error": error.code, "message": error.message}
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
