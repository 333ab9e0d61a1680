"""The optimizers of the benchmark behind one face, each in a file of its own."""

from __future__ import annotations

from importlib import import_module
from typing import Any

MODULES = {
    "understudy": "ours", "random": "plain", "nsga2": "nsga2", "opro": "opro", "gepa": "gepa_peer", "capo": "promptolution_peers",
    "evoprompt": "promptolution_peers", "textgrad": "textgrad_peer", "best_shipped": "shipped",
}  # fmt: skip
# of protocol 2, in which nobody played the shipped prompts
FIRST_EIGHT = tuple(name for name in MODULES if name != "best_shipped")
WITH_CRITIC = ("understudy", "random", "opro", "gepa", "capo", "evoprompt", "textgrad")


def load(name: str) -> Any:
    """The function that runs an optimizer: `run(trial) -> None`; what it leaves is in the trial."""
    return getattr(import_module(f"search.contenders.{MODULES[name]}"), f"run_{name}")
