"""Whether a model fits into memory: its weights, its cache of keys and values, and what a batch of the prompt is computed in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from understudy.doors.local.header import Header
from understudy.errors import BadInput
from understudy.parameters import LocalServing

# bytes of a value in the cache, from the sizes of llama.cpp's blocks
KV_BYTES: Mapping[str, float] = {
    "f32": 4.0, "f16": 2.0, "bf16": 2.0, "q8_0": 34 / 32, "q5_1": 24 / 32, "q5_0": 22 / 32, "q4_1": 20 / 32, "q4_0": 18 / 32,
}  # fmt: skip
# Python, the server and the buffers in which a batch is computed (measured: 110 MB with 135 M parameters, 330 MB with 0.5 B)
_REST, _REST_SHARE = 150 << 20, 0.1
_MEMINFO = Path("/proc/meminfo")
_GROUP = Path("/sys/fs/cgroup")
MB = 1 << 20


def needed_bytes(header: Header, serving: LocalServing, *, n_weights: int, context: int) -> int:
    """Bytes that serving takes: `n_weights` of the file, and a cache of `context` tokens in each slot."""
    token = header.kv_bytes_a_token(KV_BYTES[serving.kv_type]) or 0.0
    return int(n_weights * (1 + _REST_SHARE) + token * context * serving.n_slots) + _REST


def require_memory(header: Header, serving: LocalServing, *, n_weights: int, context: int, available: int | None) -> None:
    """Raises BadInput where the machine has fewer `available` bytes than are needed; None is not known and refuses nothing."""
    needed = needed_bytes(header, serving, n_weights=n_weights, context=context)
    if available is not None and needed > available:
        raise BadInput(
            f"{header.name} {header.quantization} needs about {needed // MB:,} MB of memory ({n_weights // MB:,} MB of weights; "
            f"{serving.n_slots} slots of {context:,} tokens), and {available // MB:,} MB are available",
            hint="end other programs, lower --num-ctx or --slots, take --kv-type q8_0, or name a smaller model",
        )


def available_bytes(meminfo: Path = _MEMINFO, group: Path = _GROUP) -> int | None:
    """Bytes that new processes can have: of the machine, and of the container where it has a limit; None where nobody says."""
    known = [one for one in (_of_machine(meminfo), _of_group(group)) if one is not None]
    return min(known, default=None)


def _of_machine(meminfo: Path) -> int | None:
    with suppress(OSError):
        found = re.search(r"^MemAvailable:\s+(\d+) kB", meminfo.read_text(), re.MULTILINE)
        return int(found[1]) << 10 if found else None
    return None


def _of_group(group: Path) -> int | None:
    """What is left of the limit of the control group; pages of files that it holds can be given up."""
    with suppress(OSError, ValueError):
        limit, used = ((group / name).read_text().strip() for name in ("memory.max", "memory.current"))
        inactive = re.search(r"^inactive_file (\d+)$", (group / "memory.stat").read_text(), re.MULTILINE)
        return None if limit == "max" else int(limit) - int(used) + int(inactive[1] if inactive else 0)
    return None
