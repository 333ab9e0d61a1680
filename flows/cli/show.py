"""The command `show`: how the pick of a search came to be, step by step."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from understudy.flows.cli.beforehand import Means
from understudy.flows.cli.console import answer, snapshot_read, then
from understudy.flows.cli.options import STORE, AsJson, StoreFile, text_of
from understudy.flows.cli.tables import PageTable

if TYPE_CHECKING:
    from understudy.tasks.studies.results.lineages import ChangeFields, GainFields, ShowFields

_STYLES = {"same": "", "gone": "red strike", "new": "bold green"}
# where there is no colour, as wdiff marks them
_MARKS = {"same": ("", ""), "gone": ("[-", "-]"), "new": ("{+", "+}")}


def show(
    *,
    run: Annotated[str, typer.Argument(help="Key of a search, or its first digits. For an unknown key the searches are listed.")],
    genome: Annotated[str | None, typer.Option(help="Digest of a candidate, or its first digits. Default: the pick.")] = None,
    html: Annotated[Path | None, typer.Option(help="File for the lineage as one self-contained HTML page."), Means.OUTPUT] = None,
    markdown: Annotated[Path | None, typer.Option(help="File for the lineage as Markdown."), Means.OUTPUT] = None,
    store: StoreFile = STORE,
    as_json: AsJson = False,
) -> None:
    """Show the lineage of a prompt: what each step changed in each section, and how the objectives improved."""

    def work() -> ShowFields:
        from understudy.tasks.studies.lineage import show_run, written

        fields = show_run(str(store), run, genome=genome)
        return {**fields, "files": written(fields, html=text_of(html), markdown=text_of(markdown))}

    answer(work, page, as_json=as_json)


def page(console: Console, fields: ShowFields) -> None:
    """The steps from the seed on, each with its diff and its figures."""
    from understudy.studies.lineage import page as lineage_page

    snapshot_read(console, fields["snapshot"])
    console.print(lineage_page.summary(fields), markup=False)
    if fields["engine_note"]:
        console.print(Text(fields["engine_note"], style="dim"))
    console.print(Text("Lower objectives are better; a gain above 0 is an improvement.", style="dim"))
    for step in fields["steps"]:
        console.print(Text(f"\n{lineage_page.heading(step)}", style="bold"))
        for line in lineage_page.about(step):
            console.print(Padding(Text(line, style="dim"), (0, 0, 0, 2)))
        _change(console, step["change"])
        console.print(_objectives_table(step["objectives"], "On the panel of that generation"))
    whole = fields["whole"]
    if whole["objectives"]:
        console.print()
        console.print(
            _objectives_table(whole["objectives"], f"Seed prompt and {fields['genome_digest'][:12]}, measured anew on {whole['split']}")
        )
    for path in fields["files"].values():
        console.print(path, markup=False, soft_wrap=True)
    then(console, f"understudy export {fields['genome_digest']}")


def _change(console: Console, change: ChangeFields) -> None:
    lines = [(name, [(op, text) for op, text in pieces]) for name, pieces in change["sections"].items()]
    lines += [(name, [("gone", str(before)), ("same", " "), ("new", str(after))]) for name, (before, after) in change["controls"].items()]
    examples = [(op, one) for op, ids in (("new", change["exemplars_added"]), ("gone", change["exemplars_dropped"])) for one in ids]
    lines += [("example", [piece]) for piece in examples]
    for name, pieces in lines:
        told = Text.assemble((f"{name}: ", "bold"), *(_piece(console, op, text) for op, text in pieces))
        console.print(Padding(told, (0, 0, 0, 2)))


def _piece(console: Console, op: str, text: str) -> Text:
    start, end = _MARKS[op] if console.color_system is None else ("", "")
    inner = text.rstrip()
    return Text(f"{start}{inner}{end}", style=_STYLES[op]) + Text(text[len(inner) :])


def _objectives_table(objectives: dict[str, GainFields], title: str) -> PageTable:
    from understudy.studies.lineage import page as lineage_page

    table = PageTable("objective", "before", "after", "gain", title=title)
    for name, one in objectives.items():
        value = one["gain"]["value"]
        style = "" if not value else "green" if value > 0 else "red"
        gained = Text(lineage_page.gained(one["gain"]), style=style)
        table.add_row(name.replace("_", " "), lineage_page.with_n(one["before"]), lineage_page.with_n(one["after"]), gained)
    return table
