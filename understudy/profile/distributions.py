"""The counts behind the drawn profile: how long seekers' turns are, which acts they hold, what they accept by stratum."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from understudy.instruments import acts
from understudy.measure.reference import Reference
from understudy.records import STRATA

VERSION = 1
SCHEMA: dict[str, Any] = {
    "profile_key": pl.String, "name": pl.String, "position": pl.Int32, "label": pl.String, "n": pl.Int64, "k": pl.Int64,
}  # fmt: skip
AFTER = " > "  # between an act and the one that follows it


def spoken(reference: Reference, *, profile_key: str) -> pl.DataFrame:
    """Rows of profile.distributions by the instruments: lengths, acts, act_pairs, and accept and reject (`k` of `n`) by stratum."""
    humans = reference.corpus
    lengths = humans.lengths.sum(axis=0).astype(np.int64).tolist()
    pairs = humans.acts.sum(axis=0).astype(np.int64)
    rows: list[tuple[str, int, str, int, int | None]] = [("lengths", n, str(n), count, None) for n, count in enumerate(lengths) if count]
    rows += [("acts", at, act, int(pairs[:, at].sum()), None) for at, act in enumerate(acts.ACTS)]
    for one, before in enumerate(acts.PREVIOUS):
        for other, now in enumerate(acts.ACTS):
            rows.append(("act_pairs", one * len(acts.ACTS) + other, f"{before}{AFTER}{now}", int(pairs[one, other]), None))
    for at, stratum in enumerate(STRATA):
        labels = reference.reactions.filter(pl.col("stratum") == stratum)["label"]
        rows += [(name, at, stratum, len(labels), int((labels == name).sum())) for name in ("accept", "reject")]
    return pl.DataFrame([(profile_key, *row) for row in rows], schema=SCHEMA, orient="row")
