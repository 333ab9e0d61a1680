"""Running model servers: which models Ollama, vLLM, llama.cpp, SGLang and others with the OpenAI protocol list, asked all at once.

Only the usual ports on loopback are asked, and the address that the user names. No key is sent, no proxy is used, no redirect is
followed, and an answer is read up to a limit: on these ports may be anything.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from understudy.doors.available import AvailableModel
from understudy.doors.gateway.calls import scrubbed
from understudy.text import clean

USUAL_PORTS: Final[Mapping[str, int]] = {"Ollama": 11434, "vLLM": 8000, "llama.cpp": 8080, "SGLang": 30000, "LM Studio": 1234}
LIMIT_S = 0.8
"""Seconds that one question may take; an address is asked at most two after each other."""

_MAX_BYTES = 4 << 20
_MAX_NAME_BYTES = 300
_MAX_MODELS = 500
_OWNERS: Final[Mapping[str, str]] = {"vllm": "vLLM", "llamacpp": "llama.cpp", "sglang": "SGLang"}
_CONSTRAINS = frozenset(_OWNERS.values())
# Ollama gives a prompt 4,096 tokens unless a request asks for more, and a model's own context may not fit into memory
_ASKED_CONTEXT = 8192
_WANTS_KEY = frozenset({401, 403})
_LOADING = 503

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ServerSeen:
    """What was found at an address: the engine that answered, empty where none did, and why then; its models."""

    address: str
    expected: str
    engine: str
    silence: str
    models: tuple[AvailableModel, ...] = ()


@dataclass(frozen=True, slots=True)
class _Answer:
    """The status of an answer, 0 where there was none, and its JSON object; `fault` says what was wrong."""

    status: int
    body: Json
    fault: str = ""


def usual_addresses(ports: Mapping[str, int] = USUAL_PORTS) -> dict[str, str]:
    """Address on loopback → the server that usually listens there."""
    return {f"http://127.0.0.1:{port}": name for name, port in ports.items()}


def servers_seen(addresses: Mapping[str, str], *, named: str | None = None) -> list[ServerSeen]:
    """What is found at each address, in their order, and at the `named` one first. `addresses`: address → the server expected there."""
    asked = {**({_root(named): ""} if named else {}), **addresses}
    logging.getLogger("httpx").setLevel(logging.CRITICAL)
    return asyncio.run(_all_seen(asked))


async def _all_seen(asked: Mapping[str, str]) -> list[ServerSeen]:
    # a proxy of the environment must not hear of loopback
    async with httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=LIMIT_S) as client:
        return list(await asyncio.gather(*(_seen(client, address, expected) for address, expected in asked.items())))


async def _seen(client: httpx.AsyncClient, address: str, expected: str) -> ServerSeen:
    listed, tags, properties = await asyncio.gather(
        _get(client, f"{address}/v1/models"), _get(client, f"{address}/api/tags"), _get(client, f"{address}/props")
    )
    models = [one for one in _objects(listed.body, "data") if _name(one, "id")][:_MAX_MODELS]
    owner = next((_OWNERS[one["owned_by"]] for one in models if one.get("owned_by") in _OWNERS), "")
    kept = [one for one in _objects(tags.body, "models") if _name(one, "name")][:_MAX_MODELS]
    # llama.cpp answers for Ollama too, so the owner that it names goes first
    if not owner and (kept or tags.body.get("models") == []):
        shown = await asyncio.gather(*(_post(client, f"{address}/api/show", {"model": _name(one, "name")}) for one in kept))
        found = [_of_ollama(one, details.body, address) for one, details in zip(kept, shown, strict=True)]
        return ServerSeen(address, expected, "Ollama", "" if found else "it holds no model: run `ollama pull NAME`", tuple(found))
    engine = owner or ("OpenAI protocol" if models else "")
    if not engine:
        return ServerSeen(address, expected, "", _silence(listed))
    return ServerSeen(address, expected, engine, "", tuple(_of_openai(one, engine, properties, address) for one in models))


def _of_ollama(listed: Json, shown: Json, address: str) -> AvailableModel:
    name, details = _name(listed, "name"), listed.get("details")
    context = next((value for key, value in _object(shown, "model_info").items() if key.endswith(".context_length")), None)
    context = context if isinstance(context, int) else None
    able = shown.get("capabilities")
    is_chat = not isinstance(able, list) or "completion" in able
    asked = ["--model", f"ollama_chat/{name}", "--api-base", address]
    asked += ["--num-ctx", str(min(context, _ASKED_CONTEXT))] if context else []
    return AvailableModel(
        name=f"ollama_chat/{name}", kind="server", served_by="Ollama", options=tuple(asked), context=context, usd_per_m_in=0.0,
        usd_per_m_out=0.0, schema_replies=True, n_bytes=_count(listed, "size"),
        quantization=_name(details, "quantization_level") or None if isinstance(details, dict) else None,
        not_ready="" if is_chat else "it cannot write text; choose a model with the capability `completion`",
    )  # fmt: skip


def _of_openai(listed: Json, engine: str, properties: _Answer, address: str) -> AvailableModel:
    name = f"{'hosted_vllm' if engine == 'vLLM' else 'openai'}/{_name(listed, 'id')}"
    settings = _object(properties.body, "default_generation_settings") if engine == "llama.cpp" else {}
    is_base = engine == "llama.cpp" and properties.body.get("chat_template") == ""
    loads = engine == "llama.cpp" and properties.status == _LOADING
    return AvailableModel(
        name=name, kind="server", served_by=engine, options=("--model", name, "--api-base", f"{address}/v1"),
        context=_count(listed, "max_model_len") or _count(settings, "n_ctx"),
        schema_replies=True if engine in _CONSTRAINS else None,
        n_bytes=_count(_object(listed, "meta"), "size"),
        not_ready="it has no chat template; serve an instruct model, or give the server a template" if is_base
        else "the server is loading it; ask again in a moment" if loads else "",
    )  # fmt: skip


def _silence(listed: _Answer) -> str:
    """Why an address is no model server that can be used, with what to do."""
    if not listed.status:
        return listed.fault
    if listed.status in _WANTS_KEY:
        return f"it wants a key (status {listed.status}); set OPENAI_API_KEY or HOSTED_VLLM_API_KEY, and name the model yourself"
    if listed.status == _LOADING:
        return "it is loading its model (status 503); ask again in a moment"
    return f"it does not list models: status {listed.status}{', ' + listed.fault if listed.fault else ''}"


async def _get(client: httpx.AsyncClient, address: str) -> _Answer:
    return await _asked(client, client.build_request("GET", address))


async def _post(client: httpx.AsyncClient, address: str, message: Json) -> _Answer:
    return await _asked(client, client.build_request("POST", address, json=message))


async def _asked(client: httpx.AsyncClient, request: httpx.Request) -> _Answer:
    try:
        async with asyncio.timeout(LIMIT_S):
            answer = await client.send(request, stream=True)
            try:
                return _read(answer.status_code, await _body(answer))
            finally:
                await answer.aclose()
    except TimeoutError:
        return _Answer(0, {}, f"it did not answer within {LIMIT_S:g} s")
    except httpx.HTTPError as error:
        refused = isinstance(error, httpx.ConnectError)
        return _Answer(0, {}, "no server listens there" if refused else f"no answer ({scrubbed(str(error)) or type(error).__name__})")


async def _body(answer: httpx.Response) -> bytes | None:
    """The body of an answer; None where it is longer than is read."""
    read = b""
    async for piece in answer.aiter_bytes():
        read += piece
        if len(read) > _MAX_BYTES:
            return None
    return read


def _read(status: int, body: bytes | None) -> _Answer:
    if body is None:
        return _Answer(status, {}, f"an answer of more than {_MAX_BYTES >> 20} MiB")
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return _Answer(status, {}, "no JSON")
    return _Answer(status, value) if isinstance(value, dict) else _Answer(status, {}, "no JSON object")


def _root(address: str) -> str:
    """An address as it is named with or without `/v1`, without it."""
    plain = address.rstrip("/")
    return plain.removesuffix("/v1").rstrip("/") if urlsplit(plain).path.endswith("/v1") else plain


def _objects(body: Json, key: str) -> Sequence[Json]:
    value = body.get(key)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _object(body: Json, key: str) -> Json:
    value = body.get(key)
    return value if isinstance(value, dict) else {}


def _name(body: Json, key: str) -> str:
    """A name that a server gives, without what could not be shown; empty where it gives none."""
    value = body.get(key)
    return clean(value, max_bytes=_MAX_NAME_BYTES).text.replace("\n", " ").strip() if isinstance(value, str) else ""


def _count(body: Json, key: str) -> int | None:
    value = body.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
