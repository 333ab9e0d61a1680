"""The search of one template, on the product's search: seed, generations, finalists and pick, within a number of calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from understudy.completion import Complete
from understudy.errors import MORE_ROOM, BudgetExhausted, NotMeasured
from understudy.parameters import MECHANISMS
from understudy.probes.replication.ground import GroundSize, TemplateGround
from understudy.probes.replication.people import PaperHumans
from understudy.probes.replication.playing import CallMeter, PlayedBy
from understudy.probes.replication.prompting import seed_prompt
from understudy.probes.replication.settings import PaperSetting
from understudy.probes.replication.tasks import PaperTask
from understudy.prompt.genome import Genome
from understudy.search import drive
from understudy.search.drive import Conclusion, Setup
from understudy.search.memory import ProcessMemory
from understudy.search.plan import Plan, n_survivors
from understudy.tasks.play.opened import OpenRun
from understudy.tasks.studies.results.replicated import TemplateFields

VERSION = 2
POPULATION, GENERATIONS, N_FRONT = 3, 2, 2
# places of one task on a panel: figures need ten people for an interval, and some replies of a weak model cannot be read
FEWEST_PLACES = 10
# how much larger the panel is that a template is chosen on
SELECT_TIMES = 1.5
# of the calls, what the critic and its repairs may take
CRITIC_SHARE = 0.1
# what has no effect in these tasks, or needs dialogues
WITHOUT = frozenset({"exemplars", "influence"})


@dataclass(frozen=True, slots=True)
class TemplateAsked:
    """Which template is searched for: its name, its tasks, the setting that it is tuned under, and how many calls it may make."""

    name: str
    tasks: tuple[PaperTask, ...]
    setting: PaperSetting
    n_calls: int


def size_of(asked: TemplateAsked) -> GroundSize:
    """How many places a panel has, so that all generations and the choice fit into the calls.

    A shared template has the panels of all its tasks, and as many calls for each of them.
    """
    n_panels = POPULATION + GENERATIONS * (POPULATION + n_survivors(POPULATION))
    n_chosen = N_FRONT + 1
    if asked.setting.n_summed_up:
        # the users of each panel are summed up once: of two rotations, and of the choice
        n_panels, n_chosen = n_panels + 2, n_chosen + 1
    own = asked.n_calls * (1 - CRITIC_SHARE)
    n_search = max(FEWEST_PLACES, int(own / (n_panels + SELECT_TIMES * n_chosen)))
    n_select = max(FEWEST_PLACES, int(SELECT_TIMES * n_search))
    whole = asked.n_calls * len(asked.tasks)
    return GroundSize(n_search, n_select, whole, whole - n_select * n_chosen * len(asked.tasks))


def searched(opened: OpenRun, complete: Complete, humans: PaperHumans, asked: TemplateAsked, *, by: PlayedBy) -> TemplateFields:
    """The template that the search found; with its reason, the seed where nothing could be measured. `complete` answers its requests.

    Raises BudgetExhausted where a cap of the run ended it, and not its own number of calls: the same search then goes on another time.
    """
    meter, seed = CallMeter(complete), seed_prompt(asked.name)
    ground = TemplateGround(
        asked.tasks, humans, asked.setting, seed, size=size_of(asked), by=by, critic=opened.cast.critic, meter=meter,
        run=opened.gateway.run,
    )  # fmt: skip
    left_out: dict[str, str] = {}
    try:
        left_out = ground.left_out()
        setup = Setup(seeds=[seed], plan=_plan(ground.objectives, seed=by.seed), generations=GENERATIONS, n_front=N_FRONT)
        found = drive.search(setup, ground, ProcessMemory())
    except (NotMeasured, BudgetExhausted) as error:
        # a cap of the run itself is not the search's own: it ends the command
        if isinstance(error, BudgetExhausted) and not meter.is_used_up:
            raise
        return _without(asked, seed, meter, error.message, left_out=left_out)
    if found.stopped == drive.BUDGET and not meter.is_used_up:
        raise BudgetExhausted(f"a cap ended the search of the template {asked.name}", hint=MORE_ROOM)
    return _concluded(asked, seed, found, meter, left_out=left_out)


def _plan(objectives: Sequence[str], *, seed: int) -> Plan:
    without = WITHOUT & frozenset(MECHANISMS)
    return Plan(tuple(objectives), POPULATION, "unsga3", seed, has_critic=True, without=without, period=2)


def _concluded(
    asked: TemplateAsked, seed: Genome, found: Conclusion, meter: CallMeter, *, left_out: Mapping[str, str]
) -> TemplateFields:
    genome = found.genomes[found.pick.genome_digest]
    values = {one.genome_digest: one.objectives for one in found.finalists}
    sides = {"seed": values[seed.digest], "pick": values[genome.digest]}
    objectives = {name: {which: measured[name].as_json() for which, measured in sides.items()} for name in sides["seed"]}
    fields = _without(asked, seed, meter, "", left_out=left_out)
    return {
        **fields, "genome": genome.as_json(), "genome_digest": genome.digest, "stopped": found.stopped,
        "n_generations": len(found.history), "n_candidates": len(found.genomes), "objectives": objectives,
    }  # fmt: skip


def _without(asked: TemplateAsked, seed: Genome, meter: CallMeter, reason: str, *, left_out: Mapping[str, str]) -> TemplateFields:
    """The fields of a search that found nothing, with its reason: the seed stands for the template."""
    return {
        "name": asked.name, "setting": asked.setting.name, "genome": seed.as_json(), "genome_digest": seed.digest,
        "seed_digest": seed.digest, "stopped": "not_measured", "n_generations": 0, "n_candidates": 1, "objectives": {},
        "left_out": dict(left_out), "n_calls": meter.n_calls, "tokens": meter.tokens, "reason": reason,
    }  # fmt: skip
