"""The picture of the packages: boxes in their order, and an arrow from each to every package that it imports, with a count.

`pages.py` writes it to docs/pictures/packages.svg. It is read from the syntax trees of the modules, and the order of the packages
from the test that holds it.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT))

from tests.house import architecture  # noqa: E402

ORDER = ("flows", "tasks", *reversed(architecture.ORDER))
WIDTH, HEIGHT = 106, 20
ACROSS, DOWN = 40, 30
LEFT, TOP = 116, 20
FILLS = {"flows": "#f6d8b8", "tasks": "#f3ecb4"}
FILL, LINE, INK, FAINT = "#cfe2f3", "#7a8794", "#1c2833", "#c3ccd4"


@dataclass(frozen=True, slots=True)
class Imports:
    """How many modules each package has, and how many modules of one package import from another one."""

    n_modules: Mapping[str, int]
    n_importing: Mapping[tuple[str, str], int]


def found(root: Path = ROOT) -> Imports:
    """The imports of every module of the three layers."""
    n_modules, n_importing = Counter[str](), Counter[tuple[str, str]]()
    for layer in architecture.ALLOWED:
        for path in sorted((root / layer).rglob("*.py")):
            own = layer if layer != "understudy" else architecture.package_of(list(path.relative_to(root).with_suffix("").parts))
            named = {package for name in architecture.imports(ast.parse(path.read_text(encoding="utf-8"))) if (package := _package(name))}
            n_modules[own] += 1
            n_importing.update((own, other) for other in named - {own})
    return Imports(n_modules, n_importing)


def picture(imports: Imports) -> str:
    """The drawing as SVG. An arrow leaves its package to the right and comes down upon the package that is imported."""
    width, height = LEFT + ACROSS * (len(ORDER) - 1) + 30, TOP + DOWN * len(ORDER)
    about = "An arrow leads from a package, to the right, and down to a package that it imports; the number counts the importing modules."
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            'font-family="Helvetica, Arial, sans-serif" font-size="11" role="img">',
            f"<title>The packages in their order and what they import</title><desc>{escape(about)}</desc>",
            '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
            f'<path d="M0,0 L8,4 L0,8 z" fill="{LINE}"/></marker></defs>',
            f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
            *_lines(imports.n_importing),
            *_counts(imports.n_importing),
            *_boxes(imports.n_modules),
            "</svg>\n",
        )
    )


def _package(name: str) -> str | None:
    """The box that a dotted name belongs to; None for what is not of the project."""
    root, *rest = name.split(".")
    if root != "understudy":
        return None
    return rest[0] if rest and rest[0] in ORDER else architecture.LOOSE


def _place(package: str) -> tuple[int, int]:
    at = ORDER.index(package)
    return LEFT + ACROSS * at, TOP + DOWN * at


def _lines(n_importing: Mapping[tuple[str, str], int]) -> Iterator[str]:
    """One line along the row of each package that imports, one arrow down the column of each package that is imported."""
    for package in ORDER:
        x, y = _place(package)
        imported, importing = _others(n_importing, package, 0), _others(n_importing, package, 1)
        if imported:
            end = max(_place(other)[0] for other in imported)
            yield f'<path d="M{x} {y}H{end}" stroke="{FAINT}" fill="none"/>'
        if importing:
            start = min(_place(other)[1] for other in importing)
            yield f'<path d="M{x} {start}V{y - HEIGHT // 2}" stroke="{LINE}" fill="none" marker-end="url(#head)"/>'


def _others(n_importing: Mapping[tuple[str, str], int], package: str, side: int) -> Sequence[str]:
    return [pair[1 - side] for pair in n_importing if pair[side] == package]


def _counts(n_importing: Mapping[tuple[str, str], int]) -> Iterator[str]:
    for importing, imported in sorted(n_importing):
        x, y = _place(imported)[0], _place(importing)[1]
        count = n_importing[importing, imported]
        yield f'<circle cx="{x}" cy="{y}" r="9" fill="#ffffff" stroke="{LINE}"/>'
        yield f'<text x="{x}" y="{y + 4}" text-anchor="middle" fill="{INK}">{count}</text>'


def _boxes(n_modules: Mapping[str, int]) -> Iterator[str]:
    for package in ORDER:
        x, y = _place(package)
        left, fill = x - WIDTH + 12, FILLS.get(package, FILL)
        yield f'<rect x="{left}" y="{y - HEIGHT // 2}" width="{WIDTH}" height="{HEIGHT}" rx="3" fill="{fill}" stroke="{LINE}"/>'
        yield f'<text x="{left + 6}" y="{y + 4}" fill="{INK}">{package}</text>'
        yield f'<text x="{x + 7}" y="{y + 4}" text-anchor="end" fill="{INK}">{n_modules[package]}</text>'
