"""The bill of materials: valid by the published schema, whole, and the same text for the same packages.

`cyclonedx-1.6.json.zst` holds the schemas of CycloneDX 1.6 (Apache-2.0, OWASP) by their identifiers.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import zstandard
from jsonschema import Draft7Validator
from referencing import Registry
from referencing.jsonschema import DRAFT7

from understudy.doors import bill

SCHEMAS = json.loads(zstandard.ZstdDecompressor().decompress(Path(__file__).with_name("cyclonedx-1.6.json.zst").read_bytes()))


def problems(found: dict[str, Any]) -> list[str]:
    """What the schema says against a bill."""
    registry = Registry().with_resources((name, DRAFT7.create_resource(schema)) for name, schema in SCHEMAS.items())
    schema = next(schema for name, schema in SCHEMAS.items() if "bom-1.6" in name)
    return [one.message for one in Draft7Validator(schema, registry=registry).iter_errors(found)]


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    """The bill of this environment."""
    return dict(json.loads(bill.bill_of_materials()))


def test_the_bill_is_valid_by_the_published_schema(found: dict[str, Any]) -> None:
    assert problems(found) == []
    assert problems({**found, "specVersion": 1.6})
    assert problems({**found, "components": [{"name": "no type"}]})


def test_the_bill_names_what_understudy_needs_with_its_version_and_nothing_that_only_tests_need(found: dict[str, Any]) -> None:
    versions = {one["name"]: one["version"] for one in found["components"]}
    assert {name: versions[name] for name in ("duckdb", "polars", "great-expectations", "starlette")} == {
        name: version(name) for name in ("duckdb", "polars", "great-expectations", "starlette")
    }
    assert not {"pytest", "hypothesis", "understudy"} & versions.keys()
    needs = {one["ref"]: one["dependsOn"] for one in found["dependencies"]}
    assert f"pkg:pypi/duckdb@{version('duckdb')}" in needs[found["metadata"]["component"]["purl"]]


def test_the_same_packages_give_the_same_text(found: dict[str, Any]) -> None:
    assert bill.bill_of_materials() == json.dumps(found, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    assert "serialNumber" not in found
    assert "timestamp" not in found["metadata"]
