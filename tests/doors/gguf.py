"""Small GGUF files: headers as llama.cpp writes them, and a server in the place of llama.cpp's."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

TEMPLATE = "{% for message in messages %}{{ message['content'] }}{% endfor %}"
FIELDS: dict[str, str | int | float | bool | list[str]] = {
    "general.architecture": "llama",
    "general.name": "Tiny Instruct v1",
    "general.basename": "tiny",
    "general.size_label": "1M",
    "general.license": "apache-2.0",
    "general.file_type": 15,
    "llama.context_length": 8192,
    "llama.block_count": 2,
    "llama.embedding_length": 64,
    "llama.attention.head_count": 4,
    "llama.attention.head_count_kv": 2,
    "llama.rope.freq_base": 10000.0,
    "tokenizer.ggml.add_bos_token": True,
    "tokenizer.ggml.tokens": ["a", "b", "¿"],
    "tokenizer.chat_template": TEMPLATE,
}
N_ELEMENTS = 256
_F32 = 0

FAKE = '''
import json, os, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
SEEN = []
wanted = json.loads(os.environ["UNDERSTUDY_LOCAL_SERVER"])
if "broken" in wanted["path"]:
    print("llama.cpp: a tensor has the wrong shape", file=sys.stderr)
    sys.exit(3)
if "endless" in wanted["path"]:
    threading.Event().wait()

class Answers(BaseHTTPRequestHandler):
    def answer(self, status, fields):
        body = json.dumps(fields).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.answer(200, {"status": "ok"})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        said = asked["messages"][-1]["content"]
        if self.headers["authorization"] != "Bearer " + wanted["key"]:
            return self.answer(401, {"error": {"message": "Invalid API Key", "code": 401}})
        if said == "die":
            os._exit(9)
        if said == "too long":
            error = {"code": 400, "message": "request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it",
                     "type": "exceed_context_size_error", "n_prompt_tokens": 5000, "n_ctx": 4096}
            return self.answer(400, {"error": error})
        cut = said == "fill the context"
        fields = {"prompt": wanted["context"] - 20 if cut else 9, "completion": 20 if cut else 3}
        told = asked.get("chat_template_kwargs", {}).items()
        message = {"role": "assistant", "content": json.dumps([os.getpid(), asked.get("top_p"), wanted["key"], *told])}
        timings = {"prompt_n": 10, "cache_n": 90, "prompt_ms": 100.0, "predicted_n": 3, "predicted_ms": 150.0}
        self.answer(200, {
            "id": "x", "object": "chat.completion", "created": 0, "model": wanted["alias"],
            "choices": [{"index": 0, "finish_reason": "length" if cut else "stop", "message": message}],
            "timings": timings if SEEN else {**timings, "prompt_n": 100, "cache_n": 0, "prompt_ms": 1000.0},
            "usage": {"prompt_tokens": fields["prompt"], "completion_tokens": fields["completion"], "total_tokens": 0},
        })
        SEEN.append(said)

server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
print(json.dumps({"address": f"http://127.0.0.1:{server.server_address[1]}"}), flush=True)
server.serve_forever()
'''


def gguf(path: Path, *, without: Sequence[str] = (), n_missing: int = 0, **changed: str | int) -> Path:
    """A GGUF file of one tensor at `path`; `n_missing` bytes are cut off its end. In names of fields `__` stands for a point."""
    fields = {**FIELDS, **{name.replace("__", "."): value for name, value in changed.items()}}
    header = b"GGUF" + struct.pack("<IQQ", 3, 1, len(fields) - len(without))
    header += b"".join(_text(name) + _value(value) for name, value in fields.items() if name not in without)
    header += _text("token_embd.weight") + struct.pack("<IQIQ", 1, N_ELEMENTS, _F32, 0)
    header += b"\0" * (-len(header) % 32)
    whole = header + bytes(N_ELEMENTS * 4)
    path.write_bytes(whole[: len(whole) - n_missing])
    return path


def fake_server(folder: Path) -> Mapping[str, str]:
    """A module `fake_llama` in `folder`, and the environment in which Python finds it."""
    (folder / "fake_llama.py").write_text(FAKE)
    return {"PYTHONPATH": str(folder)}


def _text(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def _value(value: str | int | float | bool | list[str]) -> bytes:
    match value:
        case bool():
            return struct.pack("<I?", 7, value)
        case int():
            return struct.pack("<II", 4, value)
        case float():
            return struct.pack("<If", 6, value)
        case str():
            return struct.pack("<I", 8) + _text(value)
        case list():
            return struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(_text, value))
