"""What the shipped head was trained with: the train side of the labelled set, and the settings of the script, beside the head itself.

`figures.json` keeps it under `trained`. It is written with a new head alone: where labels or settings changed and the head did not,
`refused` says so, and so does a test.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SCRIPT = HERE / "train.py"
HEAD = HERE.parents[1] / "understudy" / "instruments" / "shipped" / "english.npz"
# of a turn what training reads
_READ = ("id", "previous", "text", "label", "kind", "weight")
_DIALS = "Dials"
_AGAIN = "run `make reactions` first, which trains the head again"


def trained(train: Iterable[Mapping[str, Any]], *, script: Path = SCRIPT, head: Path = HEAD) -> dict[str, Any]:
    """`head_sha256`, `train_sha256` over the turns of the train side, and the `settings` of the script."""
    turns = sorted(([one.get(name) for name in _READ] for one in train), key=lambda row: str(row[0]))
    content = json.dumps(turns, ensure_ascii=False, separators=(",", ":")).encode()
    return {
        "head_sha256": hashlib.sha256(head.read_bytes()).hexdigest(),
        "train_sha256": hashlib.sha256(content).hexdigest(),
        "settings": settings(script),
    }


def settings(script: Path = SCRIPT) -> dict[str, Any]:
    """Name → value of the script's dials and of its constants, read from its syntax tree: the script itself needs JAX."""
    found: dict[str, Any] = {}
    for node in ast.parse(script.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and node.name == _DIALS:
            found |= {_name(one.target): _literal(one.value) for one in node.body if isinstance(one, ast.AnnAssign) and one.value}
        elif isinstance(node, ast.Assign) and (value := _literal(node.value)) is not None:
            found |= _named(node.targets[0], value)
    # as JSON gives it back
    settled: dict[str, Any] = json.loads(json.dumps(found))
    return settled


def refused(kept: Mapping[str, Any] | None, now: Mapping[str, Any]) -> str:
    """Why figures may not be written: the head is the one of before, and what it is trained with is not; empty where they may."""
    if kept is None or kept["head_sha256"] != now["head_sha256"]:
        return ""
    changed = sorted(name for name in now["settings"].keys() | kept["settings"].keys() if _setting(kept, name) != _setting(now, name))
    labels = ["the train side of the labelled set"] if kept["train_sha256"] != now["train_sha256"] else []
    told = [*labels, *(f"{name} (the head: {_setting(kept, name)}, now: {_setting(now, name)})" for name in changed)]
    return f"the head is the one of before, but it was trained with other values of {', '.join(told)}: {_AGAIN}" if told else ""


def _setting(told: Mapping[str, Any], name: str) -> Any:
    return told["settings"].get(name)


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def _named(target: ast.expr, value: Any) -> dict[str, Any]:
    if isinstance(target, ast.Tuple):
        return {_name(one): part for one, part in zip(target.elts, value, strict=True)}
    return {_name(target): value}


def _name(target: ast.expr) -> str:
    return ast.unparse(target)
