"""What is committed of rehearsal: the parsed TOML files beside this module, and digests over them.

The seeker and the drawn surfaces have a digest of their own: what was added later (surfaces in conflict, the truth, the other
roles) leaves it, and so every result that was made with it, as it was.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

SEEKER = ("acts.toml", "cues.toml", "reactions.toml", "speech.toml", "surfaces.toml", "unfitted.toml")
ADDED = ("conflicts.toml", "forms.toml", "roles.toml", "truth.toml")


@cache
def read(name: str) -> dict[str, Any]:
    """The parsed content of one of these files; not to be changed by callers."""
    return tomllib.loads(_text(name))


def parameters_digest(names: Sequence[str] = SEEKER) -> str:
    """SHA-256 over committed parameter files, 64 hex digits; line ends do not count."""
    text = "\0".join(f"{name}\n{_text(name)}" for name in names)
    return hashlib.sha256(text.encode()).hexdigest()


def _text(name: str) -> str:
    return files("understudy.rehearsal").joinpath(name).read_text(encoding="utf-8").replace("\r\n", "\n")
