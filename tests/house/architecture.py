"""The layers and doors of the design, as rules over the syntax tree."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STAGES = ("ingest", "profile", "play", "optimize", "simulate", "validate", "publish")

# what a part may import of the project: `understudy` ← `tasks` ← `flows`
ALLOWED = {"understudy": {"understudy"}, "tasks": {"understudy", "tasks"}, "flows": {"understudy", "tasks", "flows"}}

# third-party worlds and the only module that may open each
DOORS = {
    "duckdb": "understudy/doors/store.py",
    "litellm": "understudy/doors/llm.py",
    "great_expectations": "understudy/doors/checks.py",
    "pymoo": "understudy/search/moo.py",
    "prefect": ("tasks/", "flows/"),
    "uvicorn": "understudy/doors/",
    "fastapi": "understudy/doors/",
    "starlette": "understudy/doors/",
    "httpx": "understudy/doors/",
}

# parts that must not know each other, or a benchmark would be circular
STRANGERS = (
    ("understudy.rehearsal", "understudy.objectives"),
    ("understudy.rehearsal", "understudy.instruments"),
    ("understudy.rehearsal", "understudy.search"),
    ("understudy.objectives", "understudy.search"),
    ("understudy.instruments", "understudy.search"),
)

# effects that belong behind the doors
EFFECTS = {"time": {"time", "monotonic", "perf_counter"}, "datetime": {"now", "today", "utcnow"}, "os": {"environ", "getenv"}}


def imports(tree: ast.AST) -> Iterator[str]:
    """Every module that a tree imports, at any depth, as dotted names (names imported from a package included)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def violations(path: str, source: str) -> list[str]:
    """What `source`, standing at `path` (from the root, with slashes), does against the layers and doors."""
    tree = ast.parse(source)
    names = set(imports(tree))
    return [*_layers(path, names), *_doors(path, names), *_strangers(path, names), *_effects(path, tree)]


def query_violations(path: str, sql: str) -> list[str]:
    """Schemas of later stages that a query names: within a run data never flows back."""
    own = STAGES.index(path.split("/")[0])
    named = {name for name in STAGES[own + 1 :] if re.search(rf"\b{name}\.\w", sql)}
    return [f"{path} names the later stage {name}" for name in sorted(named)]


def _layers(path: str, names: set[str]) -> Iterator[str]:
    layer = path.split("/")[0]
    for name in sorted(names):
        root = name.split(".")[0]
        if root in ALLOWED and root not in ALLOWED[layer]:
            yield f"{path} imports {name}: {layer} may not know {root}"


def _doors(path: str, names: set[str]) -> Iterator[str]:
    for world, door in DOORS.items():
        used = any(name == world or name.startswith(world + ".") for name in names)
        if used and not path.startswith(door):
            yield f"{path} imports {world}: only {door} may"


def _strangers(path: str, names: set[str]) -> Iterator[str]:
    module = path.removesuffix(".py").replace("/", ".")
    for one, other in (*STRANGERS, *((b, a) for a, b in STRANGERS)):
        if module.startswith(one) and any(name.startswith(other) for name in names):
            yield f"{path} imports {other}: {one} and {other} must not know each other"


def _effects(path: str, tree: ast.AST) -> Iterator[str]:
    if not path.startswith("understudy/") or path.startswith("understudy/doors/"):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in EFFECTS.get(node.value.id, ()):
            yield f"{path}:{node.lineno} uses {node.value.id}.{node.attr}: clock and environment belong behind understudy/doors"
