"""Stage profile: the two parts of the split `select`, and whether each of their strata has as many contexts as its part needs."""

from __future__ import annotations

from collections import Counter

from understudy.measure.reference import MIN_CHOOSING, MIN_CONTEXTS
from understudy.profile.splits import part_of
from understudy.records import CHOOSING, DECOY, DIVIDED, PARTS, REPORTING, STRATA, Part
from understudy.report.markdown import table
from understudy.rows.handle import Humans
from understudy.tasks.profile.results import PartFields, StratumFields

NEEDED: dict[Part, int] = {CHOOSING: MIN_CHOOSING, REPORTING: MIN_CONTEXTS}
UNDERPOWERED = "underpowered"


def part_fields(humans: Humans) -> dict[str, PartFields]:
    """Part of `select` → its dialogues, its seekers, and the reaction contexts of each stratum."""
    counted = {part: Counter[str]() for part in PARTS}
    for row in humans.rows("profile/strata_by_seeker", split=DIVIDED):
        counted[part_of(row["seeker_id"])][row["stratum"]] += row["n"]
    return {part: _part(humans.members(part), counted[part], needed=NEEDED[part]) for part in PARTS}


def part_table(parts: dict[str, PartFields]) -> str:
    """The strata of both parts in Markdown."""
    rows = [[part, name, stratum_cell(one)] for part, told in parts.items() for name, one in told["strata"].items()]
    return table(["part of select", "stratum", "reaction contexts"], rows)


def stratum_cell(one: StratumFields) -> str:
    """The number of contexts, and the word *underpowered* where they are too few."""
    return f"{one['n']} ({UNDERPOWERED}: {one['needed']} needed)" if one["underpowered"] else str(one["n"])


def _part(members: dict[str, str], counted: Counter[str], *, needed: int) -> PartFields:
    return {
        "n_dialogues": len(members),
        "n_seekers": len(set(members.values())),
        "strata": {
            name: {"n": counted[name], "needed": needed, "underpowered": counted[name] < needed} for name in (*STRATA, DECOY)
        },
    }  # fmt: skip
