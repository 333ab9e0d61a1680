"""The drawings of an audit as SVG: objectives beside their floors, reactions, doses of faults, lengths and acts of turns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from understudy.instruments import acts
from understudy.instruments.corpus import Corpus
from understudy.measure.reference import Reference
from understudy.records import STRATA, Measured
from understudy.report.drawing import rendered
from understudy.studies.audit.measurement import Audit
from understudy.studies.dose import doses as dose

VERSION = 1
_HUMAN, _SIMULATED, _BAND = "#444444", "#d55e00", "#bbbbbb"
_LONGEST = 60
CAPTIONS = {
    "objectives": "The four objectives with 95 % confidence intervals; lower is better. Grey: the human split-half baseline (floor).",
    "reactions": "Acceptance of recommendations by what the human said of the item, with 95 % Wilson intervals.",
    "doses": "The share of the humans' own units into which each fault would have to be put to look like this file; 0 is like the humans.",
    "tokens": "Words in a seeker's turn, a title counted as one; the last bar holds all longer turns.",
    "acts": "Dialogue acts of the seekers' turns, as the act instrument reads them.",
}
_DOSES = {
    "acceptance": "accepted instead of not accepted",
    "titles": "target named before the recommender",
    "copied": "turns copied from others",
    "repeated": "whole turns repeated",
    "length": f"turns of {dose.LONG} words and more",
}


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
