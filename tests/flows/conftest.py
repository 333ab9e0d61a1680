"""A real Prefect server for the flows of a test process, and small panels, so that a night takes seconds."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest

from understudy.anchors import human_anchors
from understudy.parameters import PanelSize, Search

ROOT = Path(__file__).resolve().parents[2]
SMALL = PanelSize(per_stratum=6, behaviour=8, free=4)
SEARCH = Search(population=4, generations=1, n_front=2, panel=SMALL, front_panel=SMALL)


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    """Flows of this process talk to a server of their own with a database of its own."""
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=120):
        yield


@pytest.fixture
def few_halvings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Floors by three halvings, which is enough to be there."""
    monkeypatch.setattr("understudy.anchors.human_anchors", partial(human_anchors, n_halvings=3))


@pytest.fixture
def night(prefect_server: None, profiled_sample: Path, tmp_path: Path) -> dict[str, Any]:  # noqa: ARG001  it only has to be there
    """Parameters of a night on the bundled sample that is as small as one can be; its humans are profiled already."""
    copyfile(profiled_sample, tmp_path / "night.duckdb")
    return {
        "dataset": "sample",
        "data": str(ROOT / "examples" / "sample"),
        "reader": "redial",
        "store": str(tmp_path / "night.duckdb"),
        "batch": "one",
        "n": 6,
        "search": SEARCH,
        "report": SMALL,
    }
