"""What a stage of a study stores does not depend on where the store lies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from understudy.doors.store import Store
from understudy.tasks.studies.study import Study

GENOME = "0123456789abcdef0123456789abcdef"


def searched(store: Path) -> dict[str, Any]:
    return {"run": "r", "pick": {"genome_digest": GENOME, "file": str(store.parent / "genomes" / f"{GENOME}.json")}}


def tabled(store: Path) -> dict[str, Any]:
    return {"settings": [{"setting": "zero_shot", "pick_file": str(store.parent / "genomes" / f"{GENOME}.json")}], "rows": []}


def test_two_stores_in_different_folders_have_one_digest_and_name_their_own_files(tmp_path: Path) -> None:
    digests = set()
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
        store = tmp_path / folder / "store.duckdb"
        with Store.open(store) as opened:
            study = Study(opened, "key")
            for stage, answer in (("search/zero_shot", searched(store)), ("select", tabled(store))):
                assert study.once(stage, lambda answer=answer: answer) == answer
                assert study.answered(stage) == answer
            assert all(str(tmp_path) not in row["fields"] for row in opened.rows("optimize/study_stage", study_key="key", stage="select"))
            digests.add(opened.digest())
    assert len(digests) == 1
