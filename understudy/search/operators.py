"""Operators of the search: from parents to one child. Every draw comes from the generator that is handed in.

An operator that cannot be applied to its parents (no exemplar to drop, say) returns None; the child may still fail the
screen, which is the loop's business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from understudy.prompt.dials import RANGES, PolicyDials
from understudy.prompt.genome import DISCLOSURES, MAX_EXEMPLARS, PERSONAS, SECTIONS, STRUCTURE, VISIBILITIES, Controls, Genome

VERSION = 1
TOP_PS = (0.8, 0.9, 0.95, 1.0)
MAX_TEMPERATURE = 1.5
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")

Value = TypeVar("Value")
Parents = tuple[Genome, Genome]


@dataclass(frozen=True, slots=True)
class Pool:
    """Material from outside the population: prompts whose sections may be taken over, ids of the exemplar split."""

    prompts: tuple[Genome, ...] = ()
    exemplars: tuple[str, ...] = ()


def crossover(parents: Parents, *, pool: Pool, rng: np.random.Generator) -> Genome | None:
    """The first parent with one to three whole sections of the second parent or of a pool prompt."""
    first, donor = parents[0], _donor(parents, pool, rng)
    different = [name for name in SECTIONS if donor.sections[name] != first.sections[name]]
    if not different:
        return None
    taken = rng.permutation(len(different))[: rng.integers(1, 4)]
    names = {different[int(i)] for i in taken}
    return _with_sections(first, {name: donor.sections[name] for name in names})


def transplant(parents: Parents, *, pool: Pool, rng: np.random.Generator) -> Genome | None:
    """The first parent with one sentence of a donor's section added to its own, or put in the place of one of its sentences."""
    first, donor = parents[0], _donor(parents, pool, rng)
    name = SECTIONS[int(rng.integers(len(SECTIONS)))]
    own = sentences(first.sections[name])
    new = [text for text in sentences(donor.sections[name]) if text not in own]
    if not new:
        return None
    sentence = _one(new, rng)
    if rng.random() < 0.5:
        own.append(sentence)
    else:
        own[int(rng.integers(len(own)))] = sentence
    return _with_sections(first, {name: " ".join(own)})


def prune(parents: Parents, *, pool: Pool, rng: np.random.Generator) -> Genome | None:  # noqa: ARG001 - the operators share one signature
    """The first parent without one sentence of a section that has several."""
    first = parents[0]
    several = [name for name in SECTIONS if len(sentences(first.sections[name])) > 1]
    if not several:
        return None
    name = _one(several, rng)
    kept = sentences(first.sections[name])
    del kept[int(rng.integers(len(kept)))]
    return _with_sections(first, {name: " ".join(kept)})


def add_exemplar(parents: Parents, *, pool: Pool, rng: np.random.Generator) -> Genome | None:
    """The first parent with one more exemplar, at the end."""
    first = parents[0]
    free = _unused(first, pool)
    if not free or len(first.exemplars) >= MAX_EXEMPLARS:
        return None
    return replace(first, exemplars=(*first.exemplars, _one(free, rng)))


def drop_exemplar(parents: Parents, *, pool: Pool, rng: np.random.Generator) -> Genome | None:  # noqa: ARG001
    """The first parent with one exemplar less."""
    first = parents[0]
    if not first.exemplars:
        return None
    left = list(first.exemplars)
    del left[int(rng.integers(len(left)))]
    return replace(first, exemplars=tuple(left))


def swap_exemplar(parents: Parents, *, pool: Pool, rng: np.random.Generator) -> Genome | None:
    """The first parent with one exemplar replaced by another one of the exemplar split."""
    first = parents[0]
    free = _unused(first, pool)
    if not free or not first.exemplars:
        return None
    swapped = list(first.exemplars)
    swapped[int(rng.integers(len(swapped)))] = _one(free, rng)
    return replace(first, exemplars=tuple(swapped))


def mutate_controls(parents: Parents, *, pool: Pool, rng: np.random.Generator) -> Genome | None:  # noqa: ARG001
    """The first parent with one or two controls changed: temperature by steps of .1, dials of a policy by their steps, the rest to
    another value.

    The structure of its setting stays, and what that structure leaves without effect is not drawn.
    """
    first = parents[0]
    idle = {"visibility"} if first.controls.persona_source == "seen" else set[str]()
    if first.policy is not None:
        idle |= {"disclosure", "patience"}
    names = [name for name in Controls.__dataclass_fields__ if name not in STRUCTURE and name not in idle]
    names += RANGES if first.policy is not None else ()
    chosen = rng.permutation(len(names))[: rng.integers(1, 3)]
    controls, policy = first.controls, first.policy
    for i in chosen:
        name = names[int(i)]
        if policy is not None and name in RANGES:
            policy = _turned(policy, name, rng)
            continue
        changed: dict[str, Any] = {name: _mutated(controls, name, rng)}
        controls = replace(controls, **changed)
    return replace(first, controls=controls, policy=policy)


Operator = Callable[..., "Genome | None"]
# chances of being drawn; text carries most of what a prompt can change, so it is varied most
OPERATORS: Mapping[str, tuple[Operator, float]] = {
    "crossover": (crossover, 0.30),
    "transplant": (transplant, 0.20),
    "prune": (prune, 0.10),
    "add_exemplar": (add_exemplar, 0.10),
    "drop_exemplar": (drop_exemplar, 0.05),
    "swap_exemplar": (swap_exemplar, 0.05),
    "controls": (mutate_controls, 0.20),
}
PRIOR: Mapping[str, float] = {name: chance for name, (_, chance) in OPERATORS.items()}


@dataclass(frozen=True, slots=True)
class Child:
    """A genome and the operators that made it, joined by `+`."""

    genome: Genome
    operator: str


def breed(
    parents: Parents, *, pool: Pool, rng: np.random.Generator, n_steps: int, chances: Mapping[str, float] = PRIOR
) -> Child | None:
    """A child made in `n_steps` steps, or None when it is no different from its first parent.

    A step draws one of the operators of `chances` by its chance among those that can be applied.
    """
    names = [name for name in OPERATORS if name in chances]
    weights = np.array([chances[name] for name in names])
    genome, used = parents[0], list[str]()
    for _ in range(n_steps):
        for i in rng.choice(len(names), size=len(names), replace=False, p=weights / weights.sum()):
            child = OPERATORS[names[int(i)]][0]((genome, parents[1]), pool=pool, rng=rng)
            if child is not None:
                genome = child
                used.append(names[int(i)])
                break
    return None if genome.digest == parents[0].digest else Child(genome, "+".join(used))


def sentences(text: str) -> list[str]:
    """The sentences of a section; at least one, and joined by a space they say the same."""
    return [part for part in _SENTENCE_END.split(text.strip()) if part] or [text]


def _donor(parents: Parents, pool: Pool, rng: np.random.Generator) -> Genome:
    # half of the material comes from the population, so what was found spreads; half is new to it
    if pool.prompts and (rng.random() < 0.5 or parents[0].digest == parents[1].digest):
        return _one(pool.prompts, rng)
    return parents[1]


def _with_sections(genome: Genome, changed: Mapping[str, str]) -> Genome:
    return replace(genome, sections={**genome.sections, **changed})


def _unused(genome: Genome, pool: Pool) -> list[str]:
    return [one for one in pool.exemplars if one not in genome.exemplars]


def _one(values: Sequence[Value], rng: np.random.Generator) -> Value:
    return values[int(rng.integers(len(values)))]


def _turned(policy: PolicyDials, name: str, rng: np.random.Generator) -> PolicyDials:
    """A dial of a policy, one to three of its steps up or down and within its range."""
    low, high, step = RANGES[name]
    steps = int(rng.integers(1, 4)) * (1 if rng.random() < 0.5 else -1)
    changed: dict[str, Any] = {name: min(high, max(low, getattr(policy, name) + steps * step))}
    return replace(policy, **changed)


def _mutated(controls: Controls, name: str, rng: np.random.Generator) -> float | int | str:
    if name == "temperature":
        steps = int(rng.integers(1, 5)) * (1 if rng.random() < 0.5 else -1)
        return round(min(MAX_TEMPERATURE, max(0.0, controls.temperature + 0.1 * steps)), 1)
    values: Mapping[str, Sequence[float | int | str]] = {
        "top_p": TOP_PS,
        "disclosure": DISCLOSURES,
        "persona": PERSONAS,
        "patience": tuple(range(1, 9)),
        "visibility": VISIBILITIES,
    }
    return _one([value for value in values[name] if value != getattr(controls, name)], rng)
