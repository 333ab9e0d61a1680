"""The true front of a rehearsal surface, for `front --true`: the one place where rehearsal's truth meets the search's hypervolume."""

from __future__ import annotations

from typing import Any

import numpy as np

from understudy import rehearsal
from understudy.rehearsal import fronts, truth
from understudy.report.drawing import FrontPoint, front_svg
from understudy.search import moo
from understudy.tasks.play.surfaces import surface_named
from understudy.tasks.studies.results.fronts import FrontFields, PointFields

Fields = dict[str, Any]


def true_front(surface: str) -> FrontFields:
    """`points, hypervolume, reference` of a surface (a name or a TOML file), and what a bare prompt gets there.

    Hypervolumes are shares of the box between 0 and the reference. `hypervolume_supported` is that of the points which some
    weighted sum finds: what it lacks lies in parts of the front that are not convex.
    """
    drawn = surface_named(surface)
    members, reference = fronts.true_front(drawn), fronts.reference_of(drawn)
    values = np.array([member.point.vector for member in members])
    found = truth.supported(values)
    return {
        "surface": drawn.name,
        "surface_digest": drawn.digest,
        "truth_digest": rehearsal.ADDED_DIGEST,
        "engine": "rehearsal",
        "n_points": len(members),
        "points": [_point(member, at in found) for at, member in enumerate(members)],
        "hypervolume": moo.hypervolume(values, reference),
        "hypervolume_supported": moo.hypervolume(values[found], reference),
        "n_supported": len(found),
        "reference": dict(zip(truth.OBJECTIVES, reference.tolist(), strict=True)),
        "bare": dict(fronts.bare_point(drawn).objectives),
    }


def front_picture(fields: FrontFields) -> str:
    """The front as SVG text, the bare prompt beside it."""
    points = [FrontPoint(f"point {at}", "front", one["objectives"]) for at, one in enumerate(fields["points"], start=1)]
    bare = FrontPoint("bare prompt", "seed", fields["bare"])
    return front_svg([*points, bare], title=f"True front of rehearsal surface {fields['surface']}, {fields['n_points']} points")


def _point(member: fronts.FrontMember, is_supported: bool) -> PointFields:
    genome = member.choice.genome()
    return {
        "objectives": dict(member.point.objectives),
        "faults": dict(member.point.faults),
        "supported": is_supported,
        "levers": dict(member.choice.levers),
        "sections": dict(genome.sections),
        "controls": genome.as_json()["controls"],
        "n_exemplars": member.choice.n_exemplars,
    }
