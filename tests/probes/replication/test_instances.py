"""The paper's own way by TextGrad, in the environment of the peers: how many calls a reply takes, and what a failed step does.

`make install-peers`, then `.venv-peers/bin/python -m pytest tests/probes/replication/test_instances.py -m integration`.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from understudy.completion import MissingReply
from understudy.doors import textual_gradients
from understudy.probes.replication.evaluating import evaluator_of
from understudy.probes.replication.people import AskedPlace, HistoryUser, TitleRatings
from understudy.probes.replication.tasks import MODULES, ON_REQUEST
from understudy.records import Item

tuned_by_textgrad = [
    pytest.mark.integration,
    pytest.mark.skipif(not textual_gradients.is_installed(), reason="TextGrad is in the environment of the peers"),
]


@pytest.mark.parametrize("task", [*MODULES.values(), *ON_REQUEST.values()])
def test_every_task_has_an_evaluator_with_a_scale(task: str) -> None:
    item = Item("i", "Amber Ferry", 1990)
    place = AskedPlace("p", HistoryUser("u", (), ()), rated=TitleRatings(item, ((3.0, 4.0), (5.0, 4.0))))
    told = evaluator_of(task, place)
    assert "0 to 10" in told
    assert ("4.0 of 5" in told) == task.startswith("BinPref")


@pytest.mark.parametrize("case", [pytest.param("well", marks=tuned_by_textgrad), pytest.param("badly", marks=tuned_by_textgrad)])
def test_a_reply_takes_sixteen_calls_and_a_step_without_a_prompt_changes_nothing(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    calls: list[str] = []

    def generate(text: str, system: str, purpose: textual_gradients.Purpose) -> str:
        calls.append(purpose)
        is_step = "IMPROVED_VARIABLE" in system
        return f"<IMPROVED_VARIABLE>prompt {len(calls)}</IMPROVED_VARIABLE>" if is_step and case == "well" else f"reply to {text[:40]}"

    found = textual_gradients.tuned("Say what you think.", "Rate it from 0 to 10.", generate)
    assert calls.count("forward") == textual_gradients.EPOCHS + 1
    assert len(calls) == 16
    if case == "well":
        assert (found.prompt.startswith("prompt "), found.n_failed_steps) == (True, 0)
        assert found.reply == f"reply to {found.prompt}"
    else:
        assert (found.prompt, found.n_failed_steps) == ("Say what you think.", 3)
    # neither its log nor a prompt is left where it ran
    assert list(tmp_path.iterdir()) == []


@pytest.mark.integration
@pytest.mark.skipif(not textual_gradients.is_installed(), reason="TextGrad is in the environment of the peers")
def test_a_missing_call_of_the_tuning_costs_its_step_and_a_missing_reply_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    calls: list[str] = []

    def generate(_: str, system: str, purpose: textual_gradients.Purpose, *, fails: frozenset[int]) -> str:
        calls.append(purpose)
        if len(calls) in fails:
            raise MissingReply("timed out")
        return f"<IMPROVED_VARIABLE>prompt {len(calls)}</IMPROVED_VARIABLE>" if "IMPROVED_VARIABLE" in system else "fine"

    # the second call is the loss of the first epoch; the other epochs take their five calls
    found = textual_gradients.tuned("Say it.", "Rate it.", partial(generate, fails=frozenset({2})))
    assert (found.n_failed_steps, found.n_missing_calls, len(calls)) == (1, 1, 2 + 5 + 5 + 1)
    assert found.prompt.startswith("prompt ")
    calls.clear()
    with pytest.raises(MissingReply):
        textual_gradients.tuned("Say it.", "Rate it.", partial(generate, fails=frozenset({16})))
