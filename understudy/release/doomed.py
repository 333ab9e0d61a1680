"""Batches that no gate could pass, whatever is played: known from their size and from their humans, before anything is paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from understudy.parameters import PanelSize
from understudy.records import STRATA
from understudy.release.gates import Declared, Figures, bounds, not_applicable
from understudy.release.verdicts import Verdict

UNLICENSED = "facts.unlicensed_sources"


@dataclass(frozen=True, slots=True)
class Most:
    """How many units a figure can have at most, and why."""

    n: int
    why: str


def most_units(n: int, report: PanelSize) -> dict[str, int]:
    """Figure → how many units it can have at most, in a batch of `n` dialogues with a report of that size.

    Figures of turns and of the human side are left out: their n does not follow from the size.
    """
    dialogues = ("leakage.title", "leakage.attributes", "diagnostics.dcr", "diagnostics.nndr_5")
    facts = ("facts.dialogues", "facts.quarantined", "facts.missing")
    reactions, per_stratum = ("objectives.positive_bias", "diagnostics.over_acceptance"), report.per_stratum
    return {
        **dict.fromkeys((*dialogues, *facts), n),
        **dict.fromkeys(reactions, per_stratum * len(STRATA)),
        "diagnostics.decoy_acceptance": per_stratum,
        "objectives.diversity_gap": report.behaviour,
    }


def impossible(suites: Mapping[str, Sequence[Declared]], n: int, report: PanelSize) -> list[str]:
    """Why each bound fails that no batch of this size can pass, in the order of the suites; empty where every bound can be passed."""
    most = most_units(n, report)
    return [
        f"{name}/{one.name} needs {needed}, and there are at most {most[one.meta['figure']]}"
        for name, suite in suites.items()
        for one in bounds(suite)
        if one.meta["figure"] in most and (needed := _needed(one)) > most[one.meta["figure"]]
    ]


def refused(
    suites: Mapping[str, Sequence[Declared]], data: Figures, *, most: Mapping[str, Most], unknown_licences: Sequence[str]
) -> list[Verdict]:
    """The verdicts that the humans alone decide, in the order of the suites: bounds that apply and lack units, and an unknown licence.

    `data`: the figures `data.…`; `most`: figure → how many units it can have at most with these humans.
    """
    found = []
    for name, suite in suites.items():
        for one in bounds(suite):
            figure, least = one.meta["figure"], int(one.meta["min_n"])
            if figure == UNLICENSED and unknown_licences:
                n = len(unknown_licences)
                detail = f"the licence of the data is {', '.join(unknown_licences)}, which is not known to allow a release"
                found.append(_failed(name, one, float(n), n, detail))
            elif figure in most and most[figure].n < least and not not_applicable(one, data):
                detail = f"not measured: n can be {most[figure].n} at most, since {most[figure].why}; at least {least} are needed"
                found.append(_failed(name, one, None, most[figure].n, detail))
    return found


def _failed(suite: str, bound: Declared, observed: float | None, n: int, detail: str) -> Verdict:
    fixed = bound.meta["bound"].get("fixed")
    at_least = "min_value" in bound.kwargs
    return Verdict(suite, bound.name, bound.name, observed, None, None, n, fixed, False, detail, at_least)


def _needed(bound: Declared) -> int:
    """Units that a bound needs; one that asks for a number of units at least needs that number."""
    least = bound.meta["bound"].get("fixed", 0) if "min_value" in bound.kwargs and bound.meta["figure"].startswith("facts.") else 0
    return max(int(bound.meta["min_n"]), int(least))
