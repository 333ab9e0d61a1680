"""What a command tells while it works, on standard error: a bar with the time left and what was spent, and each event on a line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.text import Text

from understudy.doors import gauge
from understudy.doors.events import Listener
from understudy.report.figures import money

_DIGEST = re.compile(r"[0-9a-f]{12,64}")
_STEPS = 10  # lines of progress into a file, where no bar moves


@contextmanager
def narrated(console: Console, *, verbose: bool) -> Iterator[Listener]:
    """A listener to the events of a run, whose progress is shown meanwhile: as a bar on a terminal, else by a line at each tenth.

    Time left and the number of dialogues are those of what is planned by now, and both say so.
    """
    if console.is_terminal and not console.is_dumb_terminal:
        with _Bar(console) as bar, gauge.watched(bar.show):
            yield _narrator(bar.console, verbose=verbose)
    else:
        with gauge.watched(_lines(console)):
            yield _narrator(console, verbose=verbose)


class _Bar(Bars):
    """The bar, and below it what was spent: beside it the numbers would be cut on a narrow terminal."""

    def __init__(self, console: Console) -> None:
        # a later stage plans its own dialogues when it begins, so that what is planned by now is the least that there is
        left = (TextColumn("time left at least"), TimeRemainingColumn())
        columns = (TextColumn("playing"), BarColumn(bar_width=20), MofNCompleteColumn(), *left)
        self._told = gauge.Progress()  # read as soon as the bar is there
        super().__init__(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False)
        self._task = self.add_task("playing", total=None, visible=False)

    def show(self, seen: gauge.Progress) -> None:
        """Moves the bar."""
        self._told = seen
        self.update(self._task, completed=seen.done, total=seen.planned, visible=True)

    def get_renderables(self) -> Iterable[RenderableType]:
        """The bar and the line below it; nothing before there is something to play."""
        if self._told.planned:
            yield self.make_tasks_table(self.tasks)
            yield Text(f"spent: {spent_told(self._told.spent)}", style="dim")


def spent_told(spent: gauge.SpentSoFar) -> str:
    """`1,234 calls, 56,789 tokens, 0.1234 USD`."""
    return f"{spent.n_calls:,} calls, {spent.tokens:,} tokens, {money(spent.usd)}"


def event_told(stage: str, event: str, key: str, *, verbose: bool) -> str:
    """An event in words; its key without digests, unless `verbose`."""
    pieces = [piece for piece in key.split("/") if verbose or not _DIGEST.fullmatch(piece)]
    return "  ".join(part for part in (f"{stage:>9}", event.replace("_", " "), "/".join(pieces)) if part)


def _lines(console: Console) -> Callable[[gauge.Progress], None]:
    last = 0

    def show(seen: gauge.Progress) -> None:
        nonlocal last
        tenth = seen.done * _STEPS // seen.planned if seen.planned else 0
        if seen.done and (tenth, seen.planned) != (last, seen.planned) and tenth:
            console.print(f"played {seen.done:,} of {seen.planned:,} so far; {spent_told(seen.spent)}", markup=False, soft_wrap=True)
        last = tenth

    return show


def _narrator(console: Console, *, verbose: bool) -> Listener:
    def tell(stage: str, event: str, key: str) -> None:
        console.print(event_told(stage, event, key, verbose=verbose), markup=False, soft_wrap=True)

    return tell
