"""Flows on small panels, so that a night takes seconds: their bodies alone, or run by a real Prefect server.

What Prefect itself does is seen by few tests: one of each kind of flow, a deployment, and the commands.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest

from tests.flows.unserved import without_prefect
from understudy.parameters import PanelSize, RunOptions, Search
from understudy.profile.anchors import human_anchors

ROOT = Path(__file__).resolve().parents[2]
SMALL = PanelSize(per_stratum=3, behaviour=5, free=2)
SEARCH = Search(population=4, generations=1, n_front=2, panel=SMALL, front_panel=SMALL)


@pytest.fixture
def plain_flows() -> Iterator[None]:
    """Flows and tasks are the functions that they are made of."""
    with without_prefect():
        yield


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
