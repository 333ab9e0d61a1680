"""What `--auto` chooses, printed before anything is spent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from understudy.parameters import PanelSize, RunOptions, Search
from understudy.report.figures import money

if TYPE_CHECKING:
    from understudy.tasks.studies.asked import Asked
    from understudy.tasks.studies.results.sized import PanelFields, SizedFields


def sized(asked: Asked, options: RunOptions, *, keeps_report: bool) -> tuple[Search, PanelSize, SizedFields]:
    """The search and the report at the size that fits the caps, told on standard error. Raises BadInput."""
    from understudy.tasks.studies.sizing import chosen_size

    search, report, fields = chosen_size(asked, options, keeps_report=keeps_report)
    Console(stderr=True, highlight=False).print(size_in_words(fields), markup=False)
    return search, report, fields


def size_in_words(fields: SizedFields) -> str:
    """The choice in a sentence or two."""
    size, most = fields["size"], fields["at_most"]
    panels = f"panel {_panel(size['panel'])}, finalists {_panel(size['finalists'])}, report {_panel(size['report'])}"
    begun = "The size that this command began with" if fields["is_kept"] else "The size that fits the caps"
    caps = ", ".join(f"{name} {value:g}" for name, value in fields["caps"].items() if value is not None)
    usd = f", {money(most['usd'])}" if most["usd"] is not None else ""
    return (
        f"{begun} ({caps}): population {size['population']}, {size['generations']} generations, {size['n_front']} finalists beside the "
        f"seed; {panels}. It takes at most {most['calls']:,.0f} calls and {most['minutes']:,.1f} minutes{usd}."
    )


def _panel(size: PanelFields) -> str:
    return f"{size['per_stratum']},{size['behaviour']},{size['free']}"
