"""How a dialogue ends, by the same rules for those that are played and for those in the logs.

A played dialogue stops at the first rule that holds. People may go on after it; in their dialogues it is the first one that holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal, get_args

from understudy.prompt.speech import repeats, says_goodbye, thanks_loop
from understudy.records import Role

Ending = Literal["goodbye", "thanks_loop", "repetition", "recommender_goodbye", "cap", "stops"]
ENDINGS: tuple[Ending, ...] = get_args(Ending)
MAX_TURNS = 20
_N_ALIKE = 3


def over_by_seeker(own: Sequence[str]) -> Ending | None:
    """Why a seeker's last turn ends the dialogue; None where it does not. `own`: all turns of the seeker, at least one."""
    if says_goodbye(own[-1]):
        return "goodbye"
    if thanks_loop(own):
        return "thanks_loop"
    return "repetition" if repeats(own) else None


def over_by_recommender(own: Sequence[str]) -> Ending | None:
    """Why a recommender's last turn ends the dialogue; None where it does not. `own`: all its turns, at least one."""
    if says_goodbye(own[-1]):
        return "recommender_goodbye"
    return "repetition" if len(own) >= _N_ALIKE and len(set(own[-_N_ALIKE:])) == 1 else None


def ending_of(turns: Iterable[tuple[Role, str]], *, most: int = MAX_TURNS) -> Ending:
    """How a dialogue ends: by the first rule that holds, at the cap of `most` turns, or `stops` where it ends without any of these."""
    said: dict[Role, list[str]] = {"seeker": [], "recommender": []}
    for n, (role, text) in enumerate(turns, start=1):
        said[role].append(text)
        found = over_by_seeker(said[role]) if role == "seeker" else over_by_recommender(said[role])
        if found is not None:
            return found
        if n >= most:
            return "cap"
    return "stops"


def endings(dialogues: Iterable[Sequence[tuple[Role, str]]], *, most: int = MAX_TURNS) -> dict[Ending, int]:
    """Ending → dialogues that end so, for every ending there is. `most`: the cap on turns that the played ones have."""
    counted = Counter(ending_of(turns, most=most) for turns in dialogues)
    return {name: counted[name] for name in ENDINGS}
