"""The profile drawn: SVG text by name, and one page that holds them all. The same counts give the same bytes.

Altair is imported where it is used; it renders without a network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import polars as pl

from understudy.profile.distributions import AFTER
from understudy.report.drawing import rendered
from understudy.report.web import web_page
from understudy.statistics.rates import wilson

VERSION = 1
_COLOURS = {"accept": "#009e73", "reject": "#d55e00", "all": "#444444", "seeker": "#0072b2"}
_CAPTIONS = {
    "turns": "Turns per dialogue, where consecutive messages of one speaker are one turn; the whole data set.",
    "lengths": "Words in a seeker's turn, a title counted as one. Split `select`, reporting part.",
    "acts": "Dialogue acts of seekers' turns, as the act instrument reads them. Split `select`, reporting part.",
    "act_pairs": "Transitions between the acts of consecutive turns of one seeker, as shares of each row. Split `select`, reporting part.",
    "acceptance": "Reactions to a recommendation by stratum of the item, with 95 % Wilson intervals. Split `select`, reporting part.",
    "popularity": "Number of mentions of each item by rank; the whole data set. The line shows Zipf's law.",
}


def pictures(distributions: pl.DataFrame, *, dataset: str) -> dict[str, str]:
    """Picture name → SVG, in the order of the page; what has no counts is not drawn. `distributions`: name, position, label, n, k."""
    parts = {str(name): part.sort("position") for (name,), part in distributions.partition_by("name", as_dict=True).items()}
    drawn: dict[str, str] = {}
    if "turns" in parts and "seeker_turns" in parts:
        drawn["turns"] = _turns(parts["turns"], parts["seeker_turns"], dataset)
    if "lengths" in parts:
        drawn["lengths"] = _lengths(parts["lengths"], dataset)
    if "acts" in parts and parts["acts"]["n"].sum():
        drawn["acts"] = _acts(parts["acts"], dataset)
        drawn["act_pairs"] = _act_pairs(parts["act_pairs"], dataset)
    if "accept" in parts and parts["accept"]["n"].sum():
        drawn["acceptance"] = _acceptance(parts["accept"], parts["reject"], dataset)
    if "popularity" in parts:
        drawn["popularity"] = _popularity(parts["popularity"], dataset)
    return drawn


def page(drawn: Mapping[str, str], *, dataset: str) -> str:
    """One self-contained HTML page with every picture and what it shows."""
    figures = "\n".join(
        f'<figure id="{escape(name)}">\n{svg}\n<figcaption>{escape(_CAPTIONS[name])}</figcaption>\n</figure>' for name, svg in drawn.items()
    )
    title = f"The humans of {dataset}"
    return web_page(title, f"<h1>{escape(title)}</h1>\n{figures}", width_rem=60)


def entropy_bits(counts: Sequence[int]) -> float:
    """The entropy of a distribution in bits, from its counts."""
    shares = np.array([one for one in counts if one], dtype=float)
    shares /= shares.sum()
    return float(-(shares * np.log2(shares)).sum())


def _mean(part: pl.DataFrame) -> float:
    return float(np.average(part["position"].to_numpy(), weights=part["n"].to_numpy()))


def _longest(part: pl.DataFrame) -> int:
    """The end of the axis: at most one value in two hundred is larger, and these fall into the last bar."""
    counts = part["n"].to_numpy()
    return int(part["position"][int(np.argmax(counts.cumsum() >= 0.995 * counts.sum()))])


def _bars(part: pl.DataFrame, colour: str, axis: str, *, last: int, step: int = 2, title: str = "") -> Any:
    """Bars of a share by whole number, drawn as intervals so that gaps stay gaps."""
    import altair as alt

    total = int(part["n"].sum())
    capped = part.group_by(pl.col("position").clip(upper_bound=last)).agg(pl.col("n").sum()).sort("position")
    rows = [{"from": at - 0.5, "to": at + 0.5, "share": n / total} for at, n in capped.select("position", "n").iter_rows()]
    scale = alt.Scale(domain=[-0.5, last + 0.5], nice=False)
    ticks = alt.Axis(values=list(range(0, last + 1, step)), grid=False, format="d")
    chart = alt.Chart(alt.Data(values=rows)).mark_bar(color=colour, opacity=0.8, stroke="white", strokeWidth=0.5)
    chart = chart.encode(
        x=alt.X("from:Q", bin="binned", title=f"{axis} ({last} and more in the last bar)", axis=ticks, scale=scale),
        x2="to:Q",
        y=alt.Y("share:Q", title="share", axis=alt.Axis(format="%", tickCount=5)),
    )
    return chart.properties(width=520, height=170, title=alt.TitleParams(title, anchor="start", fontSize=11))


def _turns(every: pl.DataFrame, seekers: pl.DataFrame, dataset: str) -> str:
    import altair as alt

    last = _longest(every)
    panels = [
        _bars(part, _COLOURS[name], axis, last=last, title=f"mean {_mean(part):.2f}")
        for name, part, axis in (("all", every, "turns of both speakers"), ("seeker", seekers, "turns of the seeker"))
    ]
    return rendered(alt.vconcat(*panels), f"{dataset}: turns per dialogue (n = {every['n'].sum():,} dialogues)")


def _lengths(part: pl.DataFrame, dataset: str) -> str:
    chart = _bars(part, _COLOURS["seeker"], "words in a turn", last=_longest(part), step=5)
    return rendered(chart, f"{dataset}: length of seekers' turns (mean {_mean(part):.2f}, n = {part['n'].sum():,} turns)")


def _acts(part: pl.DataFrame, dataset: str) -> str:
    import altair as alt

    total = int(part["n"].sum())
    rows = [{"act": act, "share": n / total, "told": f"{n / total:.1%}"} for act, n in part.select("label", "n").iter_rows()]
    y = alt.Y("act:N", sort="-x", title=None)
    bars = alt.Chart(alt.Data(values=rows)).mark_bar(color=_COLOURS["seeker"], opacity=0.8)
    texts = alt.Chart(alt.Data(values=rows)).mark_text(align="left", dx=4, fontSize=10)
    x = alt.X("share:Q", title="share of seekers' turns", axis=alt.Axis(format="%"))
    chart = (bars.encode(x=x, y=y) + texts.encode(x=x, y=y, text="told:N")).properties(width=440, height=240)
    return rendered(chart, f"{dataset}: dialogue acts of seekers (n = {total:,} turns)")


def _act_pairs(part: pl.DataFrame, dataset: str) -> str:
    import altair as alt

    pairs = [(*label.split(AFTER), n) for label, n in part.select("label", "n").iter_rows()]
    totals: dict[str, int] = {}
    for before, _, n in pairs:
        totals[before] = totals.get(before, 0) + n
    rows = [
        {"before": f"{before} ({totals[before]:,})", "now": now, "share": n / totals[before], "told": f"{n / totals[before]:.0%}"}
        for before, now, n in pairs
        if totals[before]
    ]
    befores, nows = (list(dict.fromkeys(row[side] for row in rows)) for side in ("before", "now"))
    x = alt.X("now:N", sort=nows, title="act of this turn", axis=alt.Axis(labelAngle=0, orient="top", grid=False))
    y = alt.Y("before:N", sort=befores, title="act of the turn before (turns)", axis=alt.Axis(grid=False))
    cells = alt.Chart(alt.Data(values=rows)).mark_rect()
    # no legend: the renderer numbers the gradients of a process, so the same picture would not be the same bytes
    colour = alt.Color("share:Q", scale=alt.Scale(scheme="blues"), legend=None)
    texts = alt.Chart(alt.Data(values=rows)).mark_text(fontSize=9)
    dark = alt.condition("datum.share > 0.45", alt.value("white"), alt.value("#333333"))
    chart = (cells.encode(x=x, y=y, color=colour) + texts.encode(x=x, y=y, text="told:N", color=dark)).properties(width=560, height=300)
    return rendered(chart, f"{dataset}: which act follows which")


def _acceptance(accept: pl.DataFrame, reject: pl.DataFrame, dataset: str) -> str:
    import altair as alt

    rows = []
    for name, part in (("accept", accept), ("reject", reject)):
        for stratum, n, k in part.filter(pl.col("n") > 0).select("label", "n", "k").iter_rows():
            rate = wilson(k, n)
            shown = f"{stratum.replace('_', ', ')} (n = {n:,})"
            rows.append({"what": name, "stratum": shown, "rate": rate.value, "lo": rate.lo, "hi": rate.hi, "told": f"{rate.value:.1%}"})
    strata = list(dict.fromkeys(row["stratum"] for row in rows))
    colours = alt.Scale(domain=["accept", "reject"], range=[_COLOURS["accept"], _COLOURS["reject"]])
    y = alt.Y("stratum:N", sort=strata, title="what the form says of the item")
    shift = alt.YOffset("what:N", sort=["accept", "reject"])
    colour = alt.Color("what:N", scale=colours, title=None)
    most = min(1.12, max(float(row["hi"] or 0) for row in rows) + 0.07)
    axis: dict[str, Any] = {
        "title": "share of reactions, 95 % Wilson intervals",
        "axis": alt.Axis(format="%"),
        "scale": alt.Scale(domain=[0, most], nice=False),
    }
    x, low = alt.X("rate:Q", **axis), alt.X("lo:Q", **axis)
    base = alt.Chart(alt.Data(values=rows))
    whiskers = base.mark_rule(strokeWidth=2).encode(x=low, x2="hi:Q", y=y, yOffset=shift, color=colour)
    points = base.mark_point(filled=True, size=70, opacity=1).encode(x=x, y=y, yOffset=shift, color=colour)
    texts = base.mark_text(align="left", dx=6, fontSize=10).encode(x=alt.X("hi:Q", **axis), y=y, yOffset=shift, text="told:N")
    return rendered((whiskers + points + texts).properties(width=460, height=240), f"{dataset}: reactions by stratum")


def _popularity(part: pl.DataFrame, dataset: str) -> str:
    import altair as alt

    # items named equally often are one flat step: its two ends draw it as well as thousands of points
    ends = part.group_by("n").agg(pl.col("position").min().alias("from"), pl.col("position").max().alias("to")).sort("from")
    rows = [{"rank": rank, "n": n} for n, low, high in ends.select("n", "from", "to").iter_rows() for rank in dict.fromkeys((low, high))]
    first, total = rows[0]["n"], int(part["n"].sum())
    law = [{"rank": rank, "n": first / rank} for rank in (1, min(len(part), first))]
    x = alt.X("rank:Q", scale=alt.Scale(type="log"), title="rank", axis=alt.Axis(tickCount=5, format=","))
    y = alt.Y("n:Q", scale=alt.Scale(type="log"), title="times named", axis=alt.Axis(tickCount=4, format=","))
    points = alt.Chart(alt.Data(values=rows)).mark_line(point=alt.OverlayMarkDef(size=16), color=_COLOURS["seeker"]).encode(x=x, y=y)
    line = alt.Chart(alt.Data(values=law)).mark_line(strokeDash=[4, 3], color="#888888").encode(x=x, y=y)
    bits = entropy_bits(part["n"].to_list())
    told = f"{dataset}: item popularity ({total:,} times {len(part):,} items, entropy {bits:.2f} bits)"
    return rendered((line + points).properties(width=460, height=300), told)
