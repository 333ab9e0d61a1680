"""What is committed of rehearsal: the parsed TOML files beside this module and one digest over all of them."""

from __future__ import annotations

import hashlib
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

FILES = ("acts.toml", "cues.toml", "reactions.toml", "speech.toml", "surfaces.toml", "unfitted.toml")


@cache
def read(name: str) -> dict[str, Any]:
    """The parsed content of one of FILES; not to be changed by callers."""
    return tomllib.loads(_text(name))


def parameters_digest() -> str:
    """SHA-256 over the committed parameter files, 64 hex digits; line ends do not count."""
    text = "\0".join(f"{name}\n{_text(name)}" for name in FILES)
    return hashlib.sha256(text.encode()).hexdigest()


def _text(name: str) -> str:
    return files("understudy.rehearsal").joinpath(name).read_text(encoding="utf-8").replace("\r\n", "\n")
