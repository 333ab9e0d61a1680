"""A table of a page: columns where the terminal is wide enough for every cell, else one block of lines for each row.

No cell is ever cut or broken in the middle of a number. What is no terminal (a pipe, a file) has no width, so tables stay tables there.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from understudy.names import shown_model

if TYPE_CHECKING:
    from understudy.tasks.play.caching import PromptCacheFields

Cell = str | Text
# wider than any table: in a pipe nobody folds a line
_ENDLESS = 100_000


def page_console() -> Console:
    """The console that pages are printed on: as wide as the terminal or as COLUMNS says, and without an end into a pipe."""
    is_endless = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    return Console(highlight=False, width=_ENDLESS if is_endless else None)


class PageTable:
    """Rows under columns. The first `n_names` columns name a row. A cell is data: markup in it is not interpreted."""

    def __init__(self, *columns: str, title: str = "", n_names: int = 1) -> None:
        self._columns, self._title, self._n_names = columns, title, n_names
        self._rows: list[tuple[Text, ...]] = []

    def add_row(self, *cells: Cell) -> None:
        """Adds a row; cells that are left out at its end are empty."""
        told = [Text(cell) if isinstance(cell, str) else cell for cell in cells]
        self._rows.append((*told, *(Text() for _ in range(len(self._columns) - len(told)))))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = self._table()
        needed = Measurement.get(console, options.update(width=_ENDLESS), table).maximum
        if needed <= options.max_width:
            yield table
        else:
            yield from self._stacked()

    def _table(self) -> Table:
        table = Table(title=Text(self._title, style="italic") if self._title else None, title_justify="left")
        for name in self._columns:
            table.add_column(Text(name), no_wrap=True, overflow="ignore")
        for row in self._rows:
            table.add_row(*row)
        return table

    def _stacked(self) -> Iterator[Text | Padding]:
        """Each row as a line of its names and a line for each other cell that holds something."""
        if self._title:
            yield Text(self._title, style="italic")
        for row in self._rows:
            yield Text(", ").join(cell for cell in row[: self._n_names] if cell.plain)
            lines = Table.grid(padding=(0, 2))
            lines.add_column(no_wrap=True)
            lines.add_column(overflow="fold")
            for name, cell in zip(self._columns[self._n_names :], row[self._n_names :], strict=True):
                if cell.plain:
                    lines.add_row(Text(name, style="dim"), cell)
            yield Padding(lines, (0, 0, 0, 2))


def cached_share(one: PromptCacheFields) -> str:
    """How much of the prompts of a model in a role came from its server's cache, in words."""
    share, who = one["cached_share"], f"{shown_model(one['model'])} as {one['role']}"
    if share["value"] is None:
        return f"{who}: the share of cached tokens is not measured, because {share.get('reason', '')}"
    return f"{who}: {share['value']:.0%} of the tokens came from the server's cache, as {share['n']} of {one['n_calls']} calls report"
