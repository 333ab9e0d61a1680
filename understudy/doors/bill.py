"""The software bill of materials of a release: understudy and every installed package that it needs, as CycloneDX 1.6.

Without the time and the serial number that the format allows, so that the same packages give the same text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import NotRequired, TypedDict

from understudy.errors import UnderstudyError

BILL = "sbom.cdx.json"
ROOT = "understudy"
_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)\s*(?:\[([^\]]*)\])?")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")
_LONGEST_LICENCE = 100  # some packages have the whole text of their licence in this field

Needed = tuple[str, frozenset[str]]
"""A package and the extras of it that are asked for."""


class ComponentFields(TypedDict):
    """A package, as CycloneDX has it."""

    type: str
    name: str
    version: str
    purl: str
    licenses: NotRequired[list[dict[str, object]]]


def bill_of_materials() -> str:
    """The bill as JSON. Raises UnderstudyError where understudy itself is not installed as a package."""
    found = _closure()
    if ROOT not in found:
        raise UnderstudyError("understudy is not installed as a package, so its dependencies are unknown", hint="run `pip install -e .`")
    installed = {name: one for name, (one, _) in sorted(found.items())}
    refs = {name: f"pkg:pypi/{name}@{one.version}" for name, one in installed.items()}
    components = [{"bom-ref": refs[name], **_component(name, one, "library")} for name, one in installed.items() if name != ROOT]
    needs = [{"ref": refs[name], "dependsOn": sorted(refs[one] for one in of if one in refs)} for name, (_, of) in sorted(found.items())]
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"bom-ref": refs[ROOT], **_component(ROOT, installed[ROOT], "application")}},
        "components": components,
        "dependencies": needs,
    }
    return json.dumps(bill, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _closure() -> dict[str, tuple[Distribution, set[str]]]:
    """Package → its installed distribution and what that needs, from understudy on. What is not installed here is not needed here."""
    found: dict[str, tuple[Distribution, set[str]]] = {}
    asked: set[Needed] = set()
    left: list[Needed] = [(ROOT, frozenset())]
    while left:
        one = left.pop()
        if one in asked:
            continue
        asked.add(one)
        try:
            installed = distribution(one[0])
        except PackageNotFoundError:
            continue
        needs = list(_needs(installed, one[1]))
        found.setdefault(one[0], (installed, set()))[1].update(name for name, _ in needs)
        left += needs
    return found


def _needs(installed: Distribution, extras: frozenset[str]) -> Iterator[Needed]:
    for requirement in installed.requires or ():
        named, _, marker = requirement.partition(";")
        matched, extra = _REQUIREMENT.match(named.strip()), _EXTRA.search(marker)
        if matched and (extra is None or extra[1] in extras):
            yield _normalized(matched[1]), frozenset(one.strip() for one in (matched[2] or "").split(",") if one.strip())


def _component(name: str, installed: Distribution, kind: str) -> ComponentFields:
    fields: ComponentFields = {"type": kind, "name": name, "version": installed.version, "purl": f"pkg:pypi/{name}@{installed.version}"}
    expression, licence = (_stated(installed, field) for field in ("License-Expression", "License"))
    if expression:
        fields["licenses"] = [{"expression": expression}]
    elif licence and "\n" not in licence and len(licence) <= _LONGEST_LICENCE:
        fields["licenses"] = [{"license": {"name": licence}}]
    return fields


def _stated(installed: Distribution, field: str) -> str:
    """A field of the package's metadata; empty where it is not stated."""
    return installed.metadata[field].strip() if field in installed.metadata else ""


def _normalized(name: str) -> str:
    """The name as package indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
