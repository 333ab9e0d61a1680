"""Flows on small panels, so that a night takes seconds: their bodies alone, or run by a real Prefect server.

What Prefect itself does is seen by few tests: one of each kind of flow, a deployment, and the commands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest
from prefect import Flow, Task, unmapped

from understudy.parameters import PanelSize, RunOptions, Search
from understudy.profile.anchors import human_anchors

ROOT = Path(__file__).resolve().parents[2]
SMALL = PanelSize(per_stratum=6, behaviour=8, free=4)
SEARCH = Search(population=4, generations=1, n_front=2, panel=SMALL, front_panel=SMALL)


class Mapped:
    """What a task that was mapped without Prefect returned or raised."""

    def __init__(self, work: Callable[[Any], Any], over: Any) -> None:
        self._value, self._raised = None, None
        try:
            self._value = work(over)
        except Exception as error:
            self._raised = error

    def result(self) -> Any:
        if self._raised is not None:
            raise self._raised
        return self._value


@pytest.fixture
def plain_flows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flows and tasks are the functions that they are made of; nothing is told to a server."""

    def called(self: Flow[..., Any] | Task[..., Any], *values: Any, **named: Any) -> Any:
        return self.fn(*values, **named)

    def mapped(self: Task[..., Any], over: Iterable[Any], *shared: unmapped[Any]) -> list[Mapped]:
        values = [one.unwrap() for one in shared]
        return [Mapped(lambda each: self.fn(each, *values), one) for one in over]

    for kind in (Flow, Task):
        monkeypatch.setattr(kind, "__call__", called)
    monkeypatch.setattr(Task, "map", mapped)


@pytest.fixture
def few_halvings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Floors by three halvings, which is enough to be there."""
    monkeypatch.setattr("understudy.profile.anchors.human_anchors", partial(human_anchors, n_halvings=3))


@pytest.fixture
def night(profiled_sample: Path, tmp_path: Path, few_halvings: None) -> dict[str, Any]:  # noqa: ARG001
    """Parameters of a night on the bundled sample that is as small as one can be; its humans are profiled already."""
    copyfile(profiled_sample, tmp_path / "night.duckdb")
    return {
        "dataset": "sample",
        "data": str(ROOT / "examples" / "sample"),
        "reader": "redial",
        "batch": "one",
        "n": 6,
        "search": SEARCH,
        "report": SMALL,
        # so small a night must fail its gates, and is played to see how
        "anyway": True,
        "options": RunOptions(store=tmp_path / "night.duckdb"),
    }
