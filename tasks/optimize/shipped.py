"""The first thing that a user would try: the dialogues of a search spent on playing the shipped prompts as they are, for the best one.

They meet the panels, the nomination, the finals and the rule of picking of a search; nothing is bred.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from prefect import task

from understudy.errors import BadInput
from understudy.keys import key
from understudy.objectives import TRADED, too_few
from understudy.parameters import Search
from understudy.prompt.setting import load_setting, seed_genome, setting_names
from understudy.rows import played as rows
from understudy.search import drive
from understudy.search.drive import Conclusion, Setup
from understudy.search.plan import SEED, History, Individual, Proposal
from understudy.tasks.optimize.generations import Run, counts_on, n_nominated, on_finals
from understudy.tasks.optimize.ground import Calls, MappedGround
from understudy.tasks.play.metering import metered
from understudy.tasks.play.opened import OpenRun

VERSION = 1
NAME, OPERATOR = "best shipped", "shipped"
FIRST = "zero_shot"
"""The shipped prompt in the place of a seed: the reference point is a tenth worse than it, as in a search from the plainest prompt."""


class ShippedFields(TypedDict):
    """The best shipped prompt: which one, of which, on how many panels, and what it took beside a search.

    `left_out`: shipped settings that this data set cannot play, with the reason. `n_dialogues`: played for it on panels of the search,
    `n_dialogues_of_a_search` the mean of the searches beside it. `seeds`: those that its panels were drawn by.
    """

    setting: str
    genome_digest: str
    run: str
    settings: list[str]
    left_out: dict[str, str]
    n_rounds: int
    n_dialogues: int
    n_dialogues_of_a_search: float
    seeds: list[int]


@dataclass(frozen=True, slots=True)
class Entrants:
    """The shipped prompts that can be played, by digest, and the run under which they are; `left_out` with the reason.

    `on_finals`: the objectives that one of them may be chosen by.
    """

    run: Run
    proposals: tuple[Proposal, ...]
    named: dict[str, str]
    left_out: dict[str, str]
    on_finals: tuple[str, ...]

    @property
    def setup(self) -> Setup:
        """What choosing among them needs to know."""
        seeds, search = [one.genome for one in self.proposals if one.operator == SEED], self.run.search
        return Setup(seeds, self.run.plan, 0, n_nominated(search), search.weights, TRADED, self.run.played, self.on_finals)

    def fields(self, ended: Conclusion, *, n_dialogues: int, of_a_search: float) -> ShippedFields:
        """What the choice came to."""
        return {
            "setting": self.named[ended.pick.genome_digest], "genome_digest": ended.pick.genome_digest, "run": self.run.run_key,
            "settings": sorted(self.named.values()), "left_out": self.left_out, "n_rounds": len(ended.history),
            "n_dialogues": n_dialogues, "n_dialogues_of_a_search": of_a_search, "seeds": [self.run.seed],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rounds:
    """The panels that were played, as far as choosing looks at a memory (search.drive.Memory)."""

    played: History

    def history(self, n: int) -> History:  # noqa: ARG002 - every round counts
        """All rounds."""
        return self.played


@task(name="enter shipped prompts", persist_result=False)
def entered(opened: OpenRun, search: Search) -> Entrants:
    """The shipped prompts as they are, written as genomes. Each round has a panel of its own."""
    exemplars, seed = sorted(opened.humans.exemplars), opened.options.seed
    genomes, left_out = {}, {}
    for name in setting_names():
        try:
            genome = seed_genome(load_setting(name), exemplars, seed=seed)
            if genome.policy is not None:
                _ = opened.humans.planner
        except BadInput as error:
            left_out[name] = error.message
        else:
            genomes[name] = genome
    config = {"panel": search.panel.model_dump(), "genomes": sorted(one.digest for one in genomes.values())}
    run_key = key("shipped", VERSION, profile=opened.humans.profile_key, seed=seed, model=opened.cast.seeker, config=config)
    weak = too_few(counts_on(opened, opened.humans.panel("search", search.panel, seed=seed)))
    rounds = search.model_copy(update={"period": 1, "population": max(2, len(genomes))})
    run = Run(run_key, opened.dataset, NAME, "", seed, rounds, weak)
    proposals = tuple(Proposal(one, SEED if name == FIRST else OPERATOR, (), True, "") for name, one in genomes.items())
    with opened.store.transaction():
        for name, genome in genomes.items():
            rows.keep_genomes(opened.store, [genome], setting=name)
    return Entrants(run, proposals, {one.digest: name for name, one in genomes.items()}, left_out, on_finals(opened, run))


def choose(opened: OpenRun, search: Search, calls: Calls, *, n_dialogues: float) -> ShippedFields:
    """The shipped prompt that is chosen where `n_dialogues` go into playing all of them. Raises BudgetExhausted, NotMeasured."""
    entrants: Entrants = calls.one(entered, opened, search)
    ground, history = MappedGround(opened, entrants.run, calls), list[list[Individual]]()
    with metered(opened, entrants.run.run_key):
        while has_room(history, played=n_played(history), budget=n_dialogues):
            history.append(ground.measured(entrants.proposals, len(history)))
        ended = drive.conclude(entrants.setup, ground, Rounds(history), drive.GENERATIONS)
    return entrants.fields(ended, n_dialogues=n_played(history), of_a_search=n_dialogues)


def n_played(history: History) -> int:
    """Dialogues that were played in these rounds."""
    return sum(each.n_dialogues for members in history for each in members)


def has_room(history: Sequence[Sequence[object]], *, played: int, budget: float) -> bool:
    """Whether one more round, as large as the mean of those before, stays within the dialogues of a search; the first one always does."""
    # multiplied out: the division's last digit would refuse a round that just fits
    return not history or played * (len(history) + 1) <= budget * len(history)
