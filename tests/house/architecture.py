"""The layers and doors of the design, as rules over the syntax tree."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STAGES = ("ingest", "profile", "play", "optimize", "simulate", "validate", "publish")

# what a layer may import of the project: `understudy` ← `tasks` ← `flows`; the last two are imported as parts of `understudy`
ALLOWED = {"understudy": {"understudy"}, "tasks": {"understudy", "tasks"}, "flows": {"understudy", "tasks", "flows"}}

# the face of the Python API: it names what the layer of flows offers, and nothing of it is imported before it is asked for
FACE, BEHIND = "understudy/__init__.py", "understudy.flows.api"

# the packages of `understudy/` from the ground up: each may import those before it
LOOSE = "loose"
ORDER = (
    LOOSE, "statistics", "report", "prompt", "rehearsal", "doors", "instruments", "search", "readers", "ingest", "recommenders",
    "policy", "exports", "measure", "objectives", "profile", "play", "rows", "release", "probes", "studies",
)  # fmt: skip
LOOSE_FILES = ("records", "errors", "keys", "names", "plugins", "completion", "addresses", "parameters", "titles", "text")

# third-party worlds and the only module that may open each
DOORS = {
    "subprocess": "understudy/doors/children.py",
    "duckdb": tuple(
        f"understudy/doors/{name}.py"
        for name in ("store", "connection", "copies", "engines", "migrations", "lake", "lake_tables", "turns", "table_files")
    ),
    "litellm": "understudy/doors/gateway/llm.py",
    "xllamacpp": "understudy/doors/local/serving.py",
    "huggingface_hub": ("understudy/doors/local/hub.py", "understudy/doors/hub_upload.py"),
    "datasets": "understudy/doors/frames.py",
    "fsspec": "understudy/doors/objects.py",
    "multiprocessing": "understudy/doors/workers/line.py",
    "opentelemetry": "understudy/doors/telemetry.py",
    "distributed": "tasks/play/runners.py",
    "prefect_dask": "tasks/play/runners.py",
    "prefect_ray": "tasks/play/runners.py",
    "great_expectations": ("understudy/doors/checks.py", "understudy/doors/data_docs.py"),
    "pymoo": "understudy/search/moo.py",
    "prefect": ("tasks/", "flows/"),
    "uvicorn": "understudy/doors/",
    "fastapi": "understudy/doors/",
    "starlette": "understudy/doors/",
    "httpx": "understudy/doors/",
}

# where a store is opened: what a run has open, the ledger's own thread, and the functions behind one command each
OPENING = ("understudy/doors/", "tasks/play/opened.py", "flows/cli/beforehand.py")
WRITING = {"write_text", "write_bytes", "mkdir"}

# parts that must not know each other, or a benchmark would be circular
STRANGERS = (
    ("understudy.rehearsal", "understudy.measure"),
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
    rules = (
        _layers(path, names), _order(path, names), _doors(path, names), _strangers(path, names), _effects(path, tree),
        _openings(path, tree), _writes(path, tree), _globals(path, tree),
    )  # fmt: skip
    return [line for found in rules for line in found]


def places_of_rules() -> list[str]:
    """Every path that a rule names, from the root; one that matches nothing is a rule that cannot fail."""
    doors = [path for door in DOORS.values() for path in (door if isinstance(door, tuple) else (door,))]
    strangers = [name.replace(".", "/") for pair in STRANGERS for name in pair]
    return [*doors, *strangers, *OPENING, *(f"understudy/{name}" for name in ORDER[1:]), *(f"understudy/{name}.py" for name in LOOSE_FILES)]


def query_violations(path: str, sql: str) -> list[str]:
    """Schemas of later stages that a query names: within a run data never flows back."""
    own = STAGES.index(path.split("/")[0])
    named = {name for name in STAGES[own + 1 :] if re.search(rf"\b{name}\.\w", sql)}
    return [f"{path} names the later stage {name}" for name in sorted(named)]


def layer_of(name: str) -> str | None:
    """The layer of a dotted name; None for what is not of the project."""
    root, _, rest = name.partition(".")
    inner = rest.partition(".")[0]
    return None if root != "understudy" else inner if inner in ("tasks", "flows") else root


def _layers(path: str, names: set[str]) -> Iterator[str]:
    layer = path.split("/")[0]
    for name in sorted(names):
        if path == FACE and name.startswith(BEHIND):
            continue
        if name.split(".")[0] in ("tasks", "flows"):
            yield f"{path} imports {name}: it is called understudy.{name}, since the short name may be anybody's"
        elif (root := layer_of(name)) and root not in ALLOWED[layer]:
            yield f"{path} imports {name}: {layer} may not know {root}"


def package_of(parts: list[str]) -> str:
    """The package of `understudy/` that a module (its path, split) lies in."""
    return parts[1] if len(parts) > 2 else LOOSE


def _order(path: str, names: set[str]) -> Iterator[str]:
    parts = path.removesuffix(".py").split("/")
    if parts[0] != "understudy" or len(parts) < 2:
        return
    own = package_of(parts)
    if own == LOOSE and parts[1] not in (*LOOSE_FILES, "__init__"):
        yield f"{path} lies loose: only {', '.join(LOOSE_FILES)} may"
        return
    if own not in ORDER:
        yield f"{path} lies in a package without a place in the order of packages"
        return
    for name in sorted(names):
        root, *rest = name.split(".")
        other = next((one for one in rest[:1] if one in ORDER), LOOSE)
        if root == "understudy" and ORDER.index(other) > ORDER.index(own):
            yield f"{path} imports {name}: {own} stands before {other}"


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


def _openings(path: str, tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        is_opening = isinstance(node, ast.Attribute) and node.attr == "open" and ast.unparse(node.value) == "Store"
        if is_opening and not path.startswith(OPENING):
            yield f"{path}:{node.lineno} opens a store: it is opened once, by the run or the command, and passed on"


def _writes(path: str, tree: ast.AST) -> Iterator[str]:
    if path.startswith("understudy/doors/"):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in WRITING:
            yield f"{path}:{node.lineno} uses {node.attr}: files are written by understudy/doors/folders.py"


def _globals(path: str, tree: ast.Module) -> Iterator[str]:
    """What tasks keep for the whole process: a name that is bound again, one in lower case, which no constant has, or a cache."""
    if not path.startswith(("tasks/", "flows/")):
        return
    for name in sorted(set(imports(tree)) & {"functools.cache", "functools.lru_cache"}):
        yield f"{path} imports {name}: its arguments are kept after their run has ended; keep what is read on the open run"
    if not path.startswith("tasks/"):
        return
    yield from (f"{path}:{node.lineno} binds a global: pass what is opened" for node in ast.walk(tree) if isinstance(node, ast.Global))
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        for name in (one.id for one in targets if isinstance(one, ast.Name) and one.id.islower()):
            yield f"{path}:{node.lineno} binds {name} for the whole process: pass what is opened"
