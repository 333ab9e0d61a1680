"""The seeker as the user of a local model's chat: which template is served, who is asked with it, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import jinja2
import pytest

from tests.doors.gguf import fake_server, gguf
from understudy import rehearsal
from understudy.completion import Message, ModelRole, Request
from understudy.doors.gateway.caller import GatewayConfig
from understudy.doors.gateway.llm import Gateway
from understudy.doors.local import sides, weights
from understudy.doors.local.packaged import packaged_file
from understudy.doors.local.servers import LocalServer
from understudy.errors import BadInput
from understudy.names import shown_model
from understudy.parameters import LocalServing, Models

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
CHAT = [
    {"role": "system", "content": "You look for a film."},
    {"role": "user", "content": "Hi! {{ braces }}"},
    {"role": "assistant", "content": "Something old."},
    {"role": "user", "content": "Try this one."},
    {"role": "system", "content": "What do you think of it?"},
]
AS_USER = (
    "<|im_start|>system\nYou look for a film.<|im_end|>\n<|im_start|>assistant\nHi! {{ braces }}<|im_end|>\n"
    "<|im_start|>user\nSomething old.<|im_end|>\n<|im_start|>assistant\nTry this one.<|im_end|>\n"
    "<|im_start|>system\nWhat do you think of it?<|im_end|>\n<|im_start|>user\n"
)
USER = LocalServing(seeker_side="user")
PATIENCE_S = 30


def rendered(template: str, **variables: str) -> str:
    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(template).render(messages=CHAT, add_generation_prompt=True, **variables)


def test_both_sides_are_the_model_s_own_template_and_the_one_with_exchanged_roles() -> None:
    both = sides.both_sides(CHATML)
    assert rendered(both) == rendered(both, seeker_side="assistant") == rendered(CHATML)
    assert rendered(both, seeker_side="user") == AS_USER


def test_a_template_of_another_form_is_refused_with_what_to_do(tmp_path: Path) -> None:
    model = f"local/{gguf(tmp_path / 'other.gguf')}"
    with pytest.raises(BadInput, match="is not in ChatML") as refused:
        weights.weights_of(Models(seeker=model, local=USER))
    assert "--seeker-side" in refused.value.hint
    with pytest.raises(BadInput, match="is not in ChatML"):
        weights.require_before(model, has_template=False, seeker_side="user")
    with pytest.raises(BadInput, match="--chat-template is not in ChatML"):
        weights.weights_of(Models(seeker=model, local=LocalServing(seeker_side="user", chat_template="{{ messages }}")))
    given = LocalServing(seeker_side="user", chat_template=CHATML)
    assert list(weights.weights_of(Models(seeker=model, local=given))) == [model]


@pytest.mark.parametrize(("serving", "expected"), [(USER, {"seeker": [["seeker_side", "user"]]}), (LocalServing(), {})])
def test_the_seeker_alone_is_asked_as_the_user(
    serving: LocalServing, expected: dict[str, list[list[str]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**fake_server(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    found = weights.find(f"local/{gguf(tmp_path / 'tiny.gguf', tokenizer__chat_template=CHATML)}")
    server = LocalServer(found.keyed(serving), found, serving, context=4096, module="fake_llama")
    roles: tuple[ModelRole, ...] = ("seeker", "critic", "judge", "verifier", "recommender")
    try:
        with Gateway(
            GatewayConfig(), store_path=tmp_path / "store.duckdb", fitted={}, surfaces={"0": rehearsal.surface("0")}, run_id="run",
            local={server.model: server},
        ) as calls:  # fmt: skip
            asked = {role: Request(role, server.model, (Message("user", "hello"),), 0.7, 1.0, 50, 0) for role in roles}
            told = {role: json.loads(calls.run(calls.complete(one), PATIENCE_S).text)[3:] for role, one in asked.items()}
    finally:
        server.stop()
    assert {role: sent for role, sent in told.items() if sent} == expected


def test_tables_show_the_side_with_the_model(tmp_path: Path) -> None:
    found = weights.find(f"local/{gguf(tmp_path / 'tiny.gguf', tokenizer__chat_template=CHATML)}")
    plain, as_user = found.keyed(LocalServing()), found.keyed(USER)
    assert shown_model(as_user) == f"{shown_model(plain)}?seeker=user"


@pytest.mark.integration
def test_the_packaged_model_s_server_renders_both_sides() -> None:
    path, _ = packaged_file("smollm2")
    found = weights.find("local/smollm2")
    assert found.path == path
    server = LocalServer(found.keyed(USER), found, USER, context=512, module="understudy.doors.local.serving")
    try:
        endpoint = server.ready()

        def prompt(**variables: str) -> str:
            asked = {"messages": CHAT, "chat_template_kwargs": variables}
            headers = {"authorization": f"Bearer {endpoint.key}"}
            return str(httpx.post(f"{endpoint.address}/apply-template", json=asked, headers=headers, trust_env=False).json()["prompt"])

        assert prompt(seeker_side="user") == AS_USER
        assert prompt() == rendered(found.header.chat_template)
    finally:
        server.stop()
