"""docs/reliability.md, written from the results alone: what was tried, how often, what held, and what did not."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.chaos.damage import FULL_AT, N_PAIRS
from tests.chaos.nights import MOMENTS, MOMENTS_PAID
from tests.chaos.results import Result, kept

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
# section → how it was tried, and what has to hold
PROMISES: dict[str, str] = {
    "kills, rehearsal": "A night ends itself by `kill -9` at a moment, then the same command is given again. It has to come to the release "
    "and the store of a night that nobody disturbed, with every reply once, no staged folder left, and a verified snapshot.",
    "kills, paid model in flight": "The same with a model behind a server that has a price, eight calls in flight. By the server's own log "
    "at most eight calls may be paid twice, and at most eight reservations stay unknown.",
    "full disk": "The file system of store and releases is filled at a moment. The night has to end with one sentence that says so, "
    "without "
    "a traceback; with room again the same command comes to the same release and store.",
    "folders that cannot be written": "The folder of the store, or that of the releases, is mounted read-only. The same has to hold.",
    "two nights on one store": "Two nights are started at once. One has to come to the same release and store, the other to end with 6.",
    "damaged stores": "Bytes of a finished store are flipped, or its end is cut off, and `status` is asked. It has to say that the "
    "store is "
    "corrupt or no DuckDB file (exit code 2), never busy; or the damage lies where nothing is kept, and all rows are the same.",
    "hostile names": "Names that lead elsewhere or mean something to a shell, to SQL, to a spreadsheet or to a page, at every option that "
    "names something. Each has to end with 2 before anything is created.",
    "hostile titles, ids and texts": "Formulas, markup, SQL, line ends of Unicode, long and combined characters in what is ingested.",
    "files that are not what they seem": "Each file alone in a folder that is ingested. Records are read or rejected with a reason and the "
    "counts close, or the input is refused; less than 1,000 MB are held, and no text of a file elsewhere is shown or stored.",
    "caps against a server of which a fifth of the requests fail": "A first run that its caps end and a second one that goes on. By the "
    "server's own log no cap is exceeded, no reply is paid twice and none is lost.",
    "prompt injections": "Each attack is put at every place of a prompt that text from outside gets into. The rendered prompt is "
    "given to a "
    "model that obeys whatever is not fenced; it must not say the code word.",
    "planted keys": "Keys in the environment of commands whose server sends them back, and credentials in addresses. Afterwards stores, "
    "events, output and Prefect's own database are searched byte by byte.",
}
# rows that a whole campaign has, where it may have been stopped before its end
PLANNED = {
    "kills, rehearsal": len(MOMENTS), "kills, paid model in flight": len(MOMENTS_PAID), "full disk": len(FULL_AT),
    "folders that cannot be written": 2, "two nights on one store": N_PAIRS, "damaged stores": 2, "planted keys": 4,
}  # fmt: skip
TABLE = "| what was tried | how often | held | what was seen |\n|---|---|---|---|"


def write() -> Path:
    """The page, written anew."""
    results = list(kept().values())
    known = [name for name in PROMISES if any(one.section == name for one in results)]
    parts = [_head(results), _summary(results, known), *(_section(name, [one for one in results if one.section == name]) for name in known)]
    missing = [name for name in PROMISES if name not in known]
    parts += [f"## Not tried\n\nNo result was recorded for: {', '.join(missing)}."] if missing else []
    PAGE.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return PAGE


def _head(results: Iterable[Result]) -> str:
    missed = [one for one in results if one.n_held < one.n]
    told = (
        "Everything that was tried held."
        if not missed
        else f"{len(missed)} of the rows below did not hold; they are listed first, in bold."
    )
    return (
        "# Reliability\n\n"
        "`make chaos` tries what a hostile world does to a night, and writes this page from its results alone "
        "(`tests/chaos/results.json`). "
        "Each trial has a store of its own in a temporary folder. A trial that has a result is not tried again, so a campaign that is "
        'stopped goes on where it was; `make chaos ARGS="--again SECTION"` forgets the results of a section. Nights of the campaign '
        "are small (4 candidates, 2 generations, a batch of 4 dialogues), run without a Prefect server, and let every gate pass, so that "
        f"there is a release to compare. What Prefect does when it is killed is tested by `make integration`.\n\n{told}"
    )


def _summary(results: list[Result], known: list[str]) -> str:
    lines = ["| section | trials | held | rows of the plan that have a result |", "|---|---|---|---|"]
    for name in known:
        own = [one for one in results if one.section == name]
        planned = f"{len(own)} of {PLANNED[name]}" if name in PLANNED else "all"
        lines.append(f"| {name} | {sum(one.n for one in own):,} | {sum(one.n_held for one in own):,} | {planned} |")
    missed = [one for one in results if one.n_held < one.n]
    listed = "\n".join(f"- **{one.section}, {_cell(one.name)}**: {one.n_held} of {one.n} held. {_cell(one.told)}" for one in missed)
    return "\n".join(lines) + (f"\n\n## What did not hold\n\n{listed}" if missed else "")


def _section(name: str, results: list[Result]) -> str:
    rows = [f"| {_cell(one.name)} | {one.n:,} | {one.n_held:,} | {_cell(one.told)} |" for one in sorted(results, key=lambda one: one.name)]
    return f"## {name[0].upper()}{name[1:]}\n\n{PROMISES[name]}\n\n{TABLE}\n" + "\n".join(rows)


def _cell(text: str) -> str:
    """The text as one cell of a table: what was seen is data, and may hold marks of Markdown or HTML."""
    shown = text.replace("&", "&amp;").replace("<", "&lt;").replace("|", "&#124;").replace("[", "&#91;").replace("\n", " ")
    return shown if len(shown) <= 700 else f"{shown[:700]}…"
