"""What is to be played: a genome on a point of a human dialogue (replay) or on a scenario (free run), and its key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from understudy.errors import UnderstudyError
from understudy.keys import key
from understudy.play.endings import MAX_TURNS
from understudy.policy import stock, words
from understudy.policy.planner import Planner, PlanningPoint
from understudy.policy.plans import TurnPlan
from understudy.prompt import faults, speech, structured, template
from understudy.prompt.genome import Genome
from understudy.prompt.template import Exemplar
from understudy.recommenders import max_turns_in
from understudy.records import Context, Item, Need, Role, Scenario, Turn

VERSION = 3
# every draw on our side is derived from this, scenario, replicate and turn: it stays when the meaning of a dialogue changes,
# so that results before and after share their random numbers
DRAWS = 1
NO_RECOMMENDER = "none"
Mode = Literal["replay", "free"]


@dataclass(frozen=True, slots=True)
class Scene:
    """One thing to be played. `verifier` is the model of the second look at a reply; empty is the seeker's own.

    `opener`: who speaks first in a free run; the seeker where the recommender has no greeting. `planner`: what plans the turns of a
    genome with a policy; others do without.
    """

    mode: Mode
    scenario_id: str
    dialogue_id: str
    need: Need
    history: tuple[Turn, ...]
    stratum: str | None
    item_id: str | None
    target: Item | None
    genome: Genome
    exemplars: tuple[Exemplar, ...]
    recommender: str
    model: str
    replicate: int
    verifier: str = ""
    opener: Role = "seeker"
    planner: Planner | None = field(default=None, repr=False, compare=False)

    def plan(self, history: Sequence[Turn], turn_index: int) -> TurnPlan | None:
        """What the genome's policy plans for the turn after `history`; None where it has no policy."""
        dials = self.genome.policy
        if dials is None:
            return None
        target = self.target if self.genome.controls.visibility == "attributes" else None
        point = PlanningPoint(self.need, history, target, (DRAWS, self.scenario_id, self.replicate, turn_index))
        return self._planner.plan(point, dials)

    @property
    def max_turns(self) -> int:
        """The turns of both sides that a free run has at most."""
        return max_turns_in(self.recommender) or MAX_TURNS

    @property
    def engine_without_calls(self) -> str:
        """What speaks where no model is asked: the policy in stock phrases; nothing where a first call has failed."""
        dials = self.genome.policy
        return stock.ENGINE if dials is not None and dials.words == "stock" else ""

    @property
    def _planner(self) -> Planner:
        if self.planner is None:
            raise UnderstudyError("the prompt has a policy, and nothing was fitted that could plan its turns")
        return self.planner

    @property
    def play_key(self) -> str:
        """The key of the played dialogue."""
        controls = self.genome.controls
        particular: dict[str, str | int] = {"verifier": self.verifier or self.model} if controls.verifier else {}
        if controls.verifier or controls.deliberation != "none":
            particular["structured"] = structured.VERSION
        if self.genome.policy is not None:
            particular |= {"policy": self._planner.digest, "words": words.VERSION, "stock": stock.VERSION}
        if self.opener == "recommender":
            particular["opener"] = self.opener
        return key(
            "play",
            VERSION,
            prompt=template.VERSION,
            speech=speech.VERSION,
            faults=faults.VERSION,
            mode=self.mode,
            scenario=self.scenario_id,
            genome=self.genome.digest,
            recommender=self.recommender,
            model=self.model,
            replicate=self.replicate,
            max_turns=self.max_turns,
            **particular,
        )


def replay_scene(
    context: Context,
    *,
    genome: Genome,
    exemplars: Sequence[Exemplar],
    target: Item | None,
    model: str,
    replicate: int,
    verifier: str = "",
    planner: Planner | None = None,
) -> Scene:
    """The scene of a replay: the seeker's next turn at a point of a human dialogue."""
    return Scene(
        "replay", context.context_id, context.dialogue_id, context.need, context.history, context.stratum, context.item_id,
        target, genome, tuple(exemplars), NO_RECOMMENDER, model, replicate, verifier, planner=planner,
    )  # fmt: skip


def free_scene(
    scenario: Scenario,
    *,
    genome: Genome,
    exemplars: Sequence[Exemplar],
    target: Item,
    recommender: str,
    model: str,
    replicate: int,
    verifier: str = "",
    planner: Planner | None = None,
) -> Scene:
    """The scene of a free run: a whole dialogue with a recommender. Who speaks first is who did so in the human dialogue."""
    return Scene(
        "free", scenario.scenario_id, scenario.dialogue_id, scenario.need, (), None, None,
        target, genome, tuple(exemplars), recommender, model, replicate, verifier, scenario.opener, planner,
    )  # fmt: skip
