"""An audit as one HTML page: the findings first, then the plots and the dialogues with most faults.

Self-contained: drawings are SVG in the page, nothing is fetched, no script runs. Every text that is not ours is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import polars as pl

from understudy.instruments import acts
from understudy.instruments.corpus import Corpus
from understudy.measure.reference import Reference
from understudy.records import STRATA, Measured
from understudy.report.drawing import rendered
from understudy.report.figures import REHEARSAL_WARNING, figure
from understudy.studies.audit.measurement import Audit
from understudy.studies.audit.pairing import Heard
from understudy.studies.dose import doses as dose

VERSION = 1
_HUMAN, _SIMULATED, _BAND = "#444444", "#d55e00", "#bbbbbb"
_LONGEST = 60
_MOST_SHOWN = 600  # characters of a turn
_STYLE = (
    "body{font-family:sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;line-height:1.4;color:#222}"
    "figure{margin:2rem 0}svg{max-width:100%;height:auto}table{border-collapse:collapse;margin:1rem 0}"
    "td,th{padding:.25rem .6rem;border-bottom:1px solid #ddd;text-align:left;vertical-align:top}"
    "ol.findings li{margin:.6rem 0}.small{color:#666;font-size:.9rem}.note{background:#f6f2e6;padding:.6rem .8rem}"
    "details{margin:.6rem 0}.seeker{margin:.3rem 0 .3rem 2rem}.recommender{margin:.3rem 0;color:#555}.fault{color:#b34700;font-size:.85rem}"
)
_CAPTIONS = {
    "objectives": "The four objectives with 95 % confidence intervals; lower is better. Grey: the human split-half baseline (floor).",
    "reactions": "Acceptance of recommendations by what the human said of the item, with 95 % Wilson intervals.",
    "doses": "The share of the humans' own units into which each fault would have to be put to look like this file; 0 is like the humans.",
    "tokens": "Words in a seeker's turn, a title counted as one; the last bar holds all longer turns.",
    "acts": "Dialogue acts of the seekers' turns, as the act instrument reads them.",
}
_FAULTS = ("copied", "said elsewhere too", "took what was disliked")
_DOSES = {
    "acceptance": "accepted instead of not accepted",
    "titles": "target named before the recommender",
    "copied": "turns copied from others",
    "repeated": "whole turns repeated",
    "length": f"turns of {dose.LONG} words and more",
}


def page(fields: Mapping[str, Any], audit: Audit, reference: Reference, pieces: Sequence[Heard]) -> str:
    """The page of an audit; `fields` are those of the command."""
    title = f"Simulated seekers beside the humans of {fields['dataset']}"
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="small">{escape(_counts(fields))}</p>',
        _setting(audit),
        *([f'<p class="note">{escape(REHEARSAL_WARNING)}</p>'] if "rehearsal" in fields["engines"] else []),
        "<h2>Findings, the most severe first</h2>",
        _findings(fields["findings"]),
        *(_drawing(name, svg) for name, svg in pictures(audit, reference).items()),
        "<h2>Leakage</h2>",
        _table(("kind", "rate", "people"), _leaks(audit)),
        "<h2>Dialogues with the most faults</h2>",
        _worst(fields["worst"], audit, pieces),
        "<h2>Not measured, with the reason</h2>",
        _table(("what", "why"), _unmeasured(fields)),
    ]
    head = f'<meta charset="utf-8">\n<title>{escape(title)}</title>\n<style>{_STYLE}</style>'
    body = "\n".join(parts)
    return f'<!doctype html>\n<html lang="en">\n<head>\n{head}\n</head>\n<body>\n{body}\n</body>\n</html>\n'


def pictures(audit: Audit, reference: Reference) -> dict[str, str]:
    """Picture name → SVG, in the order of the page; what has no figures is not drawn."""
    drawn = {"objectives": _objectives(audit)}
    taken = [(name, audit.figures[f"accept_{name}"]) for name in STRATA if audit.figures[f"accept_{name}"][0].value is not None]
    if taken:
        drawn["reactions"] = _dots(((name.replace("_", ", "), *pair) for name, pair in taken), "recommendations accepted", "Reactions")
    doses = [(_DOSES[name], one) for name, one in audit.doses.items() if one.value is not None]
    if doses:
        drawn["doses"] = _dots(((name, one, None) for name, one in doses), "share of units", "Doses of known faults")
    drawn["tokens"] = _shares(_lengths(audit.observed.corpus), _lengths(reference.corpus), "words in a turn", "Length of turns")
    drawn["acts"] = _shares(_acts(audit.observed.corpus), _acts(reference.corpus), None, "Dialogue acts")
    return drawn


def _objectives(audit: Audit) -> str:
    import altair as alt

    panels = []
    for name, value in audit.evaluation.objectives.items():
        one, anchor = value.measured, audit.anchors.get(name)
        low, high = (anchor.floor_lo, anchor.floor_hi) if anchor else (None, None)
        top = max(one.hi or 0.0, one.value or 0.0, high or 0.0, 0.01) * 1.15
        y: dict[str, Any] = {"title": None, "scale": alt.Scale(domain=[0, top], nice=False)}
        layers = []
        if high is not None:
            band = alt.Chart(alt.Data(values=[{"lo": low, "hi": high}])).mark_rect(color=_BAND, opacity=0.6)
            layers.append(band.encode(y=alt.Y("lo:Q", **y), y2="hi:Q"))
        rows = [{"value": one.value, "lo": one.lo, "hi": one.hi, "told": f"{one.value:.3f}"}] if one.value is not None else []
        base = alt.Chart(alt.Data(values=rows))
        layers.append(base.mark_rule(strokeWidth=2, color=_SIMULATED).encode(y=alt.Y("lo:Q", **y), y2="hi:Q"))
        layers.append(base.mark_point(filled=True, size=90, color=_SIMULATED, opacity=1).encode(y=alt.Y("value:Q", **y)))
        layers.append(base.mark_text(dx=28, fontSize=11).encode(y=alt.Y("value:Q", **y), text="told:N"))
        drawn = [f"{who}: {units}" for who, units in value.unit_counts.items()]
        heading = alt.TitleParams(name.replace("_", " ") + ("" if rows else ": not measured"), fontSize=12, subtitle=drawn)
        panels.append(alt.layer(*layers).properties(width=130, height=190, title=heading))
    return rendered(alt.hconcat(*panels, spacing=30), "Objectives and the human split-half baseline (floor)")


def _dots(rows: Iterable[tuple[str, Measured, Measured | None]], axis: str, title: str) -> str:
    """Figures with their intervals, the simulator's and, where there is one, the humans'."""
    import altair as alt

    shown = [
        {"what": what, "who": who, "value": one.value, "lo": one.lo, "hi": one.hi, "told": f"{one.value:.1%}"}
        for what, ours, humans in rows
        for who, one in (("humans", humans), ("simulated", ours))
        if one is not None and one.value is not None
    ]
    order = list(dict.fromkeys(row["what"] for row in shown))
    low = min(0.0, *(float(str(row["lo"])) for row in shown))
    high = max(float(str(row["hi"])) for row in shown) + 0.08
    sides = [who for who in ("humans", "simulated") if any(row["who"] == who for row in shown)]
    x: dict[str, Any] = {"title": axis, "axis": alt.Axis(format="%"), "scale": alt.Scale(domain=[low, high], nice=False)}
    y = alt.Y("what:N", sort=order, title=None, axis=alt.Axis(labelLimit=260))
    shift = alt.YOffset("who:N", sort=sides, scale=alt.Scale(domain=sides))
    colours = [_HUMAN, _SIMULATED][-len(sides) :]
    colour = alt.Color("who:N", title=None, scale=alt.Scale(domain=sides, range=colours))
    base = alt.Chart(alt.Data(values=shown))
    whiskers = base.mark_rule(strokeWidth=2).encode(x=alt.X("lo:Q", **x), x2="hi:Q", y=y, yOffset=shift, color=colour)
    points = base.mark_point(filled=True, size=70, opacity=1).encode(x=alt.X("value:Q", **x), y=y, yOffset=shift, color=colour)
    texts = base.mark_text(align="left", dx=6, fontSize=10).encode(x=alt.X("hi:Q", **x), y=y, yOffset=shift, text="told:N")
    return rendered((whiskers + points + texts).properties(width=460, height=max(90, 52 * len(order))), title)


def _shares(ours: Mapping[str, float], humans: Mapping[str, float], axis: str | None, title: str) -> str:
    """Two distributions over the same names, in the order of the names."""
    import altair as alt

    sides = (("humans", humans), ("simulated", ours))
    rows = [{"what": name, "who": who, "share": share} for who, side in sides for name, share in side.items()]
    order = list(humans)
    ticks = alt.Axis(values=order[::5], labelAngle=0) if len(order) > 20 else alt.Axis(labelAngle=0)
    colour = alt.Color("who:N", title=None, scale=alt.Scale(domain=["humans", "simulated"], range=[_HUMAN, _SIMULATED]))
    x = alt.X("what:N", sort=order, title=axis, axis=ticks)
    shift = alt.XOffset("who:N", sort=["humans", "simulated"])
    bars = alt.Chart(alt.Data(values=rows)).mark_bar().encode(
        x=x, xOffset=shift, y=alt.Y("share:Q", title="share of turns", axis=alt.Axis(format="%")), color=colour
    )  # fmt: skip
    return rendered(bars.properties(width=640, height=200), title)


def _lengths(corpus: Corpus) -> dict[str, float]:
    counts = corpus.lengths.sum(axis=0)
    capped = np.append(counts[:_LONGEST], counts[_LONGEST:].sum())
    return {str(at): float(n / max(capped.sum(), 1)) for at, n in enumerate(capped)}


def _acts(corpus: Corpus) -> dict[str, float]:
    counts = corpus.acts.sum(axis=(0, 1))
    return {name: float(n / max(counts.sum(), 1)) for name, n in zip(acts.ACTS, counts, strict=True)}


def _counts(fields: Mapping[str, Any]) -> str:
    rejects = f", {fields['n_rejects']} records could not be read" if fields["n_rejects"] else ""
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
    beside = "its bound" if str(row["about"]).startswith("data_leakage") else "the difference between humans"
    return escape(f"({row['about']}; {row['severity']:.1f} times {beside})")


def _drawing(name: str, svg: str) -> str:
    return f'<figure id="{escape(name)}">\n{svg}\n<figcaption class="small">{escape(_CAPTIONS[name])}</figcaption>\n</figure>'


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
    return f"<table><tr>{head}</tr>{body}</table>"
