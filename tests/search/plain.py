"""A search from rows to rows with the tasks' own functions, without Prefect: `python plain.py STORE GENERATIONS [N]`.

With N the process kills itself before its N-th write to a table; another one goes on with the store.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from understudy.doors.store import Store
from understudy.parameters import Models, PanelSize, RunOptions, Search
from understudy.tasks.optimize.criticism import commission, criticise
from understudy.tasks.optimize.finals import conclude, confirm
from understudy.tasks.optimize.generations import Run
from understudy.tasks.optimize.racing import first_lap, race, raced_before
from understudy.tasks.optimize.search import finalists, keep_generation, open_run, propose
from understudy.tasks.play.evaluation import evaluate, recommender_named
from understudy.tasks.play.models import models_open

SMALL = PanelSize(per_stratum=3, behaviour=5, free=2)


def small(generations: int, **changed: Any) -> Search:
    """As small a search as there can be."""
    return Search(population=4, generations=generations, n_front=2, panel=SMALL, front_panel=SMALL, **changed)


def searched(
    store: Path, search: Search, *, surface: str = "0", critic: str | None = None, seed: int = 0, setting: str = "zero_shot"
) -> dict[str, Any]:
    """The fields of the search."""
    with models_open("sample", RunOptions(store=store, models=Models(critic=critic), surface=surface)) as opened:
        run = open_run.fn(
            str(store), "sample", setting=setting, recommender=recommender_named("retrieval", opened), seed=seed,
            search=search, model=opened.seeker, critic_model=opened.critic,
        )  # fmt: skip
        stopped = ""
        for number in range(search.generations + 1):
            stopped = generation(run, number)
            if stopped:
                break
        works = finalists.fn(run)
        done = mapped(confirm.fn, works)
        found: dict[str, Any] = conclude.fn(run, done, len(works), stopped or "generations")
        return {**found, "n_model_calls": opened.gateway.n_calls}


def generation(run: Run, number: int) -> str:
    """The steps of understudy.flows.searching.generation."""
    treated = mapped(criticise.fn, commission.fn(run, number))
    works = propose.fn(run, number, treated)
    if run.search.racing:
        raced = raced_before(run, number, works)
        works = race.fn(run, number, works, mapped(first_lap.fn, works), "") if raced is None else raced
    return keep_generation.fn(run, number, mapped(evaluate.fn, works), "")


def mapped(function: Callable[[Any], Any], over: Iterable[Any]) -> list[Any]:
    """What mapping does, one after the other."""
    return [function(one) for one in over]


def digest_of(store: Path, tables: Sequence[str]) -> dict[str, Any]:
    """What a search has left in tables: their rows in order."""
    with Store.open(store) as opened:
        return {table: sorted(map(repr, opened._connection.execute(f"select * from {table}").fetchall())) for table in tables}


def killing(at: int) -> None:
    """From here on the process kills itself before its write number `at`."""
    count, add = itertools.count(1), Store.add

    def counted(self: Store, table: str, rows: Any) -> int:
        if next(count) == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return add(self, table, rows)

    Store.add = counted  # type: ignore[method-assign]


if __name__ == "__main__":
    if len(sys.argv) > 3:
        killing(int(sys.argv[3]))
    print(json.dumps(searched(Path(sys.argv[1]), small(int(sys.argv[2])))))
