"""A generation put together from its proposals: which of them are played, and who takes part with which measurements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from understudy.search.plan import SURVIVOR, History, Individual, Plan, Proposal


def to_play(proposals: Sequence[Proposal], *, plan: Plan) -> list[Proposal]:
    """The proposals that are to be played: those that passed the screen, survivors only where they are measured again."""
    return [each for each in proposals if each.ok and not is_carried(each, plan=plan)]


def is_carried(proposal: Proposal, *, plan: Plan) -> bool:
    """Whether a proposal is a survivor that keeps its earlier measurement; a stroke of luck then stays for good."""
    return proposal.operator == SURVIVOR and not plan.has("remeasuring")


def generation_of(
    history: History, proposals: Sequence[Proposal], *, plan: Plan, played: Mapping[str, Individual]
) -> list[Individual]:
    """The generation after `history`, in the order in which it was proposed.

    `played`: genome → what was played, candidates that a race dropped included. A proposal that passed the screen and is neither
    played nor carried is left out.
    """
    earlier = {each.genome.digest: each for each in history[-1]} if history else {}
    members = []
    for each in proposals:
        digest = each.genome.digest
        if each.ok and is_carried(each, plan=plan):
            members.append(_carried(earlier[digest]))
        elif each.ok and digest in played:
            members.append(played[digest])
    return members


def _carried(known: Individual) -> Individual:
    # its dialogues and tokens were counted when it was played
    return Individual(known.genome, SURVIVOR, known.objectives, known.constraints, known.spreads)
