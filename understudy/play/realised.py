"""What a seeker did beside what its policy had planned: the language model words a plan, and may word something else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from understudy.instruments.chosen import ANSWERS
from understudy.measure.reading import read
from understudy.measure.reference import Reference
from understudy.play.dialogue import Played
from understudy.play.frames import replies
from understudy.policy.plans import act_and_reaction
from understudy.records import Measured
from understudy.statistics.rates import wilson

VERSION = 1
NO_POLICY = "the prompt has no policy, so nothing was planned"
_NO_REACTION = "none"


@dataclass(frozen=True, slots=True)
class Realised:
    """The shares, in [0, 1], of planned acts and of planned reactions that the instruments read in what was said."""

    acts: Measured
    reactions: Measured


def realised(played: Sequence[Played], context_turns: pl.DataFrame, reference: Reference) -> Realised:
    """Over all turns with a plan, and over the replayed reactions with one; by the instruments that measure the objectives.

    `context_turns`: per context context_id and answered, the recommender's turn before it.
    """
    planned = [(turn.plan, turn.text) for one in played for turn in one.turns if turn.plan is not None]
    if not planned:
        return Realised(Measured(None, reason=NO_POLICY), Measured(None, reason=NO_POLICY))
    texts = read([pl.Series("text", [text for _, text in planned])], reference.titles, reference.instruments)
    acts = dict(texts.select("text", "act").iter_rows())
    n_kept = sum(acts[text] == act_and_reaction(plan)[0] for plan, text in planned)
    return Realised(wilson(n_kept, len(planned), nothing=NO_POLICY), _reactions(played, context_turns, reference))


def _reactions(played: Sequence[Played], context_turns: pl.DataFrame, reference: Reference) -> Measured:
    plans = {
        one.scenario_id: act_and_reaction(one.turns[0].plan)[1] for one in played if one.stratum and one.turns and one.turns[0].plan
    }
    wanted = pl.DataFrame(
        [(context, plan) for context, plan in sorted(plans.items()) if plan != _NO_REACTION],
        schema={"context_id": pl.String, "planned": pl.String}, orient="row",
    )  # fmt: skip
    said = replies(played).filter(pl.col("stratum").is_not_null()).join(wanted, on="context_id", how="inner", maintain_order="left")
    said = said.join(context_turns.select("context_id", "answered"), on="context_id", how="left", maintain_order="left")
    if said.is_empty():
        return Measured(None, reason="no reaction to a single suggestion was planned")
    labels = reference.instruments.reactions(said.select(*ANSWERS), reference.titles)
    return wilson(int((labels == said["planned"]).sum()), len(said), nothing=NO_POLICY)
