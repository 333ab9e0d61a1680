"""Every command still answers what was recorded: digests, fields and exit codes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest
from threadpoolctl import threadpool_info

from tests.flows.recorded.campaign import OUTPUTS, outputs, written


@pytest.mark.recorded
@pytest.mark.usefixtures("prefect_server")
def test_every_command_answers_as_recorded(profiled_sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = Path(copyfile(profiled_sample, tmp_path / "store.duckdb"))
    found = json.loads(json.dumps(outputs(tmp_path, store), default=str))
    if os.environ.get("RECORD"):
        written(found, Path(os.environ["RECORD"]))
    recorded = json.loads(OUTPUTS.read_text(encoding="utf-8"))
    assert set(found) == set(recorded)
    for name, one in recorded.items():
        assert found[name] == _of_this_machine(one, found[name]), name


def _of_this_machine(recorded: Any, found: Any) -> Any:
    """What was recorded, with the digests over floats that the kernels of this machine's BLAS come to.

    The last digits of a float differ between kernels, and so does a digest over it; of kernels that were not recorded only the
    figures themselves are compared.
    """
    if isinstance(recorded, dict) and set(recorded) == {"by_blas"}:
        kernels = [one["architecture"] for one in threadpool_info() if one.get("internal_api") == "openblas"]
        return next((recorded["by_blas"][name] for name in kernels if name in recorded["by_blas"]), found)
    if isinstance(recorded, dict) and isinstance(found, dict):
        return {name: _of_this_machine(one, found.get(name)) for name, one in recorded.items()}
    if isinstance(recorded, list) and isinstance(found, list) and len(recorded) == len(found):
        return [_of_this_machine(one, other) for one, other in zip(recorded, found, strict=True)]
    return recorded
