"""A drawing of one figure for several prompts: a dot with its interval each, and the humans' value with its own as a band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from understudy.records import Measured
from understudy.report.drawing import rendered

_MODEL, _HUMAN = "#0072b2", "#444444"
# a range below this share of its values is rounding
_NARROWEST = 1e-6


@dataclass(frozen=True, slots=True)
class DotRow:
    """One prompt's value of a figure, and the humans' over the same places."""

    label: str
    model: Measured
    human: Measured


@dataclass(frozen=True, slots=True)
class DotPanel:
    """One figure: its name, its unit and a row for each prompt that has a value."""

    name: str
    unit: str
    rows: Sequence[DotRow]


def dots_svg(panels: Sequence[DotPanel], *, title: str, columns: int = 3) -> str:
    """The panels that have a row with a value, as one figure. Raises ValueError where none has."""
    import altair as alt

    drawn = [_panel(one) for one in panels if any(row.model.value is not None for row in one.rows)]
    if not drawn:
        raise ValueError("no figure was measured, so there is nothing to draw")
    return rendered(alt.concat(*drawn, columns=columns), f"{title} (blue: model; grey: humans)")


def _panel(panel: DotPanel) -> Any:
    import altair as alt

    rows = [
        {"label": row.label, "which": which, "value": one.value, "lo": one.lo, "hi": one.hi}
        for row in panel.rows
        for which, one in (("humans", row.human), ("model", row.model))
        if one.value is not None
    ]
    labels = list(dict.fromkeys(row.label for row in panel.rows))
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("label:N", title=None, sort=labels, axis=alt.Axis(labelLimit=260)),
        color=alt.Color("which:N", title=None, legend=None, scale=alt.Scale(domain=["humans", "model"], range=[_HUMAN, _MODEL])),
    )
    title, scale = f"{panel.name.replace('_', ' ')} ({panel.unit})", alt.Scale(domain=_domain(rows), zero=False, nice=False)
    axis = alt.X("value:Q", title=title, scale=scale, axis=alt.Axis(tickCount=5))
    ends = base.mark_rule(strokeWidth=2, opacity=0.6).encode(x=alt.X("lo:Q", title="", scale=scale), x2="hi:Q")
    dots = base.mark_point(filled=True, size=55, opacity=0.9).encode(x=axis)
    return (ends + dots).properties(width=230, height=max(40, 18 * len(labels)))


def _domain(rows: Sequence[dict[str, Any]]) -> list[float]:
    """The ends of an axis around all values and intervals; never so near to each other that the axis shows rounding."""
    ends = [float(row[name]) for row in rows for name in ("value", "lo", "hi") if row[name] is not None]
    low, high = min(ends), max(ends)
    margin = 0.05 * (high - low) if high - low > _NARROWEST * max(1.0, abs(high)) else 0.5
    return [low - margin, high + margin]
