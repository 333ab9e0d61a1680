"""The one maker of Markdown tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence

_SPECIAL = frozenset("\\`*_{}[]()<>#+-!|~&:@.\"'$^=")


def bars_escaped(text: str) -> str:
    """`text` for a cell: a bar would end it."""
    return text.replace("|", "\\|")


def as_plain(text: str) -> str:
    """`text` of a log or a model on one line, with nothing in it that Markdown or HTML would interpret."""
    return "".join(f"&#{ord(one)};" if one in _SPECIAL else one for one in " ".join(text.split()))


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, escaped: Callable[[str], str] = bars_escaped) -> str:
    """A Markdown table without a last newline; `escaped` is applied to every cell, those of the header included."""
    lines = [_line([escaped(cell) for cell in header]), _line(["---"] * len(header))]
    return "\n".join([*lines, *(_line([escaped(cell) for cell in row]) for row in rows)])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
