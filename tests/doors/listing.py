"""Loopback servers that list models as Ollama, vLLM, llama.cpp and others do, for tests of what is available."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

# path, or method and path → status and body
Answers = Mapping[str, tuple[int, Any]]

VLLM: Answers = {
    "/v1/models": (200, {"object": "list", "data": [
        {"id": "Qwen/Qwen2.5-7B-Instruct", "object": "model", "owned_by": "vllm", "max_model_len": 32768},
    ]}),
}  # fmt: skip
# llama.cpp lists its model in Ollama's form as well
LLAMA_CPP: Answers = {
    "/v1/models": (200, {
        "models": [{"name": "small.gguf", "model": "small.gguf"}],
        "object": "list",
        "data": [{"id": "small.gguf", "object": "model", "owned_by": "llamacpp", "meta": {"n_ctx_train": 8192, "size": 98_000_000}}],
    }),
    "/api/tags": (200, {"models": [{"name": "small.gguf", "model": "small.gguf", "size": ""}]}),
    "/props": (200, {"default_generation_settings": {"n_ctx": 4096}, "total_slots": 1, "chat_template": "{{ messages }}"}),
}  # fmt: skip
OLLAMA: Answers = {
    "/v1/models": (200, {"object": "list", "data": [{"id": "llama3.2:latest", "object": "model", "owned_by": "library"}]}),
    "/api/tags": (200, {"models": [
        {"name": "llama3.2:latest", "size": 2_019_393_189, "digest": "a80c", "details": {"quantization_level": "Q4_K_M"}},
        {"name": "embed:latest", "size": 45_000_000, "digest": "b1", "details": {"quantization_level": "F16"}},
    ]}),
    "POST llama3.2:latest": (200, {"capabilities": ["completion", "tools"], "model_info": {"llama.context_length": 131072}}),
    "POST embed:latest": (200, {"capabilities": ["embedding"], "model_info": {"bert.context_length": 512}}),
}  # fmt: skip


@contextmanager
def listing(answers: Answers, *, seen: list[str] | None = None) -> Iterator[str]:
    """The address of a server on loopback that gives these answers; `seen` gets the headers of its requests."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply(self.path)

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._reply(f"POST {asked['model']}")

        def _reply(self, key: str) -> None:
            if seen is not None:
                seen.append(str(self.headers))
            status, body = answers.get(key, (404, {"error": "not found"}))
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
