"""How the software is cited and what changed in it say the version and the licence that the package has."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_citation_names_this_version_under_this_licence() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    # what version 1.2.0 of the format requires
    assert cited["cff-version"] == "1.2.0"
    assert all(cited[name] for name in ("message", "title", "authors"))
    assert (cited["title"], str(cited["version"]), cited["license"]) == (PROJECT["name"], PROJECT["version"], PROJECT["license"])


def test_the_changelog_has_this_version_below_what_is_not_released() -> None:
    told = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert told[0] == "Unreleased"
    assert told[1].split()[0] == PROJECT["version"]
