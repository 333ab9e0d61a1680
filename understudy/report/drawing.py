"""Figures as SVG text: the front, before and after, one distribution beside the other. Pure: numbers in, text out.

Altair and its renderer are imported where they are used; both render without a network. The same numbers give the same text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from understudy.records import Measured
from understudy.report.web import named_drawing

Values = NDArray[np.float64]
Kind = Literal["candidate", "front", "seed", "pick"]
# colours that stay apart for the colour-blind (Okabe and Ito 2008), from the least to the most important mark
_KINDS: dict[Kind, tuple[str, str, int]] = {
    "candidate": ("#b0b0b0", "circle", 30),
    "front": ("#0072b2", "circle", 80),
    "seed": ("#d55e00", "square", 120),
    "pick": ("#009e73", "diamond", 160),
}
_HUMAN, _SYNTHETIC, _BEFORE, _AFTER = "#444444", "#0072b2", "#d55e00", "#009e73"
_NO_FLOOR = Measured(None, reason="no floor was given")


@dataclass(frozen=True, slots=True)
class FrontPoint:
    """One candidate of a front: its objectives in natural units, all of them lower better."""

    label: str
    kind: Kind
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Bar:
    """One objective before and after, with the floor that humans among each other reach; what was not measured is not drawn."""

    objective: str
    unit: str
    before: Measured
    after: Measured
    floor: Measured = _NO_FLOOR


def front_svg(points: Sequence[FrontPoint], *, title: str, columns: int = 3) -> str:
    """A figure of every pair of objectives; better is towards the lower left. Raises ValueError without a pair to draw."""
    import altair as alt

    names = list(dict.fromkeys(name for point in points for name in point.values))
    pairs = list(combinations(names, 2))
    if not pairs:
        raise ValueError("a front is drawn over at least two objectives")
    order = [kind for kind in _KINDS if any(point.kind == kind for point in points)]
    ranked = sorted(points, key=lambda point: order.index(point.kind))
    rows = [{"label": point.label, "kind": point.kind, **point.values} for point in ranked]
    kinds = [_KINDS[kind] for kind in order]
    base = (
        alt.Chart(alt.Data(values=rows))
        .mark_point(filled=True, opacity=0.85)
        .encode(
            color=alt.Color("kind:N", title=None, scale=alt.Scale(domain=order, range=[kind[0] for kind in kinds])),
            shape=alt.Shape("kind:N", title=None, scale=alt.Scale(domain=order, range=[kind[1] for kind in kinds])),
            size=alt.Size("kind:N", title=None, scale=alt.Scale(domain=order, range=[kind[2] for kind in kinds])),
        )
        .properties(width=210, height=180)
    )
    panels = [
        base.encode(
            x=alt.X(f"{x}:Q", title=_words(x), axis=alt.Axis(tickCount=5)), y=alt.Y(f"{y}:Q", title=_words(y), axis=alt.Axis(tickCount=5))
        )
        for x, y in pairs
    ]
    return rendered(alt.concat(*panels, columns=columns), f"{title} (lower left is better)")


def bars_svg(bars: Sequence[Bar], *, title: str) -> str:
    """A figure of every objective before and after with 95 % intervals; the dashed line is the upper end of the floor, lower is better.

    What was not measured has no bar and is said to be so.
    """
    import altair as alt

    return rendered(alt.hconcat(*(_bar_panel(bar) for bar in bars), spacing=28), f"{title} (lower is better)")


def distribution_svg(human: Sequence[float], synthetic: Sequence[float], *, title: str, axis: str, n_bins: int = 24) -> str:
    """A figure of two distributions over the same bins, each as shares of its own number of values."""
    import altair as alt

    if not len(human) or not len(synthetic):
        raise ValueError("a distribution is drawn from at least one value on both sides")
    edges = _edges(np.concatenate([human, synthetic]).astype(float), n_bins)
    names = [f"human (n = {len(human)})", f"synthetic (n = {len(synthetic)})"]
    rows = []
    for name, values in zip(names, (human, synthetic), strict=True):
        shares = np.histogram(values, bins=edges)[0] / len(values)
        rows += [
            {"who": name, "from": float(lo), "to": float(hi), "share": float(share)}
            for lo, hi, share in zip(edges[:-1], edges[1:], shares, strict=True)
        ]
    chart = (
        alt.Chart(alt.Data(values=rows))
        .mark_bar(opacity=0.5)
        .encode(
            x=alt.X("from:Q", bin="binned", title=axis, axis=alt.Axis(tickCount=8)),
            x2="to:Q",
            y=alt.Y("share:Q", title="share", stack=None, axis=alt.Axis(format="%")),
            color=alt.Color("who:N", title=None, scale=alt.Scale(domain=names, range=[_HUMAN, _SYNTHETIC])),
        )
        .properties(width=460, height=240)
    )
    return rendered(chart, title)


def rendered(chart: Any, title: str) -> str:
    """An Altair chart as SVG text under its title, in the one look of all figures."""
    import altair as alt
    import vl_convert as vlc

    whole = chart.properties(title=alt.TitleParams(title, anchor="start", fontSize=14), background="white")
    whole = whole.configure_axis(grid=True, gridColor="#eeeeee", labelFontSize=10, titleFontSize=11).configure_view(stroke="#dddddd")
    # held against its schema a chart would take longer than its drawing; the tests hold every kind of chart against it
    return named_drawing(str(vlc.vegalite_to_svg(whole.to_json(indent=None, validate=False))), title)


def _edges(values: Values, n_bins: int) -> Values:
    """Edges of at most about `n_bins` bins; whole numbers get bins of a whole width, so no bin is empty for want of a value in it."""
    lo, hi = values.min(), values.max()
    if np.any(values != np.round(values)):
        return np.histogram_bin_edges(values, bins=n_bins)
    width = max(1, int(np.ceil((hi - lo + 1) / n_bins)))
    return np.arange(lo, hi + width + 1, width) - 0.5


def _bar_panel(bar: Bar) -> Any:
    import altair as alt

    sides = [("before", bar.before), ("after", bar.after)]
    rows: list[dict[str, Any]] = [
        {"side": side, "value": figure.value, "lo": figure.lo, "hi": figure.hi} for side, figure in sides if figure.value is not None
    ]
    blanks = [{"side": side, "note": "not measured"} for side, figure in sides if figure.value is None]
    tops = [value for row in rows for value in (row["value"], row["hi"]) if value is not None]
    top = max([*tops, bar.floor.hi or 0.0, 0.01]) * 1.15
    x = alt.X("side:N", sort=["before", "after"], scale=alt.Scale(domain=["before", "after"]), title=None, axis=alt.Axis(labelAngle=0))
    scale = alt.Scale(domain=[0, top], nice=False, clamp=True)
    colour = alt.Color("side:N", scale=alt.Scale(domain=["before", "after"], range=[_BEFORE, _AFTER]), legend=None)
    y = alt.Y("value:Q", title=bar.unit, scale=scale, axis=alt.Axis(tickCount=5))
    layers = [alt.Chart(alt.Data(values=rows)).mark_bar(opacity=0.75).encode(x=x, y=y, color=colour)]
    layers.append(alt.Chart(alt.Data(values=[row for row in rows if row["hi"] is not None])).mark_rule(strokeWidth=2).encode(
        x=x, y=alt.Y("lo:Q", title=bar.unit, scale=scale), y2="hi:Q"
    ))  # fmt: skip
    figures = [{**row, "top": row["hi"] if row["hi"] is not None else row["value"]} for row in rows]
    labels = alt.Chart(alt.Data(values=figures)).mark_text(dy=-7, fontSize=10)
    layers.append(labels.encode(x=x, y=alt.Y("top:Q", title=bar.unit, scale=scale), text=alt.Text("value:Q", format=".3f")))
    notes = alt.Chart(alt.Data(values=blanks)).mark_text(angle=270, align="left", color="#666666")
    layers.append(notes.encode(x=x, y=alt.value(150), text="note:N"))
    if bar.floor.hi is not None:
        floor = alt.Chart(alt.Data(values=[{"floor": bar.floor.hi}]))
        layers.append(floor.mark_rule(strokeDash=[5, 3], strokeWidth=2, color="black").encode(y=alt.Y("floor:Q", scale=scale)))
    subtitle = "no floor measured" if bar.floor.hi is None else f"floor {bar.floor.value:.3f}, up to {bar.floor.hi:.3f} (dashed)"
    heading = alt.TitleParams(_words(bar.objective), subtitle=subtitle, anchor="middle", fontSize=12, subtitleFontSize=10)
    return alt.layer(*layers).properties(width=130, height=200, title=heading)


def _words(name: str) -> str:
    return name.replace("_", " ")
