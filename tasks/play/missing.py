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
_GO_ON = "the other dialogues are stored; run the same command again to play the missing ones"


def require_replies(opened: OpenRun, work: Work, played: Sequence[Played], fresh: Sequence[Played]) -> None:
    """Raises ProviderFailed where more than half of the free runs among `played` are missing.

    Dialogues that are not missing are kept then. The others are not: they would stand in the way of the same command when the
    provider answers again.
    """
    runs = [one for one in played if one.mode == "free"]
    missing = [one.reason for one in runs if one.status == "missing"]
    if len(missing) <= MAX_MISSING * len(runs):
        return
    with opened.store.transaction():
        rows.keep_played(opened.store, [one for one in fresh if one.status != "missing"], profile_key=work.profile_key)
    most = max(sorted(set(missing)), key=missing.count)
    raise ProviderFailed(
        f"{len(missing)} of {len(runs)} dialogues with {work.recommender} are missing, most often because: {most}",
        hint=f"{told}; {_GO_ON}" if (told := hint_of(most)) else _GO_ON,
    )
