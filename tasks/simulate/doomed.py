"""Batches that cannot pass their gates, whatever is played, are refused before they are paid."""

from __future__ import annotations

from understudy.doors import checks
from understudy.errors import BadInput
from understudy.parameters import PanelSize
from understudy.release.doomed import impossible

_N_NAMED = 4


def require_enough(n: int, report: PanelSize, *, anyway: bool) -> None:
    """Raises BadInput where `n` dialogues with a report of that size fail a gate for want of units, unless they are played `anyway`."""
    why = [] if anyway else impossible(checks.suites(), n, report)
    if why:
        told = "; ".join(why[:_N_NAMED]) + (f"; and {len(why) - _N_NAMED} more" if len(why) > _N_NAMED else "")
        raise BadInput(
            f"a night of {n} dialogues cannot pass its gates: {told}",
            hint="raise --n, or give --anyway to play the night to its failing gates",
        )
