"""What the controls were expected to show (declared.toml), as values; its digest is part of the key of every kept result."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("declared.toml")
OBJECTIVES = ("positive_bias", "diversity_gap", "behavioural_distance", "data_leakage")
ROLES = ("own", "may", "none")


def declared(file: Path = FILE) -> dict[str, Any]:
    """The declaration. Raises ValueError where the response matrix is not one cell per fault and objective, one of them its own."""
    found = tomllib.loads(file.read_text(encoding="utf-8"))
    for fault, row in found["response"].items():
        roles = {name: row[name] for name in OBJECTIVES}
        if set(row) != {"own", *OBJECTIVES} or not set(roles.values()) <= set(ROLES):
            raise ValueError(f"{fault}: one of {', '.join(ROLES)} for each objective, and its own")
        if [name for name, role in roles.items() if role == "own"] != [row["own"]]:
            raise ValueError(f"{fault} has one objective of its own")
        if fault not in found["recovery"]:
            raise ValueError(f"{fault}: nothing says how its dose is read back")
    return found
