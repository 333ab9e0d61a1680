"""The options of commands that call models: one list for all of them, and what they come to."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from understudy.completion import ROLES
from understudy.errors import BadInput
from understudy.flows.cli import model_options as module
from understudy.flows.cli.model_options import model_options, models_of
from understudy.parameters import Caps, Models

DEFAULTS = {name: default for name, (_, default) in module._OPTIONS.items()}


def chosen(**options: Any) -> Models:
    return models_of({**DEFAULTS, **options})


def test_one_model_plays_all_roles_and_each_can_have_its_own() -> None:
    assert chosen().named() == ["rehearsal"] * len(ROLES)
    assert chosen(model="a/b").named() == ["a/b"] * len(ROLES)
    for role in ROLES:
        models = chosen(model="a/b", **{f"{role}_model": "c/d"})
        assert {each: models.of(each) for each in ROLES} == {each: "c/d" if each == role else "a/b" for each in ROLES}


def test_a_role_without_a_model_of_its_own_takes_the_seeker_s() -> None:
    assert Models(seeker="a/b").named() == ["a/b"] * len(ROLES)


def test_fallbacks_are_for_all_roles_or_for_one_in_their_order() -> None:
    models = chosen(fallback=["a/b", "critic=c/d", "e/f"])
    assert models.fallbacks["seeker"] == ("a/b", "e/f")
    assert models.fallbacks["critic"] == ("a/b", "c/d", "e/f")


def test_prices_and_limits_are_read() -> None:
    models = chosen(price=["0.15,0.60", "openai/x=1,2"], limit=["critic.usd=2.5", "critic.calls=10", "judge.tokens=7"])
    assert models.prices == {"*": (0.15, 0.6), "openai/x": (1.0, 2.0)}
    critic, judge = models.limits["critic"], models.limits["judge"]
    assert (critic.usd, critic.calls, critic.tokens, judge.tokens) == (2.5, 10, None, 7)


@pytest.mark.parametrize(
    "options",
    [
        {"price": ["1"]},
        {"price": ["a,b"]},
        {"price": ["-1,2"]},
        {"price": ["nan,2"]},
        {"limit": ["critic=2"]},
        {"limit": ["nobody.usd=2"]},
        {"limit": ["critic.usd=0"]},
        {"limit": ["critic.calls=1.5"]},
        {"api_base": "localhost:80"},
        {"max_age_days": 0},
        {"rpm": 0},
    ],
)
def test_what_cannot_be_read_is_bad_input(options: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        chosen(**options)


def test_a_command_gets_models_and_caps_and_the_command_line_the_options() -> None:
    seen: dict[str, Any] = {}

    @model_options
    def command(dataset: str, n: int = 3, models: Models = Models(), caps: Caps = Caps(), as_json: bool = False) -> None:
        seen.update(dataset=dataset, n=n, models=models, caps=caps, as_json=as_json)

    names = list(inspect.signature(command).parameters)
    assert names[:2] == ["dataset", "n"]
    assert {"model", "usd", "refresh", *(f"{role}_model" for role in ROLES)} <= set(names)
    assert not {"models", "caps"} & set(names)
    command(dataset="d", n=4, as_json=True, **{**DEFAULTS, "model": "a/b", "calls": 5})
    assert (seen["n"], seen["models"].seeker, seen["caps"].calls, seen["as_json"]) == (4, "a/b", 5, True)


def test_a_wrong_option_ends_with_two(capsys: pytest.CaptureFixture[str]) -> None:
    @model_options
    def command(models: Models = Models(), caps: Caps = Caps(), as_json: bool = False) -> None:  # noqa: ARG001
        raise AssertionError("the command is not reached")

    with pytest.raises(SystemExit) as told:
        command(as_json=True, **{**DEFAULTS, "price": ["1"]})
    assert told.value.code == 2
    assert '"bad_input"' in capsys.readouterr().out
