"""Rules of names over the syntax tree: telling names, one class a name, imports from where a thing is defined."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

# words that do not say of what; a public module, function, method, field or parameter needs a telling name
VAGUE = frozenset({"told", "found", "side", "units", "slots", "yields"})
# private functions of these names stood in a dozen modules at once
VAGUE_PRIVATE = frozenset({f"_{word}" for word in VAGUE} | {"_figure", "_figures"})
# packages whose `__init__` is a face: what lies behind it is imported through it
FACES = frozenset({"understudy.rehearsal"})

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Module:
    """A module of the project by its dotted name, as `understudy.tasks.play.models`."""

    name: str
    tree: ast.Module
    is_package: bool = False

    @property
    def package(self) -> str:
        """The package that it lies in, or is."""
        return self.name if self.is_package else self.name.rpartition(".")[0]


def module_of(path: str, source: str) -> Module:
    """The module at `path` (from the root, with slashes)."""
    parts = path.removesuffix(".py").split("/")
    parts = parts if parts[0] == "understudy" else ["understudy", *parts]
    is_package = parts[-1] == "__init__"
    return Module(".".join(parts[:-1] if is_package else parts), ast.parse(source), is_package)


def vague(module: Module) -> list[str]:
    """The public names of a module that are too vague, and private functions of names that stood for everything."""
    own = module.name.rpartition(".")[2]
    names = [*([own] if own in VAGUE else []), *_vague_in(module.tree.body)]
    return [f"{module.name}: {name} does not say what it is" for name in names]


def _vague_in(body: Iterable[ast.stmt]) -> Iterator[str]:
    for node in body:
        match node:
            case ast.ClassDef() if not node.name.startswith("_") and not _names_json(node):
                yield from _vague_in(node.body)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield from _vague_function(node)
            case ast.AnnAssign(target=ast.Name(id=name)) if name in VAGUE:
                yield name
            case ast.Assign(targets=targets):
                yield from (one.id for one in targets if isinstance(one, ast.Name) and one.id in VAGUE)


def _names_json(node: ast.ClassDef) -> bool:
    """Whether a class names the keys of JSON, which are not ours to rename: a TypedDict, or `…Fields` that extend one."""
    return any(isinstance(base, ast.Name) and (base.id == "TypedDict" or base.id.endswith("Fields")) for base in node.bases)


def _vague_function(node: Function) -> Iterator[str]:
    if node.name in VAGUE | VAGUE_PRIVATE:
        yield node.name
    if not node.name.startswith("_") or node.name == "__init__":
        arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        yield from (f"{node.name}({one.arg})" for one in arguments if one.arg in VAGUE)


def classes_twice(modules: Iterable[Module]) -> list[str]:
    """Class names that several modules define."""
    places: dict[str, list[str]] = defaultdict(list)
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(module.name)
    return [f"{name} is a class of {', '.join(sorted(where))}" for name, where in places.items() if len(where) > 1]


def private_imports(module: Module) -> list[str]:
    """Private modules of another package, and private names of another module, that a module uses."""
    found = []
    for line, origin, name in (*_imported(module.tree), *_attributes(module.tree)):
        path = f"{origin}.{name}".split(".")
        at = next((at for at, part in enumerate(path) if part.startswith("_") and not part.startswith("__")), None)
        owner = ".".join(path[:at])
        if at is not None and module.package != owner and not module.package.startswith(f"{owner}."):
            found.append(f"{module.name}:{line} uses {'.'.join(path)}, which is private to {owner}")
    return found


def re_exports(module: Module, defined: Mapping[str, frozenset[str]], *, faces: frozenset[str] = FACES) -> list[str]:
    """Names that a module takes from another one that only imports them. `defined`: module → what it defines."""
    used = (*_imported(module.tree), *_attributes(module.tree))
    return [
        f"{module.name}:{line} takes {name} from {origin}, which does not define it"
        for line, origin, name in used
        if origin in defined and origin not in faces and f"{origin}.{name}" not in defined and name not in defined[origin]
    ]


def definitions(module: Module) -> frozenset[str]:
    """The names that a module itself gives a meaning: functions, classes and assignments at its top, in branches too."""
    return frozenset(_defined(module.tree.body)) | {"__file__", "__doc__", "__name__"}


def _defined(body: Iterable[ast.stmt]) -> Iterator[str]:
    for node in body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=targets):
                yield from (leaf.id for target in targets for leaf in ast.walk(target) if isinstance(leaf, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.If() | ast.Try() | ast.With() | ast.For():
                yield from _defined(node.body)


def _imported(tree: ast.Module) -> Iterator[tuple[int, str, str]]:
    """Line, module and name of each import of a name of the project."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "understudy":
            yield from ((node.lineno, node.module, alias.name) for alias in node.names)


def _attributes(tree: ast.Module) -> Iterator[tuple[int, str, str]]:
    """Line, module and name of each attribute of an imported module of the project; a module is told by its lower-case name."""
    modules = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "understudy":
            modules |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            yield node.lineno, modules[node.value.id], node.attr
