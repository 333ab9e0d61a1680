"""The night's search with its tasks called as plain functions, without Prefect: `python plain.py STORE GENERATIONS [N]`.

With N the process kills itself before its N-th write to a table; another one goes on with the store.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from understudy.doors.store import Store
from understudy.errors import BudgetExhausted
from understudy.parameters import Caps, Models, PanelSize, RunOptions, Search
from understudy.search import drive, loop
from understudy.search.drive import Conclusion
from understudy.search.operator_credit import OperatorCredit
from understudy.tasks.optimize.finals import keep_conclusion
from understudy.tasks.optimize.generations import Run, setup_of
from understudy.tasks.optimize.ground import MappedGround
from understudy.tasks.optimize.memory import RowMemory
from understudy.tasks.optimize.search import open_run
from understudy.tasks.play.opened import OpenRun, joined

SMALL = PanelSize(per_stratum=3, behaviour=5, free=2)


def small(generations: int, **changed: Any) -> Search:
    """As small a search as there can be."""
    return Search(**{"population": 4, "generations": generations, "n_front": 2, "panel": SMALL, "front_panel": SMALL, **changed})


class Functions:
    """Tasks called as the functions that they are (tasks.optimize.ground.Calls)."""

    def one(self, task: Any, *arguments: object) -> Any:
        """What a task returns."""
        return task.fn(*arguments)

    def mapped(self, task: Any, over: Sequence[object], *shared: object) -> tuple[list[Any], str]:
        """What mapping does, one after the other."""
        done, stopped = [], ""
        for one in over:
            try:
                done.append(task.fn(one, *shared))
            except BudgetExhausted:
                stopped = "budget"
        return done, stopped


@contextmanager
def run_open(
    store: Path,
    search: Search,
    *,
    surface: str = "0",
    critic: str | None = None,
    seed: int = 0,
    setting: str = "zero_shot",
    caps: Caps = Caps(),
) -> Iterator[tuple[Run, OpenRun]]:
    """The run of these parameters, with its models open."""
    options = RunOptions(store=store, models=Models(critic=critic), caps=caps, surface=surface, seed=seed)
    with joined("sample", options) as opened:
        yield open_run.fn(opened, setting=setting, search=search), opened


def ended(opened: OpenRun, run: Run) -> Conclusion:
    """A search of an open run."""
    calls = Functions()
    return drive.search(setup_of(opened, run), MappedGround(opened, run, calls), RowMemory(opened, run, calls))


def searched(store: Path, search: Search, **options: Any) -> dict[str, Any]:
    """The fields of the search; `options` as `run_open` takes them."""
    with run_open(store, search, **options) as (run, opened):
        return {**keep_conclusion.fn(opened, run, ended(opened, run)), "n_model_calls": opened.gateway.n_calls}


def costs_of(store: Path, search: Search) -> tuple[list[list[tuple[str, str, int | None]]], list[OperatorCredit]]:
    """What the rows of a search say that its candidates cost (genome, operator, work, generation by generation), and its operators earn."""
    with run_open(store, search) as (run, opened):
        history = RowMemory(opened, run, Functions()).history(search.generations + 1)
    costs = [[(each.genome.digest, each.operator, each.work) for each in members] for members in history]
    return costs, loop.operator_credits(history, plan=run.plan)


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
