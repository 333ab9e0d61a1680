"""A search that nothing disturbed, against which stopped, killed and resumed ones are held."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Searched:
    """The store of a search, which is only read (whoever writes takes a copy), and the fields that the search answered."""

    store: Path
    fields: dict[str, Any]
