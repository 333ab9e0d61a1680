"""The layers and doors hold, and the rules can fail."""

from __future__ import annotations

import pytest

from tests.house import architecture

ROOT = architecture.ROOT
SOURCES = sorted(path for layer in architecture.ALLOWED for path in (ROOT / layer).rglob("*.py"))
QUERIES = sorted((ROOT / "sql" / "queries").rglob("*.sql"))


def test_layers_and_doors_hold_in_every_module() -> None:
    assert len(SOURCES) > 40
    found = [line for path in SOURCES for line in architecture.violations(path.relative_to(ROOT).as_posix(), path.read_text())]
    assert found == []


def test_a_query_names_only_its_own_and_earlier_stages() -> None:
    assert len(QUERIES) > 10
    base = ROOT / "sql" / "queries"
    found = [line for path in QUERIES for line in architecture.query_violations(path.relative_to(base).as_posix(), path.read_text())]
    assert found == []


@pytest.mark.parametrize(
    ("path", "source", "told"),
    [
        ("understudy/play/dialogue.py", "import prefect", "only ('tasks/', 'flows/') may"),
        ("understudy/play/dialogue.py", "from understudy.flows.cli.app import main", "may not know flows"),
        ("tasks/play/evaluation.py", "from understudy.flows import nightly", "may not know flows"),
        ("understudy/play/scene.py", "from understudy import tasks", "may not know tasks"),
        ("tasks/play/evaluation.py", "from tasks import status", "may be anybody's"),
        ("understudy/statistics/rates.py", "from understudy.measure import reference", "statistics stands before measure"),
        ("understudy/records.py", "from understudy.statistics import rates", "loose stands before statistics"),
        ("understudy/helpers.py", "", "lies loose"),
        ("understudy/other/new.py", "", "without a place in the order"),
        ("understudy/rehearsal/agenda.py", "from understudy.measure import reference", "must not know each other"),
        ("tasks/play/evaluation.py", "import duckdb", "understudy/doors/store.py"),
        ("understudy/doors/gateway/ledger.py", "def f():\n    from litellm import acompletion", "only understudy/doors/gateway/llm.py may"),
        ("understudy/search/loop.py", "from pymoo.indicators.hv import HV", "only understudy/search/moo.py may"),
        ("understudy/rehearsal/agenda.py", "from understudy.objectives import positive_bias", "must not know each other"),
        ("understudy/search/operators.py", "from understudy import rehearsal", "must not know each other"),
        ("tasks/play/evaluation.py", "def f(path):\n    return Store.open(path)", "it is opened once"),
        ("tasks/play/evaluation.py", "Path('x').write_text('y')", "files are written by understudy/doors/folders.py"),
        ("tasks/play/opened.py", "_night = None\ndef f():\n    global _night", "binds a global"),
        ("tasks/optimize/criticism.py", "from functools import lru_cache", "after their run has ended"),
        ("tasks/play/opened.py", "_night: OpenRun | None = None", "binds _night for the whole process"),
        ("understudy/profile/splits.py", "import time\nt = time.time()", "belong behind understudy/doors"),
    ],
)
def test_a_violation_is_found(path: str, source: str, told: str) -> None:
    assert any(told in line for line in architecture.violations(path, source))


def test_every_rule_names_a_place_that_is_there() -> None:
    assert [place for place in architecture.places_of_rules() if not (ROOT / place).exists()] == []
    packages = {path.name for path in (ROOT / "understudy").iterdir() if path.is_dir() and not path.is_symlink()} - {"__pycache__"}
    assert packages == set(architecture.ORDER) - {architecture.LOOSE}


def test_a_query_that_looks_ahead_is_found() -> None:
    assert architecture.query_violations("profile/x.sql", "select 1 from optimize.runs") != []
    assert architecture.query_violations("optimize/x.sql", "select 1 from profile.contexts") == []


def test_no_sql_outside_the_sql_folder_and_the_store() -> None:
    marks = ("select ", "insert into ", "delete from ", "update ")
    found = []
    for path in SOURCES:
        if path.name == "store.py":
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            text = line.strip().strip("\"'").lower()
            if text.startswith(marks) and (" from " in text or " into " in text or " set " in text) and ";" not in text:
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert [line for line in found if '"select' in line or '"insert' in line or "'select" in line] == []
