"""When too much of what was to be played is missing for a result: what was said is kept, what was not is asked again next time."""

from __future__ import annotations

from collections.abc import Sequence

from understudy.doors.gateway.failure_kinds import hint_of
from understudy.errors import ProviderFailed
from understudy.play.dialogue import Played
from understudy.rows import played as rows
from understudy.tasks.play.opened import OpenRun
from understudy.tasks.play.work import Work

MAX_MISSING = 0.5
_OTHER = "read the dialogues in the store; another model or another prompt setting may keep to its role"
_GO_ON = "the other dialogues are stored; run the same command again to play the missing ones"


def require_replies(opened: OpenRun, work: Work, played: Sequence[Played], fresh: Sequence[Played]) -> None:
    """Raises ProviderFailed where more than half of the free runs among `played` are missing, or none of them can be used.

    Dialogues that are not missing are kept then. The others are not: they would stand in the way of the same command when the
    provider answers again.
    """
    runs = [one for one in played if one.mode == "free"]
    missing = [one.reason for one in runs if one.status == "missing"]
    invalid = [one.reason for one in runs if one.status == "invalid"]
    if len(missing) > MAX_MISSING * len(runs):
        lost, told, hint = missing, "are missing", _GO_ON
    elif runs and len(missing) + len(invalid) == len(runs):
        lost, told, hint = invalid, "are invalid and none can be used", _OTHER
    else:
        return
    with opened.store.transaction():
        rows.keep_played(opened.store, [one for one in fresh if one.status != "missing"], profile_key=work.profile_key)
    raise _lost(lost, f"{len(lost)} of {len(runs)} dialogues with {work.recommender} {told}", hint)


def require_seed_replies(played: Sequence[Played], *, n_dialogues: int) -> None:
    """Raises ProviderFailed where more than half of a seed prompt's dialogues are missing: without it a search has no scale.

    `played`: those that were played now. Nothing of them may be written then; the replies are in the ledger.
    """
    missing = [one.reason for one in played if one.status == "missing"]
    if len(missing) > MAX_MISSING * n_dialogues:
        raise _lost(missing, f"{len(missing)} of {n_dialogues} dialogues with the seed prompt of the search are missing", _GO_ON)


def _lost(reasons: Sequence[str], what: str, hint: str) -> ProviderFailed:
    most = max(sorted(set(reasons)), key=reasons.count)
    return ProviderFailed(f"{what}, most often because: {most}", hint=f"{known}; {hint}" if (known := hint_of(most)) else hint)
