"""How much a batch's report holds: the size at which the humans' floors are measured that its figures are held against."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy.parameters import LEAST_DIALOGUES, PanelSize
from understudy.records import STRATA


def size_of(evaluation: Mapping[str, Any]) -> PanelSize | None:
    """Contexts per stratum, dialogues and free runs behind the figures of an evaluation; None where too little was played for a floor.

    `evaluation` holds objectives, leakage and diagnostics in the contract's forms. Counted rather than remembered: replies that
    are missing are no evidence, and an evaluation of any version has its counts.
    """
    per_stratum = max(_n(evaluation["diagnostics"], f"accept_{name}") for name in STRATA)
    behaviour = _n(evaluation["objectives"], "diversity_gap")
    if per_stratum < 1 or behaviour < LEAST_DIALOGUES:
        return None
    return PanelSize(per_stratum=per_stratum, behaviour=behaviour, free=_n(evaluation["leakage"], "title"))


def _n(figures: Mapping[str, Mapping[str, Any]], name: str) -> int:
    return int(figures.get(name, {}).get("n") or 0)
