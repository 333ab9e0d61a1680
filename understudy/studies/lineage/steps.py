"""The lineage of a prompt: the steps from the seed prompt of its search, what each changed, and by how much it improved the objectives.

A step leads from a candidate's first parent, which it was made of, to the candidate. Both were measured in the generation in
which the candidate appeared, on the panel of that generation, so their difference is a paired one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from understudy.errors import BadInput
from understudy.prompt.genome import SECTIONS, Controls, Genome
from understudy.records import Measured
from understudy.report.document import Op

VERSION = 1
SURVIVOR = "survivor"
Pieces = tuple[tuple[Op, str], ...]
Figures = Mapping[str, Measured]
# below this share of common words a rewriting is shown as one text for another: a diff of crumbs cannot be read
_ALIKE = 0.35
_WORD = re.compile(r"\S+\s*|\s+")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row of a search: who was proposed, made how and of whom; `fault` and `section` are a critic's, where one wrote it."""

    generation: int
    genome_digest: str
    operator: str
    parents: tuple[str, ...]
    is_played: bool
    reason: str = ""
    objective: str = ""
    fault: str = ""
    section: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What is different between two prompts."""

    sections: Mapping[str, Pieces]
    controls: Mapping[str, tuple[Any, Any]]
    exemplars_added: tuple[str, ...]
    exemplars_dropped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LineageStep:
    """One step of a lineage. `siblings`: children of the same parent in that generation, this one left out."""

    candidate: Candidate
    change: Change
    before: Figures
    after: Figures
    n_siblings_played: int
    siblings_rejected: Mapping[str, int]


def path(candidates: Sequence[Candidate], genome_digest: str) -> list[Candidate]:
    """The candidates from the first child of the seed to `genome_digest`; none where it is the seed. Raises BadInput."""
    births: dict[str, Candidate] = {}
    for one in sorted(candidates, key=lambda each: each.generation):
        if one.is_played and one.operator != SURVIVOR:
            births.setdefault(one.genome_digest, one)
    found: list[Candidate] = []
    at = genome_digest
    while True:
        if at not in births:
            raise BadInput(f"the search has no candidate {at}", hint="give --genome the digest of a candidate of this search")
        born = births[at]
        if not born.parents:
            return found[::-1]
        found.append(born)
        at = born.parents[0]
        if any(each.genome_digest == at for each in found):
            raise BadInput(f"the lineage of {genome_digest} has a cycle at {at}")


def steps(
    candidates: Sequence[Candidate],
    genomes: Mapping[str, Genome],
    measured: Mapping[tuple[int, str], Figures],
    genome_digest: str,
) -> list[LineageStep]:
    """The lineage of a genome. `measured`: (generation, digest) → its objectives on that generation's panel."""
    return [_step(one, candidates, genomes, measured) for one in path(candidates, genome_digest)]


def change(before: Genome, after: Genome) -> Change:
    """What makes `after` of `before`; sections, controls and exemplars that stay are left out."""
    differ = [name for name in SECTIONS if before.sections[name] != after.sections[name]]
    old, new = _dials_of(before), _dials_of(after)
    controls = {name: (old.get(name), new.get(name)) for name in dict.fromkeys((*old, *new)) if old.get(name) != new.get(name)}
    return Change(
        {name: diff(before.sections[name], after.sections[name]) for name in differ},
        controls,
        tuple(one for one in after.exemplars if one not in before.exemplars),
        tuple(one for one in before.exemplars if one not in after.exemplars),
    )


def _dials_of(genome: Genome) -> dict[str, Any]:
    """The controls of a prompt by name, with the dials of its policy where it has one."""
    controls = {name: getattr(genome.controls, name) for name in Controls.__dataclass_fields__}
    policy = genome.policy.as_json() if genome.policy is not None else {}
    return controls | {f"policy.{name}": value for name, value in policy.items()}


def diff(before: str, after: str) -> Pieces:
    """The text as words that stayed, went and came; without the gone ones it is `after`, without the new ones `before`, and a blank."""
    # a last word is the same word where a sentence now follows it
    old, new = _WORD.findall(f"{before} "), _WORD.findall(f"{after} ")
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < _ALIKE:
        return (("gone", f"{before} "), ("new", f"{after} "))
    pieces: list[tuple[Op, str]] = []
    for kind, i, j, k, m in matcher.get_opcodes():
        if kind == "equal":
            pieces.append(("same", "".join(old[i:j])))
        else:
            pieces += [("gone", "".join(old[i:j])), ("new", "".join(new[k:m]))]
    return _joined(pieces)


def gain(before: Measured, after: Measured) -> Measured:
    """before - after of one objective; above 0 is better, since all of them are lower-is-better. Without an interval of its own."""
    if before.value is None or after.value is None:
        return Measured(None, reason=before.reason or after.reason)
    return Measured(before.value - after.value, n=min(before.n, after.n))


def _step(
    one: Candidate, candidates: Sequence[Candidate], genomes: Mapping[str, Genome], measured: Mapping[tuple[int, str], Figures]
) -> LineageStep:
    parent = one.parents[0]
    siblings = [
        each
        for each in candidates
        if each.generation == one.generation and each.operator != SURVIVOR and each.parents[:1] == (parent,) and each is not one
    ]
    rejected: dict[str, int] = {}
    for each in siblings:
        if not each.is_played:
            # figures after a colon differ from one to the next
            reason = each.reason.partition(":")[0]
            rejected[reason] = rejected.get(reason, 0) + 1
    return LineageStep(
        candidate=one,
        change=change(genomes[parent], genomes[one.genome_digest]),
        before=measured.get((one.generation, parent), {}),
        after=measured.get((one.generation, one.genome_digest), {}),
        n_siblings_played=sum(each.is_played for each in siblings),
        siblings_rejected=dict(sorted(rejected.items())),
    )


def _joined(pieces: Sequence[tuple[Op, str]]) -> Pieces:
    kept: list[tuple[Op, str]] = []
    for op, text in pieces:
        if not text:
            continue
        if kept and kept[-1][0] == op:
            kept[-1] = (op, kept[-1][1] + text)
        else:
            kept.append((op, text))
    return tuple(kept)
