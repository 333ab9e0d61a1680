"""A dose in real dialogues is recovered: a small part of ReDial."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from tests.stored import on
from understudy.doors.store import Store
from understudy.studies.audit.sources import audited_files
from understudy.tasks.ingest.logs import ingest_logs
from understudy.tasks.profile import dataset
from understudy.tasks.studies.audit import AuditOptions, audit_files
from understudy.tasks.studies.dose import write_dose

LOGS = Path(__file__).resolve().parents[2].parent / "shared/data/redial"
N_DIALOGUES = 300


@pytest.mark.logs
def test_a_dose_in_real_dialogues_is_recovered(tmp_path: Path) -> None:
    if not LOGS.is_dir():
        pytest.skip("the ReDial logs are not here")
    store, data = str(tmp_path / "logs.duckdb"), tmp_path / "data"
    data.mkdir()
    with (LOGS / "train_data.jsonl").open("rb") as lines:
        (data / "train_data.jsonl").write_bytes(b"".join(islice(lines, N_DIALOGUES)))
    on(store, ingest_logs, "redial", [str(data)], dataset="redial")
    with Store.open(store) as opened, opened.transaction():
        dataset._write(opened, "p", "redial", "digest", 0)
    for kind in ("titles", "repeated"):
        out = str(tmp_path / f"{kind}.jsonl")
        told = write_dose(store, "redial", kind=kind, share=0.2, out=out, seed=0)
        found = audit_files(store, "redial", files=audited_files([out], ["messages"]), options=AuditOptions(n_halvings=0))
        low, high = found["doses"][kind]["ci"]
        assert low <= told["n_changed"] / told["n_units"] <= high, found["doses"][kind]
        assert all(abs(one["value"]) < 0.05 for name, one in found["doses"].items() if name != kind and one["value"] is not None)
