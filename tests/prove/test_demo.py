"""The bundled demo with other seeds than its own: it improves an objective, worsens none, and ends in a release."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.prove
ROOT = Path(__file__).resolve().parents[2]
UNDERSTUDY = str(Path(sys.executable).with_name("understudy"))
SEEDS = (0, 1, 2, 3, 4)


def shipped() -> str:
    """The options of the night that `make demo` runs."""
    spec = importlib.util.spec_from_file_location("demo", ROOT / "examples" / "demo.py")
    assert spec is not None
    assert spec.loader is not None
    demo = importlib.util.module_from_spec(spec)
    # its dataclasses look their module up by name
    sys.modules[spec.name] = demo
    spec.loader.exec_module(demo)
    return str(demo.NIGHT)


def night(folder: Path, seed: int) -> dict[str, Any]:
    (folder / "examples").symlink_to(ROOT / "examples")
    (folder / ".demo").mkdir()
    environment = {**os.environ, "PREFECT_HOME": str(folder / "prefect")}
    words = [UNDERSTUDY, *shipped().split(), "--seed", str(seed), "--json"]
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    fields: dict[str, Any] = json.loads(done.stdout)
    return fields


@pytest.mark.parametrize("seed", SEEDS)
def test_the_demo_improves_an_objective_and_worsens_none(seed: int, tmp_path: Path) -> None:
    fields = night(tmp_path, seed)
    outcomes = {name: one["outcome"] for name, one in fields["objectives"].items()}
    print(f"seed {seed}: {outcomes}, release {(fields.get('release') or {}).get('name')}")
    assert "better" in outcomes.values()
    assert "worse" not in outcomes.values()
    assert fields["ok"], fields["error"]
