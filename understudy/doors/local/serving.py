"""The child process of a local model: llama.cpp's server in Python, on a random port of loopback. The one module that imports it.

What it serves stands in one variable of its environment, the key among it, so that neither arguments nor a file hold the key. The
address, or why there is none, is written to standard output as one line of JSON; llama.cpp's own lines go to standard error.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Mapping
from typing import Any

VARIABLE = "UNDERSTUDY_LOCAL_SERVER"
HOST = "127.0.0.1"
# llama.cpp's own defaults, written out, so that another version of it does not change what a model says
_TOP_K, _MIN_P, _REPEAT_PENALTY = 40, 0.05, 1.0
_ERRORS_ALONE = 1


def parameters(xllamacpp: Any, wanted: Mapping[str, Any]) -> Any:
    """The parameters of the server, as xllamacpp takes them."""
    made = xllamacpp.CommonParams()
    made.model.path, made.model_alias, made.api_keys = wanted["path"], {wanted["alias"]}, [wanted["key"]]
    made.hostnames, made.port, made.ui, made.endpoint_slots = [HOST], 0, False, False
    # the context is shared out among the slots
    made.n_parallel, made.n_ctx = wanted["slots"], wanted["context"] * wanted["slots"]
    made.cpuparams.n_threads = made.cpuparams_batch.n_threads = wanted["threads"]
    kv_type = getattr(xllamacpp.ggml_type, f"GGML_TYPE_{wanted['kv_type'].upper()}")
    made.cache_type_k = made.cache_type_v = kv_type
    # a prefix stays in its slot or not at all: the second cache would take up to 8 GB of memory
    made.cache_prompt, made.cache_ram_mib, made.ctx_shift = wanted["prefix_cache"], 0, False
    if wanted["chat_template"] is not None:
        made.chat_template = wanted["chat_template"]
    made.sampling.top_k, made.sampling.min_p, made.sampling.penalty_repeat = _TOP_K, _MIN_P, _REPEAT_PENALTY
    made.verbosity = _ERRORS_ALONE
    return made


def run() -> None:
    """Serves until the process is ended."""
    wanted = json.loads(os.environ.pop(VARIABLE))
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    # whatever a library prints is no answer of ours
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        import xllamacpp

        server = xllamacpp.Server(parameters(xllamacpp, wanted))
        answer = {"address": server.listening_address}
    except Exception as error:
        _write(out, {"error": f"{type(error).__name__}: {error}"})
        raise SystemExit(1) from None
    _write(out, answer)
    threading.Event().wait()


def _write(out: Any, line: Mapping[str, str]) -> None:
    out.write(json.dumps(line) + "\n")
    out.close()


if __name__ == "__main__":
    run()
