"""Plug-ins by file name: a folder of modules is the list of what there is. Adding one is adding one file."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType

from understudy.errors import BadInput

KINDS = ("readers", "recommenders", "objectives", "exports", "probes")


def names(kind: str) -> list[str]:
    """The plug-ins of one of KINDS, in order of name."""
    folder = Path(__file__).parent / kind
    return sorted(path.stem for path in folder.glob("*.py") if not path.stem.startswith("_"))


def load(kind: str, name: str) -> ModuleType:
    """The module of one plug-in. Raises BadInput that lists what there is."""
    if name not in names(kind):
        raise BadInput(f"there is no {kind.removesuffix('s')} called {name!r}", hint=f"name one of {', '.join(names(kind))}")
    return import_module(f"understudy.{kind}.{name}")
