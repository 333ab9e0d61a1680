"""Every fault in two doses on real ReDial, from the command line: what was put in is what the audit finds, within its interval."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.prove, pytest.mark.logs]
UNDERSTUDY = str(Path(sys.executable).with_name("understudy"))
LOGS = Path(__file__).resolve().parents[2].parent / "shared/data/redial"
KINDS = ("acceptance", "titles", "copied", "repeated", "length")
SHARES = (0.1, 0.4)
# the objective that is each fault's own, or its part
OWN = {
    "acceptance": "positive_bias", "titles": "data_leakage", "copied": "data_leakage", "repeated": "diversity_gap",
    "length": "behavioural_distance",
}  # fmt: skip
# how far a dose of one fault may look like one of another: what a changed turn takes with it
MOST_OTHER = 0.02


def run(folder: Path, *words: str) -> dict[str, Any]:
    environment = {**os.environ, "PREFECT_HOME": str(folder / "prefect")}
    done = subprocess.run([UNDERSTUDY, *words, "--json"], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not LOGS.is_dir():
        pytest.skip("the ReDial logs are not here")
    where = tmp_path_factory.mktemp("doses")
    run(where, "ingest", "redial", str(LOGS), "--dataset", "redial")
    run(where, "profile", "--dataset", "redial")
    return where


def test_every_dose_is_recovered_within_its_interval(folder: Path) -> None:
    lost, rose = [], dict[str, list[float]]()
    for kind in KINDS:
        for share in SHARES:
            file = f"{kind}-{share}.jsonl"
            told = run(folder, "dose", "--dataset", "redial", "--kind", kind, "--share", str(share), "--out", file)
            found = run(folder, "audit", "--dataset", "redial", "--simulated", file, "--reader", "messages", "--html", f"{file}.html")
            put, doses = told["n_changed"] / told["n_units"], found["doses"]
            low, high = doses[kind]["ci"]
            cells = [f"{name} {one['value']:.3f} [{one['ci'][0]:.3f}, {one['ci'][1]:.3f}]" for name, one in doses.items()]
            own = found["objectives"][OWN[kind]]["value"]
            print(f"{kind:>10} {put:.3f} | {' | '.join(cells)} | {OWN[kind]} {own:.3f}")
            rose.setdefault(kind, []).append(own)
            if not low <= put <= high:
                lost.append((kind, share, doses[kind]))
            others = {other: one for other, one in doses.items() if other != kind}
            lost += [(kind, share, one) for other, one in others.items() if abs(one["value"]) > MOST_OTHER]
    assert not lost
    assert all(one < other for one, other in rose.values())


def test_the_official_test_file_is_audited_as_somebodys_dialogues(folder: Path) -> None:
    found = run(folder, "audit", "--dataset", "redial", "--simulated", str(LOGS / "test_data.jsonl"), "--reader", "redial")
    assert found["n_dialogues"] == 1342
    assert found["n_paired"] == 0
    assert found["setting"]["kind"] == "differs"
