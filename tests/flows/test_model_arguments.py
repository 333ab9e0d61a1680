"""The options of commands that call models: one list for all of them, and what they come to."""

from __future__ import annotations

from typing import Any

import pytest

from understudy.completion import ROLES
from understudy.errors import BadInput
from understudy.flows.cli.model_arguments import CapArguments, ModelArguments
from understudy.parameters import Caps, Models


def chosen(**options: Any) -> Models:
    return ModelArguments(**options).models()


def test_without_options_models_and_caps_are_the_flows_own_defaults() -> None:
    assert chosen() == Models(verifier="rehearsal", recommender="rehearsal", critic="rehearsal", judge="rehearsal")
    assert CapArguments().caps() == Caps()


def test_one_model_plays_all_roles_and_each_can_have_its_own() -> None:
    assert set(ModelArguments().named()) == set(ROLES)
    assert chosen().named() == ["rehearsal"] * len(ROLES)
    assert chosen(model="a/b").named() == ["a/b"] * len(ROLES)
    for role in ROLES:
        models = chosen(model="a/b", **{f"{role}_model": "c/d"})
        assert {each: models.of(each) for each in ROLES} == {each: "c/d" if each == role else "a/b" for each in ROLES}


def test_a_role_without_a_model_of_its_own_takes_the_seeker_s() -> None:
    assert Models(seeker="a/b").named() == ["a/b"] * len(ROLES)
    assert chosen(seeker_model="a/b").named() == ["a/b"] * len(ROLES)


def test_fallbacks_are_for_all_roles_or_for_one_in_their_order() -> None:
    models = chosen(fallback=["a/b", "critic=c/d", "e/f"])
    assert models.fallbacks["seeker"] == ("a/b", "e/f")
    assert models.fallbacks["critic"] == ("a/b", "c/d", "e/f")


def test_prices_and_limits_are_read() -> None:
    models = chosen(price=["0.15,0.60", "openai/x=1,2"], limit=["critic.usd=2.5", "critic.calls=10", "judge.tokens=7"])
    assert models.prices == {"*": (0.15, 0.6), "openai/x": (1.0, 2.0)}
    critic, judge = models.limits["critic"], models.limits["judge"]
    assert (critic.usd, critic.calls, critic.tokens, judge.tokens) == (2.5, 10, None, 7)


def test_limits_on_replies_are_for_all_roles_or_for_one() -> None:
    assert chosen(reply_tokens=["4000", "critic=9000"]).reply_tokens == {**dict.fromkeys(ROLES, 4000), "critic": 9000}
    assert (chosen().reply_tokens, chosen(reply_bytes=5000).reply_bytes) == ({}, 5000)


def test_caps_are_read_and_each_stands_alone() -> None:
    caps = CapArguments(usd=1.5, tokens=2, calls=3, dialogues=4, minutes=5.5).caps()
    assert caps == Caps(usd=1.5, tokens=2, calls=3, dialogues=4, minutes=5.5)
    with pytest.raises(BadInput, match="calls"):
        CapArguments(calls=0).caps()


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
        {"reply_tokens": ["0"]},
        {"reply_tokens": ["nobody=5"]},
        {"reply_tokens": ["critic="]},
        {"reply_bytes": 10},
    ],
)
def test_what_cannot_be_read_is_bad_input(options: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        chosen(**options)
