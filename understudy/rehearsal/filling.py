"""Names for the slots of a turn: from the conversation and the need, then from what is common knowledge of the catalogue."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

from understudy.rehearsal.draws import Draws
from understudy.rehearsal.fitted import Fitted
from understudy.rehearsal.masking import plural
from understudy.rehearsal.reading import Wishes

_SLOT = re.compile(r"\{(last|old|own|person|genres?|title|target)\}")
_GENRES = ("comedy", "drama", "action", "thriller")


@dataclass(frozen=True, slots=True)
class Names:
    """Where names come from: the need, titles in the conversation by role, the catalogue."""

    wishes: Wishes
    roles: Mapping[str, str]
    fitted: Fitted


def fill(text: str, names: Names, draws: Draws) -> str:
    """`text` with every slot filled; a title is used once in a turn as long as there are others."""
    used: set[str] = set()

    def name_of(slot: re.Match[str]) -> str:
        name = _name(slot[1], names, used, draws)
        used.add(name)
        return name

    return _SLOT.sub(name_of, text)


def _name(slot: str, names: Names, used: set[str], draws: Draws) -> str:
    if slot in ("last", "old", "own", "title"):
        return _title(slot, names, used, draws)
    if slot == "target":
        return names.wishes.title or "that one"
    if slot == "person":
        people = names.wishes.people or names.fitted.people
        return draws.pick(people) if people else "that actor"
    genres = [*(value for value in names.wishes.suits if " " not in value), *names.wishes.genres] or list(_GENRES)
    genre = draws.pick(genres)
    return plural(genre) if slot == "genres" else genre


def _title(slot: str, names: Names, used: set[str], draws: Draws) -> str:
    by_role: dict[str, list[str]] = {"last": [], "old": []}
    for label, role in names.roles.items():
        by_role[role].append(label)
    fresh = [label for label in names.wishes.enjoyed if label not in names.roles]
    known = [label for label in names.wishes.known if label not in names.roles]
    order = {
        "last": (by_role["last"], by_role["old"]),
        "old": (by_role["old"], by_role["last"]),
        "own": (fresh, known if draws.word() < 0.5 else [], [_famous(names, draws)], by_role["old"]),
        "title": ([_famous(names, draws)], by_role["old"]),
    }[slot]
    for options in order:
        left = sorted(label for label in options if label and label not in used)
        if left:
            return draws.pick(left)
    return "that one"


def _famous(names: Names, draws: Draws) -> str:
    """A title that everybody knows, by how often it is recommended; of a wanted genre where one of a few draws has it."""
    kept = names.fitted.kept
    if "famous" not in kept:
        fame = [(label, n) for label, (_, n) in names.fitted.catalogue.items() if n > 0]
        kept["famous"] = [label for label, _ in fame], list(accumulate(n for _, n in fame))
    labels, sums = kept["famous"]
    if not labels:
        return ""
    wanted = set(names.wishes.genres)
    drawn = [labels[bisect_right(sums, draws.word() * sums[-1])] for _ in range(4)]
    free = [label for label in drawn if label not in names.roles]
    fitting = [label for label in free if wanted & set(names.fitted.catalogue[label][0])]
    return next(iter(fitting or free), "")
