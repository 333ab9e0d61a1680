"""Which operator makes which child, and what the critic is asked for: the places of a generation that are the critic's."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from understudy.keys import rng_of
from understudy.parameters import Mechanism
from understudy.prompt.genome import SECTIONS, Genome
from understudy.search import operators
from understudy.search.critic import Commission, CriticAnswer, Identity, Rewriting, applied
from understudy.search.genes import Screen, ScreenVerdict, length
from understudy.search.operators import Parents
from understudy.search.plan import Plan, Proposal

VERSION = 1
# before anything is known of a search's own prompts, a chain may be longer by this
LONGER_AT_FIRST = 2
REDRAWS = 6
_CRITIC: Mapping[Rewriting, tuple[Mechanism, float]] = {
    "treat": ("critic", 0.70),
    "merge": ("merge", 0.14),
    "paraphrase": ("rewording", 0.08),
    "compress": ("rewording", 0.08),
}
_FREE: Mapping[str, Mechanism] = {
    "crossover": "crossover", "transplant": "sentences", "prune": "sentences", "add_exemplar": "exemplars", "drop_exemplar": "exemplars",
    "swap_exemplar": "exemplars", "controls": "controls",
}  # fmt: skip


def prior(plan: Plan) -> dict[str, float]:
    """How often each operator of a plan is drawn before anything is known of it; a critic has its share of the children."""
    free = {name: chance for name, chance in operators.PRIOR.items() if plan.has(_FREE[name])}
    rewriting = {name: chance for name, (mechanism, chance) in _CRITIC.items() if has_critic(plan) and plan.has(mechanism)}
    out: dict[str, float] = {}
    for group, share in ((free, 1 - plan.critic_share), (rewriting, plan.critic_share)):
        out |= {name: share * chance / sum(group.values()) for name, chance in group.items()}
    return {name: value / sum(out.values()) for name, value in out.items()}


def has_critic(plan: Plan) -> bool:
    """Whether a search has a critic at all: without `critic` none of its operators is there."""
    return plan.has_critic and plan.has("critic")


def free_chances(chances: Mapping[str, float]) -> dict[str, float]:
    """The chances of the operators that need no model; their prior where the critic has all, since they fill the places that it leaves."""
    found = {name: chance for name, chance in chances.items() if name in operators.OPERATORS}
    return found if any(found.values()) else {name: operators.PRIOR[name] for name in found}


def commissions(
    couples: Sequence[Parents],
    standing: Mapping[str, Sequence[float]],
    *,
    plan: Plan,
    chances: Mapping[str, float],
    generation: int,
    n: int,
    asked: Collection[Identity] = (),
) -> list[Commission]:
    """What the critic is asked for the next `n` children: in each place an operator is drawn, and the critic's are commissioned.

    `standing`: genome → its objectives as shares of the reference point; the objective that matters most along a weight vector
    drawn for the place is the one to be treated. Without a standing one is drawn. What was `asked` before, or in another place, is
    drawn anew a few times; a place for which nothing new is found is left to the other operators.
    """
    if not has_critic(plan):
        return []
    names, before = list(chances), set(asked)
    found = []
    for place in range(n):
        rng = rng_of("slot", VERSION, plan.seed, generation, place)
        name = names[int(rng.choice(len(names), p=[chances[one] for one in names]))]
        if name in operators.OPERATORS:
            continue
        for attempt in range(REDRAWS):
            parents = couples[(place + attempt * n) % len(couples)]
            wanted = _commission(name, parents, standing.get(parents[0].digest), plan, generation, place, rng)
            if wanted.identity not in before:
                before.add(wanted.identity)
                found.append(wanted)
                break
    return found


def answered(rewritings: Sequence[tuple[Commission, CriticAnswer]], *, screen: Screen, known: Sequence[Genome]) -> list[Proposal]:
    """What came of the commissions as proposals, rejected ones with their reason; their places are filled by other operators."""
    proposals, seen = [], list(known)
    for commission, answer in rewritings:
        parents = tuple(dict.fromkeys(parent.digest for parent in commission.parents))
        child = applied(commission, answer)
        # a chain of rewritings that broke off is as good as a shorter one
        verdict = ScreenVerdict(False, answer.reason) if not answer.rewrites else screen.check(child, seen)
        spent = answer.n_tokens, commission.place, answer.work
        proposals.append(Proposal(child, commission.operator, parents, verdict.ok, verdict.reason, *spent))
        if verdict.ok:
            seen.append(child)
    return proposals


def _commission(
    name: str,
    parents: Parents,
    shares: Sequence[float] | None,
    plan: Plan,
    generation: int,
    place: int,
    rng: np.random.Generator,
) -> Commission:
    first, second = parents
    objective = (_objective(shares, plan, rng),)
    if name == "merge":
        differing = [one for one in SECTIONS if first.sections[one] != second.sections[one]]
        if differing:
            return Commission("merge", parents, objective, generation, place, differing[int(rng.integers(len(differing)))])
    if name == "paraphrase":
        return Commission("paraphrase", (first,), objective, generation, place, SECTIONS[int(rng.integers(len(SECTIONS)))])
    if name == "compress":
        share = np.array([len(first.sections[one]) for one in SECTIONS]) / length(first)
        return Commission("compress", (first,), objective, generation, place, SECTIONS[int(rng.choice(len(SECTIONS), p=share))])
    # a prompt cannot be merged with itself, so it is treated; as in breeding, the first generation takes larger steps
    n_steps = int(rng.integers(1, 1 + plan.longest_chain + (0 if generation else LONGER_AT_FIRST)))
    steps = (*objective, *(_objective(shares, plan, rng) for _ in range(n_steps - 1))) if plan.has("chains") else objective
    return Commission("treat", (first,), steps, generation, place)


def _objective(shares: Sequence[float] | None, plan: Plan, rng: np.random.Generator) -> str:
    weights = rng.dirichlet(np.ones(len(plan.objectives)))
    worst = weights if shares is None else weights * np.asarray(shares)
    return plan.objectives[int(np.argmax(worst))]
