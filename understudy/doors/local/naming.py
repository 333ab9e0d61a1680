"""The names of local models: as the user writes them, as they stand in keys, and as tables show them.

Written: `local/NAME` (weights of an installed package), `local/PATH.gguf` or `local/hf:OWNER/REPO/FILE.gguf[@REVISION]`. In keys stands
what decides the answers and nothing else, so that weights that were renamed or moved are the same model, and others never are:
`local/smollm2-135M.Q4_1@SHA256`, with `?kv=TYPE`, `?template=DIGEST` and `?seeker=user` where those are not the model's own.
"""

from __future__ import annotations

import hashlib
import re

from understudy.doors.local.header import Header
from understudy.names import shown_model
from understudy.parameters import LOCAL, LocalServing

HUB = "hf:"
SHORT = 12
_KEYED = re.compile(r"^local/(?P<name>[\w.-]+)@(?P<sha256>[0-9a-f]{64})(?P<rest>(?:\?\w+=\w+)*)")


def is_local(model: str) -> bool:
    """Whether a model is served by this process: by its name as it is written, or as it stands in keys."""
    return model.startswith(LOCAL)


def is_keyed(model: str) -> bool:
    """Whether a name is that of a local model as it stands in keys."""
    return _KEYED.match(model) is not None


def keyed(header: Header, sha256: str, serving: LocalServing) -> str:
    """The name in keys; of the cache's type, of a chat template and of the seeker's side only where they are not the model's own."""
    kv = "" if serving.kv_type == "f16" else f"?kv={serving.kv_type}"
    given = serving.chat_template
    template = "" if given is None else f"?template={hashlib.sha256(given.encode()).hexdigest()[:SHORT]}"
    side = "" if serving.seeker_side == "assistant" else f"?seeker={serving.seeker_side}"
    return f"{LOCAL}{header.name}.{header.quantization}@{sha256}{kv}{template}{side}"


def sha256_in(model: str) -> str:
    """The digest of the weights in a name in keys. Raises ValueError for another name."""
    found = _KEYED.match(model)
    if found is None:
        raise ValueError(f"{model!r} is not the name of a local model in keys")
    return found["sha256"]


def reported(model: str) -> str:
    """What the server of a local model calls itself: the short name without the prefix, which may stand in an engine's name."""
    return shown_model(model).removeprefix(LOCAL)
