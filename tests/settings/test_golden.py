"""Every shipped setting renders as its golden file says."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest

from understudy.prompts import render
from understudy.setting import load_setting, setting_names

GOLDEN = Path(__file__).with_name("golden")
_spec = importlib.util.spec_from_file_location("scenery", Path(__file__).with_name("scenery.py"))
assert _spec is not None
assert _spec.loader is not None
scenery = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(scenery)


def rendered(name: str) -> str:
    """The messages at each moment; a system message that is the same as before is not shown again."""
    setting = load_setting(name)
    shown = scenery.EXEMPLARS[: setting.n_exemplars]
    genome = replace(setting.genome, exemplars=tuple(one.dialogue_id for one in shown))
    parts, before = [], ""
    for moment, history in scenery.MOMENTS.items():
        system, *others = render(genome, scenery.NEED, history, exemplars=shown, target=scenery.TARGET)
        parts.append(f"======== {moment}")
        parts.append("-------- system\n" + (system.content if system.content != before else "(as before)"))
        parts += [f"-------- {message.role}\n{message.content}" for message in others]
        before = system.content
    return "\n".join(parts) + "\n"


@pytest.mark.parametrize("name", setting_names())
def test_a_setting_renders_as_its_golden_file_says(name: str, update_golden: bool) -> None:
    file = GOLDEN / f"{name}.txt"
    if update_golden:
        file.write_text(rendered(name), "utf-8")
    assert rendered(name) == file.read_text("utf-8")


def test_every_golden_file_belongs_to_a_setting() -> None:
    assert sorted(path.stem for path in GOLDEN.glob("*.txt")) == setting_names()
