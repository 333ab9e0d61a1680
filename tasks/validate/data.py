"""What the human data can give evidence of: the facts by which a suite says where a bound applies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from understudy.doors.store import Store
from understudy.profile.splits import part_of, split_holding
from understudy.records import PARTS, STRATA, Measured


def facts_of_data(store: Store, batch: Mapping[str, Any]) -> dict[str, Measured]:
    """The figures `data.…` of the humans that a batch is measured against; counts, so without intervals.

    `reactions`: reaction contexts of the whole data set; `targets`: its scenarios; `described_targets`: those of the split `search` whose
    target has a genre, a person, a year or a plot; a stratum by its name: its contexts among the humans that are reported on.
    """
    split = str(batch["split"])
    reported = Counter[str]()
    for row in store.rows("profile/strata_by_seeker", profile_key=batch["profile_key"], split=split_holding(split)):
        if split not in PARTS or part_of(row["seeker_id"]) == split:
            reported[row["stratum"]] += row["n"]
    whole = store.rows("validate/data", profile_key=batch["profile_key"], dataset=batch["dataset"])[0]
    counts: dict[str, int] = {**whole, **{name: reported[name] for name in STRATA}}
    return {name: Measured(float(n), n=n) for name, n in counts.items()}
