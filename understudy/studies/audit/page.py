"""An audit as one HTML page: the findings first, then the plots and the dialogues with most faults.

Self-contained: drawings are SVG in the page, nothing is fetched, no script runs. Every text that is not ours is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import polars as pl

from understudy.measure.reference import Reference
from understudy.report.figures import REHEARSAL_WARNING, figure, without_misreading
from understudy.report.web import web_page
from understudy.studies.audit.drawings import CAPTIONS, pictures
from understudy.studies.audit.instruments import INSTRUMENTS, UNCORRECTED, instrument_rows, languages_in_words
from understudy.studies.audit.measurement import Audit
from understudy.studies.audit.pairing import Heard
from understudy.studies.audit.tables import objective_rows, pair_rows, reported_rows
from understudy.studies.audit.telling import paired_in_words

VERSION = 2
_MOST_SHOWN = 600  # characters of a turn
_STYLE = (
    "ol.findings li{margin:.6rem 0}.note{background:var(--note);padding:.6rem .8rem}details{margin:.6rem 0}"
    ".seeker{margin:.3rem 0 .3rem 2rem}.recommender{margin:.3rem 0;color:var(--soft)}.fault{color:var(--fault);font-size:.85rem}"
)
_FAULTS = ("copied", "said elsewhere too", "took what was disliked")
_MOST_TIMES = 20  # beyond this a multiple says no more than that


@dataclass(frozen=True, slots=True)
class AuditShown:
    """A file of an audit: its own fields of the answer, what was found, and its dialogues."""

    name: str
    fields: Mapping[str, Any]
    audit: Audit
    pieces: Sequence[Heard]


def page(fields: Mapping[str, Any], shown: Sequence[AuditShown], reference: Reference) -> str:
    """The page of an audit of one file or several; `fields` are those of the command."""
    title = f"Simulated seekers beside the humans of {fields['dataset']}"
    files = [{**fields, **one.fields} for one in shown]
    together = comparison(fields, files) if len(shown) > 1 else []
    each = [
        part
        for place, one in enumerate(shown, 1)
        for part in (*([f"<h2>{escape(one.name)}</h2>"] if together else []), *_file(files[place - 1], one, reference, place))
    ]
    instruments = ["<h2>Instruments</h2>", _table(INSTRUMENTS, instrument_rows(files[0])), f'<p class="small">{escape(UNCORRECTED)}</p>']
    return web_page(title, "\n".join([f"<h1>{escape(title)}</h1>", *together, *each, *instruments]), style=_STYLE, width_rem=62)


def comparison(fields: Mapping[str, Any], files: Sequence[Mapping[str, Any]]) -> list[str]:
    """The parts of the page that stand several files side by side: figures, ranking, differences."""
    names = [one["name"] for one in files]
    return [
        "<h2>Ranking</h2>", *(_ranking(one) for one in fields["ranking"]),
        "<h2>Objectives, lower is better</h2>", _table(("objective", *names, f"floor of {names[0]}"), objective_rows(files)),
        "<h2>Differences between files</h2>", _table(("objective", "a", "b", "a less b", "p (Holm)"), pair_rows(fields["pairs"])),
        *(f'<p class="small">{escape(paired_in_words(one))}</p>' for one in fields["pairings"]),
        "<h2>What the seekers say</h2>", _table(("figure", *names, "humans"), reported_rows(files)),
    ]  # fmt: skip


def _file(fields: Mapping[str, Any], shown: AuditShown, reference: Reference, place: int) -> list[str]:
    """What is said of one file."""
    audit, pieces = shown.audit, shown.pieces
    own = [] if "files" in fields else ["<h3>What the seekers say</h3>", _table(("figure", "simulated", "humans"), reported_rows([fields]))]
    return [
        f'<p class="small">{escape(_counts(fields))}</p>',
        f'<p class="small">{escape(languages_in_words(fields["languages"]))}</p>',
        _setting(audit),
        *([f'<p class="note">{escape(REHEARSAL_WARNING)}</p>'] if "rehearsal" in fields["engines"] else []),
        "<h3>Findings, the most severe first</h3>",
        _findings(fields["findings"]),
        *(_drawing(name, svg, place) for name, svg in pictures(audit, reference).items()),
        *own,
        f'<p class="small">{escape(without_misreading(fields["corrected"]))}</p>',
        "<h3>Leakage</h3>",
        _table(("kind", "rate", "humans"), _leaks(audit)),
        "<h3>Dialogues with the most faults</h3>",
        _worst(fields["worst"], audit, pieces),
        "<h3>Not measured, with the reason</h3>",
        _table(("what", "why"), _unmeasured(fields)),
    ]


def _ranking(one: Mapping[str, Any]) -> str:
    ties = "; ".join(" = ".join(group) for group in one["ties"])
    without = [f"without {name.replace('_', ' ')}: {' < '.join(order['order'])}" for name, order in one["without"].items()]
    unranked = [f"{name} is not ranked: {why}" for name, why in one["not_ranked"].items()]
    over = f"over {', '.join(name.replace('_', ' ') for name in one['over'])}" if one["over"] else ""
    order = [f"{' < '.join(one['order'])}{f' (not told apart: {ties})' if ties else ''} {over}"] if one["order"] else []
    lines = [*order, *without, *unranked]
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<p><b>{escape(one['objective'].replace('_', ' '))}</b>: {escape(one['told'])}</p><ul class=\"small\">{items}</ul>"


def _counts(fields: Mapping[str, Any]) -> str:
    rejects = f", {fields['n_rejects']} records could not be read" if fields["n_rejects"] else ""
    rejects += f", {fields['n_duplicates']} duplicates were dropped" if fields["n_duplicates"] else ""
    unknown = f", {fields['n_unknown']} name a human dialogue or scenario that is in no open split" if fields["n_unknown"] else ""
    return (
        f"{fields['n_dialogues']} dialogues, {fields['n_turns']} seeker turns (reader {fields['reader']}){rejects}; "
        f"{fields['n_paired']} stand for a human of split {fields['split']}, {fields['n_targets']} have a known target item{unknown}. "
        f"Humans: {fields['n_human_dialogues']} dialogues of split {fields['split']}."
    )


def _setting(audit: Audit) -> str:
    told = {
        "replayed": "The recommender's turns are those of the human recommender, so both are compared in the same contexts.",
        "same": "As stated with --same-setting, the seekers of the file talked to the recommender that the humans talked to.",
        "differs": (
            "The experimental setting differs: these seekers talked to another recommender than the humans did. Humans in two settings "
            "differ as much as simulators differ from humans, so variety and behaviour are only described here and not judged."
        ),
    }
    return f'<p class="note">{escape(told[audit.setting])}</p>'


def _findings(rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return "<p>No figure is farther from the humans than humans are from each other.</p>"
    items = "".join(f'<li>{escape(row["told"])} <span class="small">{_times(row)}</span></li>' for row in rows)
    return f'<ol class="findings">{items}</ol>'


def _times(row: Mapping[str, Any]) -> str:
    beside = "its bound" if row["limit_of"] == "bound" else "the difference between humans"
    if row["severity"] is None:
        told = f"a difference of {figure(row['difference'])}, where humans differ by at most {row['limit']:.3f}"
    elif row["severity"] > _MOST_TIMES:
        told = f"more than {_MOST_TIMES} times {beside}: {figure(row['difference'])} against {row['limit']:.3f}"
    else:
        low, high = (f"{end:.1f}" for end in row["severity_ci"])
        told = f"{row['severity']:.1f} [{low}, {high}] times {beside}"
    return escape(f"({row['about']}; {told})")


def _drawing(name: str, svg: str, place: int) -> str:
    return f'<figure id="{escape(name)}-{place}">\n{svg}\n<figcaption class="small">{escape(CAPTIONS[name])}</figcaption>\n</figure>'


def _leaks(audit: Audit) -> list[tuple[str, str, str]]:
    pairs = ((name, one, audit.figures.get(name, (one, None))[1]) for name, one in audit.evaluation.leakage.items())
    return [(name, figure(ours, form=".1%", n="named"), figure(people, form=".1%", n="named")) for name, ours, people in pairs]


def _unmeasured(fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    named = {**fields["objectives"], **{f"leakage {name}": one for name, one in fields["leakage"].items()}, **fields["diagnostics"]}
    reasons: dict[str, list[str]] = {}
    for name, one in named.items():
        if one["value"] is None:
            reasons.setdefault(one["reason"], []).append(name.replace("_", " "))
    return [(", ".join(names), reason) for reason, names in reasons.items()]


def _worst(rows: Sequence[Mapping[str, Any]], audit: Audit, pieces: Sequence[Heard]) -> str:
    if not rows:
        return "<p>No dialogue names its target first, copies, repeats or accepts a disliked item.</p>"
    by_name = {one.name: one for one in pieces}
    faults = audit.turns.select(
        "dialogue_id", "turn_index", "copied", "repeated", taken=(pl.col("stratum") == "disliked") & pl.col("accepted")
    )  # fmt: skip
    flags = {
        (name, index): ", ".join(fault for fault, holds in zip(_FAULTS, held, strict=True) if holds)
        for name, index, *held in faults.iter_rows()
    }
    return "\n".join(_dialogue(row, by_name[row["name"]], flags) for row in rows)


def _dialogue(row: Mapping[str, Any], one: Heard, flags: Mapping[tuple[str, int], str]) -> str:
    faults = ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in row["faults"].items())
    turns = []
    for index, turn in enumerate(one.dialogue.turns):
        fault = flags.get((one.name, index), "") if turn.role == "seeker" else ""
        marked = f' <span class="fault">[{escape(fault)}]</span>' if fault else ""
        turns.append(f'<p class="{turn.role}">{escape(turn.text[:_MOST_SHOWN])}{marked}</p>')
    return f"<details><summary>{escape(str(row['dialogue_id']))}: {escape(faults)}</summary>{''.join(turns)}</details>"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return "<p>Nothing.</p>"
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>'
