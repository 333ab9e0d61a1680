"""Dependencies: each has a lower and an upper bound that the lock keeps, and each that nothing imports says why it is there."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from tests import audit_dependencies
from tests.house.architecture import imports

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
PROJECT: dict[str, Any] = tomllib.loads(TEXT)["project"]
DECLARED = [Requirement(one) for one in PROJECT["dependencies"]]
# what is imported only where its extra is installed
EXTRAS = ("local", "paper", "peers", "datasets", "dask", "ray", "metrics")
OPTIONAL = [Requirement(one) for extra in EXTRAS for one in PROJECT["optional-dependencies"][extra]]
INSTALLED_AS = {"sklearn": "scikit-learn", "opentelemetry": "opentelemetry-sdk", "vl_convert": "vl-convert-python"}
LOCKED = dict(re.findall(r"^([A-Za-z0-9._-]+)==([^ \\;]+)", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE))


@cache
def imported() -> frozenset[str]:
    """The packages that the product imports, by the names under which they are installed."""
    names = {
        name.split(".")[0]
        for folder in ("understudy", "tasks", "flows")
        for path in (ROOT / folder).rglob("*.py")
        for name in imports(ast.parse(path.read_text(encoding="utf-8")))
    }
    return frozenset(INSTALLED_AS.get(name, normalized(name)) for name in names - sys.stdlib_module_names - {"understudy"})


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def reason_of(name: str) -> str:
    """The comment above a dependency in pyproject.toml; empty where there is none."""
    lines = TEXT.split("\n")
    at = next(number for number, line in enumerate(lines) if re.match(rf'\s*"{re.escape(name)}[\[<>=]', line))
    return lines[at - 1].strip().removeprefix("#").strip() if lines[at - 1].strip().startswith("#") else ""


@pytest.mark.parametrize("one", DECLARED, ids=[one.name for one in DECLARED])
def test_a_dependency_has_bounds_on_both_sides_that_the_lock_keeps(one: Requirement) -> None:
    operators = {each.operator for each in one.specifier}
    assert ">=" in operators
    assert operators & {"<", "<="}
    assert one.specifier.contains(LOCKED[normalized(one.name)])


def test_a_dependency_that_nothing_imports_says_why_it_is_there() -> None:
    without = [one.name for one in DECLARED if normalized(one.name) not in imported()]
    assert {"fastapi", "pandas"} <= set(without)
    assert [name for name in without if not reason_of(name)] == []


def test_what_the_product_imports_is_declared() -> None:
    own = {normalized(one.name) for one in [*DECLARED, *OPTIONAL]}
    assert imported() - own == set()


FOUND = {"name": "one", "version": "1.0", "vulns": [{"id": "CVE-1", "fix_versions": ["1.1"]}]}
CLEAN = {"name": "two", "version": "2.0", "vulns": []}
SKIPPED = {"name": "three", "skip_reason": "three was not found"}


@pytest.mark.parametrize(
    ("packages", "code", "told"),
    [
        ([CLEAN], 0, "1 of 1 packages were looked up; 0 weaknesses are known"),
        ([CLEAN, FOUND], 3, "one 1.0: CVE-1, mended in 1.1"),
        ([FOUND, SKIPPED], 3, "not measured: 1 packages: three was not found"),
        ([CLEAN, SKIPPED], 4, "1 of 2 packages were looked up; 0 weaknesses are known"),
        ([], 4, "not measured: the report names no package"),
    ],
)
def test_a_package_that_was_not_looked_up_is_not_called_sound(packages: list[dict[str, Any]], code: int, told: str) -> None:
    found, lines = audit_dependencies.answer_of({"dependencies": packages})
    assert found == code
    assert told in lines


def test_without_a_report_nothing_was_measured(tmp_path: Path) -> None:
    code, lines = audit_dependencies.asked(tmp_path / "no.lock")
    assert (code, len(lines)) == (4, 1)
    assert lines[0].startswith("not measured: pip-audit gave no report (")
