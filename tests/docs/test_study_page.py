"""README's first table and docs/study.md say what the recorded studies say, and nothing is recorded that the pages could not tell."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "docs" / "site"))

import study


def test_the_pages_hold_what_the_recordings_say() -> None:
    found = study.pages()
    assert {path.name for path in found} == {"README.md", "study.md"}
    assert [path.name for path, text in found.items() if path.read_text("utf-8") != text] == [], "run `python docs/site/study.py`"


def test_without_a_study_of_a_language_model_the_pages_say_so(tmp_path: Path) -> None:
    (tmp_path / "double").mkdir()
    (tmp_path / "double" / "study.json").write_text(json.dumps({"engine": "rehearsal"}))
    assert study.studies(tmp_path) == {}
    assert "not yet measured on any LLM" in study.readme([])
    assert "not yet measured on any LLM" in study.page({})


def test_a_page_without_markers_is_refused() -> None:
    assert study.filled(f"a {study.BEGIN} old {study.END} b", "new") == f"a {study.BEGIN}\n\nnew\n{study.END} b"
    with pytest.raises(ValueError, match="has no"):
        study.filled("a", "new")
