"""What can be used right now: models of servers on loopback, of providers with a key, and what is said of those that cannot."""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Mapping
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.doors.gguf import gguf
from tests.doors.listing import LLAMA_CPP, OLLAMA, VLLM, Answers, listing
from understudy.doors.available import weights
from understudy.doors.available.providers import hosted_models, litellm_table, providers_known
from understudy.doors.available.servers import ServerSeen, servers_seen
from understudy.doors.local import digests
from understudy.flows.cli.models import page
from understudy.tasks import models

TODAY = date(2026, 11, 30)
KEY = "sk-this-is-the-secret"


def seen(answers: Answers, **how: Any) -> ServerSeen:
    with listing(answers, **how) as address:
        return servers_seen({address: "any"})[0]


def test_vllm_lists_its_model_with_the_context_that_it_serves() -> None:
    found = seen(VLLM)
    assert found.engine == "vLLM"
    (model,) = found.models
    assert (model.name, model.context, model.schema_replies) == ("hosted_vllm/Qwen/Qwen2.5-7B-Instruct", 32768, True)
    assert model.options[:2] == ("--model", "hosted_vllm/Qwen/Qwen2.5-7B-Instruct")
    assert model.options[3] == f"{found.address}/v1"
    # nobody has told a price
    assert model.usd_per_m_in is None


def test_llama_cpp_is_told_from_ollama_and_has_the_context_of_a_slot() -> None:
    found = seen(LLAMA_CPP)
    assert found.engine == "llama.cpp"
    (model,) = found.models
    assert (model.name, model.context, model.n_bytes) == ("openai/small.gguf", 4096, 98_000_000)


def test_ollama_s_models_have_their_context_and_what_only_embeds_is_not_ready() -> None:
    found = seen(OLLAMA)
    assert found.engine == "Ollama"
    chat, embedding = found.models
    assert (chat.name, chat.context, chat.quantization, chat.not_ready) == ("ollama_chat/llama3.2:latest", 131072, "Q4_K_M", "")
    assert chat.options[-2:] == ("--num-ctx", "8192")
    assert "completion" in embedding.not_ready


def test_a_base_model_without_a_chat_template_is_not_ready() -> None:
    properties = {"default_generation_settings": {"n_ctx": 4096}, "chat_template": ""}
    (model,) = seen({**LLAMA_CPP, "/props": (200, properties)}).models
    assert "chat template" in model.not_ready


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ({"/v1/models": (401, {"error": "no key"})}, "wants a key (status 401)"),
        ({"/v1/models": (503, {"error": {"message": "Loading model"}})}, "loading its model"),
        ({"/v1/models": (200, b"<html>a shop</html>")}, "does not list models: status 200, no JSON"),
        ({"/v1/models": (200, b"x" * (5 << 20))}, "more than 4 MiB"),
        ({"/v1/models": (200, b"[" * 100_000)}, "no JSON"),
        ({"/v1/models": (302, b"")}, "status 302"),
        ({"/v1/models": (200, {"data": [{"id": 7}, "x", {"id": "\x1b\x00"}]})}, "does not list models"),
        ({"/api/tags": (200, {"models": []})}, "ollama pull"),
    ],
)
def test_what_is_no_usable_server_says_why(answers: Answers, why: str) -> None:
    found = seen(answers)
    assert not found.models
    assert why in found.silence


def test_nobody_there_and_nobody_who_answers_are_told_apart() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute, socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        closed.close()
        silent, gone = servers_seen({f"http://127.0.0.1:{mute.getsockname()[1]}": "any", address: "any"})
    assert "did not answer within" in silent.silence
    assert gone.silence == "no server listens there"


def test_the_named_address_is_asked_with_or_without_v1_and_sees_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    headers: list[str] = []
    with listing(VLLM, seen=headers) as address:
        for named in (address, f"{address}/v1", f"{address}/v1/"):
            (found,) = servers_seen({}, named=named)
            assert [model.name for model in found.models] == ["hosted_vllm/Qwen/Qwen2.5-7B-Instruct"]
    assert KEY not in "".join(headers)


def test_a_name_cannot_hold_what_a_terminal_obeys() -> None:
    (model,) = seen({"/v1/models": (200, {"data": [{"id": "a\x1b[2Jb\nc\u202e"}]})}).models
    assert model.name == "openai/a[2Jb c"


def row(**fields: Any) -> Mapping[str, Any]:
    return {"mode": "chat", "litellm_provider": "openai", "input_cost_per_token": 1.5e-07, "output_cost_per_token": 6e-07, **fields}


def test_models_of_a_provider_with_a_key_have_context_prices_and_schema() -> None:
    table = {"gpt": row(max_input_tokens=128000, supports_response_schema=True), "old": row(deprecation_date="2025-01-01"), "bare": row()}
    (provider,) = providers_known(table, {"OPENAI_API_KEY": KEY})
    assert (provider.name, provider.is_set, provider.variables, provider.n_models) == ("openai", True, ("OPENAI_API_KEY",), 3)
    bare, gpt, old = hosted_models(table, {"openai": provider}, today=TODAY)
    assert (gpt.context, gpt.usd_per_m_in, gpt.usd_per_m_out, gpt.schema_replies, gpt.not_ready) == (128000, 0.15, 0.6, True, "")
    assert (bare.context, bare.schema_replies) == (None, False)
    assert "2025-01-01" in old.not_ready


def test_a_provider_that_needs_more_than_a_key_says_what_is_missing() -> None:
    table = {"azure/gpt": row(litellm_provider="azure")}
    (provider,) = providers_known(table, {"AZURE_API_KEY": KEY, "AZURE_API_BASE": "https://x"})
    (model,) = hosted_models(table, {"azure": provider}, today=TODAY)
    assert model.not_ready == "AZURE_API_KEY is set and AZURE_API_VERSION is not; set it as well"
    (empty,) = providers_known(table, {"AZURE_API_KEY": "  "})
    assert not empty.is_set


def test_variables_of_keys_are_those_that_litellm_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    from understudy.doors.gateway import llm

    litellm, table = llm._litellm(), litellm_table()
    first = {str(one["litellm_provider"]): name for name, one in reversed(table.items())}
    n_checked = 0
    for provider in providers_known(table, {}):
        if provider.name not in first:
            continue
        missing = litellm.validate_environment(first[provider.name])["missing_keys"]
        if not missing:
            continue  # litellm checks no variable of this provider
        n_checked += 1
        with monkeypatch.context() as there:
            for name in (provider.variables[0], *provider.missing):
                there.setenv(name, KEY)
            assert litellm.validate_environment(first[provider.name])["missing_keys"] == [], provider.name
    assert n_checked > 20


def test_no_key_reaches_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr(models, "usual_addresses", dict)
    with listing(OLLAMA) as address:
        fields = models.usable_models(api_base=address)
    assert KEY not in json.dumps(fields)
    kinds = {one["kind"] for one in fields["models"]}
    assert {"rehearsal", "server", "provider"} <= kinds
    embedding = next(one for one in fields["models"] if one["name"] == "ollama_chat/embed:latest")
    assert not embedding["ready"]
    assert "why_not" in embedding
    assert {"name": "openai", "variables": ["OPENAI_API_KEY"], "is_key_set": True}.items() <= next(
        one for one in fields["providers"] if one["name"] == "openai"
    ).items()


def test_the_page_fits_eighty_columns_and_says_why_a_model_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr(models, "usual_addresses", dict)
    monkeypatch.setattr(models, "local_models", lambda _: ())
    with listing(OLLAMA) as address:
        fields = models.usable_models(api_base=address)
    console = Console(width=80, record=True, file=StringIO())
    page(console, fields)
    text = console.export_text()
    rows = [line for line in text.splitlines() if line.startswith("│")]
    assert any("ollama_chat/llama3.2:latest" in line for line in rows)
    assert max(map(len, rows)) <= 80
    assert "ollama_chat/embed:latest is not ready: it cannot write text" in text
    assert "more models are ready" in text
    assert text.splitlines()[-1].startswith("next: understudy estimate --dataset NAME --model ollama_chat/llama3.2:latest")


def test_files_of_weights_say_what_they_are_or_why_they_cannot_be_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub-of-nobody"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "weights"
    (folder / "deeper").mkdir(parents=True)
    good, base = gguf(folder / "good.gguf"), gguf(folder / "deeper" / "base.gguf", without=["tokenizer.chat_template"])
    (folder / "torn.gguf").write_bytes(b"GGUF")
    monkeypatch.setattr(weights, "is_engine_there", lambda: True)
    named = {one.name: one for one in weights.local_models([folder])}
    ready = named[f"local/{good}"]
    assert (ready.not_ready, ready.quantization, ready.context, ready.schema_replies) == ("", "Q4_K_M", 8192, True)
    assert ready.sha256 == hashlib.sha256(good.read_bytes()).hexdigest()
    assert "no chat template" in named[f"local/{base}"].not_ready
    assert "cut short" in named[f"local/{folder / 'torn.gguf'}"].not_ready
    # the packaged one is listed whether it is installed or not
    assert "local/smollm2" in named
    monkeypatch.setattr(weights, "is_engine_there", lambda: False)
    assert "is not installed" in {one.name: one for one in weights.local_models([folder])}[f"local/{good}"].not_ready


def test_large_weights_are_not_read_for_their_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub-of-nobody"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = gguf(tmp_path / "large.gguf")
    monkeypatch.setattr(weights, "_MOST_READ", 10)

    def listed() -> str | None:
        return {one.name: one for one in weights.local_models([tmp_path])}[f"local/{path}"].sha256

    assert listed() is None
    known = digests.sha256_of(path)
    assert listed() == known
