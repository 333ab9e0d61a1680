"""Content keys and content-derived randomness: the same content gives the same key and the same draws on any machine."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import Any

import numpy as np

# JSON escapes what is below U+0020 itself; these are the other characters at which `str.splitlines` ends a line
_LINE_ENDS = {ord(letter): f"\\u{ord(letter):04x}" for letter in "\x7f\x85\u2028\u2029"}


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no white space; dataclasses as objects, tuples as lists; NaN is refused."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_plain)


def json_line(value: Any) -> str:
    """JSON on one line, whatever reader splits it: the characters that Unicode counts as line ends are escaped."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True).translate(_LINE_ENDS)


def lines_of(text: str) -> list[str]:
    """The lines of a file of JSON lines: only a line feed ends one. `str.splitlines` would also split at U+0085, U+2028 and others."""
    return [line for line in text.split("\n") if line.strip(" \t\r")]


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON, 64 hex digits."""
    return hashlib.sha256(canonical_json(value).encode("utf-8", "surrogatepass")).hexdigest()


def key(kind: str, version: int, **parts: Any) -> str:
    """A row key, 32 hex digits: `kind` and `version` of the algorithm are part of the content."""
    return digest({"kind": kind, "version": version, "parts": parts})[:32]


def seed_of(*parts: Any) -> int:
    """A seed in [0, 2**31): the same parts give the same seed."""
    return int(digest(list(parts))[:8], 16) & 0x7FFFFFFF


def rng_of(*parts: Any) -> np.random.Generator:
    """A random generator that depends on nothing but the parts."""
    return np.random.default_rng(int(digest(list(parts))[:16], 16))


def share_of(*parts: Any) -> float:
    """A number in [0, 1) that depends on nothing but the parts; used to assign splits."""
    return int(digest(list(parts))[:13], 16) / 16**13


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"no canonical form for {type(value).__name__}")
