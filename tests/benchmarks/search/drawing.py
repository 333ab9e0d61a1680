"""Pictures of the benchmark: curves with bands, and differences with intervals. Numbers in, SVG text out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from search.statistics import Paired, interval_of

# colours that stay apart for the colour-blind (Okabe and Ito 2008); ours in the strongest
COLOURS = {
    "understudy": "#000000", "gepa": "#0072b2", "textgrad": "#d55e00", "opro": "#009e73", "capo": "#cc79a7", "evoprompt": "#e69f00",
    "nsga2": "#56b4e9", "random": "#999999", "best_shipped": "#f0e442",
}  # fmt: skip


def curves_svg(curves: Mapping[str, Sequence[Sequence[float]]], grid: Sequence[int], *, title: str) -> str:
    """Mean share of the true front's hypervolume against dialogues, a 95 % band over surfaces. curves: optimizer → surface → grid."""
    import altair as alt

    rows = []
    for name, all_ in curves.items():
        for at, n in enumerate(grid):
            mean, lo, hi = interval_of([curve[at] for curve in all_])
            rows.append({"optimizer": name, "dialogues": n, "share": mean, "lo": lo, "hi": hi})
    names = [name for name in COLOURS if name in curves]
    colour = alt.Color("optimizer:N", scale=alt.Scale(domain=names, range=[COLOURS[name] for name in names]), title=None)
    base = alt.Chart(alt.Data(values=rows)).encode(x=alt.X("dialogues:Q", title="dialogues at the provider"))
    band = base.mark_area(opacity=0.12).encode(y=alt.Y("lo:Q", title="share of the true hypervolume"), y2="hi:Q", color=colour)
    line = base.mark_line(strokeWidth=2).encode(y="share:Q", color=colour)
    return _svg((band + line).properties(width=620, height=380, title=title))


def differences_svg(differences: Mapping[str, Mapping[str, Paired]], *, title: str) -> str:
    """Ours minus each peer with its interval over surfaces. differences: block → peer → difference."""
    import altair as alt

    rows = [
        {"block": block, "peer": peer, "difference": one.mean, "lo": one.lo, "hi": one.hi}
        for block, peers in differences.items() for peer, one in peers.items()
    ]  # fmt: skip
    base = alt.Chart(alt.Data(values=rows)).encode(y=alt.Y("peer:N", title=None, sort=list(COLOURS)))
    dots = base.mark_point(filled=True, size=70, color="black").encode(
        x=alt.X("difference:Q", title="understudy minus peer, share of hypervolume")
    )
    bars = base.mark_rule(color="black").encode(x="lo:Q", x2="hi:Q")
    zero = alt.Chart(alt.Data(values=[{"x": 0}])).mark_rule(strokeDash=[4, 4], color="#888888").encode(x="x:Q")
    layered = alt.layer(zero, bars, dots, data=alt.Data(values=rows)).properties(width=300, height=190)
    return _svg(layered.facet(alt.Facet("block:N", title=None, sort=list(differences)), columns=2).properties(title=title))


def _svg(chart: object) -> str:
    import altair as alt
    import vl_convert

    assert isinstance(chart, alt.TopLevelMixin)
    return str(vl_convert.vegalite_to_svg(chart.to_dict()))
