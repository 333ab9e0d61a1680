"""Pictures of a search under way: hypervolume against what was spent, and what each operator brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from understudy.report.drawing import rendered

_LINE, _ARCHIVE = "#0072b2", "#b0b0b0"


def progress_svg(generations: Sequence[Mapping[str, Any]], *, title: str) -> str:
    """Hypervolume of each generation and of the archive against the dialogues spent so far.

    `generations`: n_dialogues_so_far, hypervolume, archive_hypervolume (None where it was not kept).
    """
    import altair as alt

    kinds = {"hypervolume": "generation", "archive_hypervolume": "archive (optimistic)"}
    rows = [
        {"dialogues": row["n_dialogues_so_far"], "hypervolume": row[name], "kind": kind}
        for row in generations
        for name, kind in kinds.items()
        if row[name] is not None
    ]
    colour = alt.Color("kind:N", title=None, scale=alt.Scale(domain=list(kinds.values()), range=[_LINE, _ARCHIVE]))
    chart = (
        alt.Chart(alt.Data(values=rows))
        .mark_line(point=True)
        .encode(
            x=alt.X("dialogues:Q", title="dialogues played"),
            y=alt.Y("hypervolume:Q", title="hypervolume (share of the reference box)", scale=alt.Scale(domain=[0, 1])),
            color=colour,
        )
        .properties(width=460, height=240)
    )
    return rendered(chart, title)


def operators_svg(credits_by_generation: Sequence[Mapping[str, Any]], *, title: str) -> str:
    """How often each operator is drawn after each generation, and what it has gained in all.

    `credits_by_generation`: generation, operator, gain, chance.
    """
    import altair as alt

    rows = [dict(row) for row in credits_by_generation]
    data = alt.Data(values=rows)
    chance = (
        alt.Chart(data)
        .mark_line(point=True)
        .encode(
            x=alt.X("generation:O", title="after generation"),
            y=alt.Y("chance:Q", title="probability of being drawn", axis=alt.Axis(format="%")),
            color=alt.Color("operator:N", title=None, scale=alt.Scale(scheme="tableau20")),
        )
        .properties(width=300, height=240)
    )
    gained = (
        alt.Chart(data)
        .mark_bar()
        .encode(
            x=alt.X("sum(gain):Q", title="total hypervolume gained"),
            y=alt.Y("operator:N", title=None, sort="-x"),
            color=alt.Color("operator:N", title=None, scale=alt.Scale(scheme="tableau20"), legend=None),
        )
        .properties(width=220, height=240)
    )
    return rendered(alt.hconcat(chance, gained), title)
