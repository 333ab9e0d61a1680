"""Every shipped setting renders as its golden file says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.policy.world import planner
from tests.settings import scenery
from understudy.completion import Message
from understudy.play.scene import Scene
from understudy.play.turn import Check, Steps, check_request, request_of
from understudy.prompt.setting import load_setting, setting_names
from understudy.prompt.structured import instructed
from understudy.prompt.template import Redo

GOLDEN = Path(__file__).with_name("golden")
PLANNER = planner()


def rendered(name: str) -> str:
    """The messages at each moment; a system message that is the same as before is not shown again. Then what else is asked."""
    scene = scene_of(name)
    parts, before = [], ""
    for moment, history in scenery.MOMENTS.items():
        request = request_of(scene, history, len(history))
        if scene.genome.controls.deliberation == "steps":
            request = instructed(request, Steps)
        system, *others = request.messages
        parts.append(f"======== {moment}")
        parts.append("-------- system\n" + (system.content if system.content != before else "(as before)"))
        parts += shown(others)
        before = system.content
    if scene.genome.controls.verifier:
        draft, history = "ok sounds great, I will watch it!", scenery.RECOMMENDED
        check = instructed(check_request(scene, history, 4, draft), Check)
        redo = request_of(scene, history, 4, Redo(draft, "accepts what the brief is against"))
        parts += ["======== recommended, the check", *shown(check.messages), "======== recommended, the redo", *shown(redo.messages[-1:])]
    return "\n".join(parts) + "\n"


def shown(messages: Sequence[Message]) -> list[str]:
    return [f"-------- {message.role}\n{message.content}" for message in messages]


def scene_of(name: str) -> Scene:
    setting = load_setting(name)
    exemplars = scenery.EXEMPLARS[: setting.n_exemplars]
    genome = replace(setting.genome, exemplars=tuple(one.dialogue_id for one in exemplars))
    return Scene("free", "s", "d", scenery.NEED, (), None, None, scenery.TARGET, genome, exemplars, "crs", "m", 0, planner=PLANNER)


@pytest.mark.parametrize("name", setting_names())
def test_a_setting_renders_as_its_golden_file_says(name: str, update_golden: bool) -> None:
    file = GOLDEN / f"{name}.txt"
    if update_golden:
        file.write_text(rendered(name), "utf-8")
    assert rendered(name) == file.read_text("utf-8")


def test_every_golden_file_belongs_to_a_setting() -> None:
    assert sorted(path.stem for path in GOLDEN.glob("*.txt")) == setting_names()
