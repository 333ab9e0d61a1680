"""What the human data can give evidence of: the facts by which a suite says where a bound applies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy.doors.store import Store
from understudy.records import STRATA, Measured
from understudy.rows.handle import Humans


def facts_of_data(store: Store, batch: Mapping[str, Any]) -> dict[str, Measured]:
    """The figures `data.…` of the humans that a batch is measured against; counts, so without intervals.

    `reactions`: reaction contexts of the whole data set; a stratum by its name: its contexts among the humans that are reported on;
    `targets`: scenarios of the whole data set; `described_targets`: those of the batch's own split whose target has a genre, a person,
    a year or a plot.
    """
    humans = Humans(store, batch["dataset"], batch["profile_key"])
    reported: dict[str, int] = dict(humans.reactions(batch["split"]).group_by("stratum").len().iter_rows())
    counts = {
        "reactions": sum(row["n"] for row in humans.rows("profile/strata") if row["stratum"] in STRATA),
        "targets": sum(row["n_scenarios"] for row in humans.rows("profile/splits")),
        "described_targets": sum(humans.items[one.target].is_described for one in humans.scenarios("search").values()),
        **{name: reported.get(name, 0) for name in STRATA},
    }
    return {name: Measured(float(n), n=n) for name, n in counts.items()}
