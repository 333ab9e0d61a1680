"""Before and after as arrows: a panel an objective, a line a setting, the humans' floor as a band. Numbers in, SVG text out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from understudy.report.drawing import rendered

Fields = dict[str, Any]
_BEFORE, _AFTER, _BAND = "#d55e00", "#009e73", "#9ecae1"
_WIDTH, _LINE = 330, 30
# beyond this a linear axis would press everything but the worst prompt into its corner
_LINEAR_UP_TO = 4.0


def arrows_svg(rows: Sequence[Fields], *, title: str) -> str:
    """A figure of the rows of a comparison, two panels wide; lower is better, so an arrow that points left is a gain.

    Raises ValueError without a row. A side that was not measured has no mark, and the line says so.
    """
    import altair as alt

    if not rows:
        raise ValueError("there is no row to draw")
    names = list(dict.fromkeys(row["objective"] for row in rows))
    panels = [_panel([row for row in rows if row["objective"] == name], name) for name in names]
    return rendered(alt.concat(*panels, columns=2, spacing=34), f"{title} (lower is better; band: humans against humans, 95 %)")


def _panel(rows: Sequence[Fields], name: str) -> Any:
    import altair as alt

    settings = [row["setting"] for row in rows]
    ends = [value for row in rows for side in ("before", "after") for value in _numbers(row[side])]
    human = rows[0]["floor"]
    top = max([*ends, *_numbers(human), 0.01]) * 1.05
    kind: dict[str, Any] = {"type": "symlog", "constant": 0.3} if top > _LINEAR_UP_TO else {"type": "linear"}
    scale = alt.Scale(domain=[0, top], nice=False, clamp=True, **kind)
    x = alt.X("value:Q", title=rows[0]["unit"], scale=scale, axis=alt.Axis(tickCount=6))
    y = alt.Y("setting:N", title=None, sort=settings, scale=alt.Scale(domain=settings), axis=alt.Axis(labelLimit=150))
    layers = [*_floor(human, x), *_sides(rows, x, y)]
    told = "no floor measured" if human["value"] is None else f"human floor {human['value']:.3f}, up to {human['ci'][1]:.3f}"
    heading = alt.TitleParams(name.replace("_", " "), subtitle=told, anchor="start", fontSize=12, subtitleFontSize=10)
    return alt.layer(*layers).properties(width=_WIDTH, height=_LINE * len(settings) + 10, title=heading)


def _floor(human: Fields, x: Any) -> list[Any]:
    """The band between the ends of the humans' floor, and its mean."""
    import altair as alt

    if human["value"] is None:
        return []
    low, high = human["ci"]
    at = alt.Chart(alt.Data(values=[{"value": low, "end": high}]))
    mean = alt.Chart(alt.Data(values=[{"value": human["value"]}]))
    return [at.mark_rect(color=_BAND, opacity=0.45).encode(x=x, x2="end:Q"), mean.mark_rule(color="#3182bd").encode(x=x)]


def _sides(rows: Sequence[Fields], x: Any, y: Any) -> list[Any]:
    """Intervals of both sides, the way from one to the other, and its head."""
    import altair as alt

    whiskers, marks, ways, blanks = [], [], [], []
    for row in rows:
        told = [(side, row[side], colour) for side, colour in (("before", _BEFORE), ("after", _AFTER))]
        for side, figure, colour in told:
            if figure["value"] is None:
                blanks.append({"setting": row["setting"], "value": 0.0, "note": f"{side}: not measured"})
                continue
            marks.append({"setting": row["setting"], "value": figure["value"], "side": side})
            low, high = figure["ci"]
            if low is not None:
                whiskers.append({"setting": row["setting"], "value": low, "end": high, "colour": colour})
        if None not in (row["before"]["value"], row["after"]["value"]):
            ways.append({"setting": row["setting"], "value": row["before"]["value"], "end": row["after"]["value"]})
    shape = alt.Shape("side:N", title=None, scale=alt.Scale(domain=["before", "after"], range=["square", "diamond"]))
    colour = alt.Color("side:N", title=None, scale=alt.Scale(domain=["before", "after"], range=[_BEFORE, _AFTER]))
    width, way, head, mark, note = (alt.Chart(alt.Data(values=values)) for values in (whiskers, ways, _heads(ways), marks, blanks))
    return [
        width.mark_rule(strokeWidth=5, opacity=0.3).encode(x=x, x2="end:Q", y=y, stroke=alt.Stroke("colour:N", scale=None)),
        way.mark_rule(strokeWidth=1.5, color="#222222").encode(x=x, x2="end:Q", y=y),
        head.mark_point(filled=True, size=45, color="#222222", opacity=1, shape="triangle").encode(
            x=x, y=y, angle=alt.Angle("angle:Q", scale=None)
        ),
        mark.mark_point(filled=True, size=75, opacity=0.95).encode(x=x, y=y, shape=shape, color=colour),
        note.mark_text(align="left", dx=4, fontSize=9, color="#666666").encode(x=x, y=y, text="note:N"),
    ]


def _heads(ways: Sequence[Fields]) -> list[Fields]:
    """A head in the middle of each way, turned to where it leads."""
    return [
        {"setting": way["setting"], "value": (way["value"] + way["end"]) / 2, "angle": 270 if way["end"] < way["value"] else 90}
        for way in ways
    ]


def _numbers(figure: Fields) -> list[float]:
    """Value and upper end of a figure."""
    return [] if figure["value"] is None else [value for value in (figure["value"], (figure["ci"] or [None, None])[1]) if value is not None]
