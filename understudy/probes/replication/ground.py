"""The second ground of the product's search: templates of the paper's tasks, tuned on users of `search`, chosen on users of `select`.

Genome, operators, critic, archive and pick are the search's own. What is played are single replies, and what is measured are distances
of a whole panel's figures to the humans'.
"""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from understudy.keys import rng_of
from understudy.probes._figures import ProbeFigure
from understudy.probes.replication.objectives import UNREAD, bounds, distances, objective_name, unread_objective, unread_share
from understudy.probes.replication.people import AskedPlace, PaperHumans, Part
from understudy.probes.replication.playing import CallMeter, PlayedBy, replies_of
from understudy.probes.replication.prompting import EFFECTIVE, seed_prompts, shown_prompt
from understudy.probes.replication.settings import PaperSetting
from understudy.probes.replication.tasks import PaperReplies, PaperTask
from understudy.prompt.genome import Controls, Genome
from understudy.records import Measured
from understudy.search.critic import Commission, CriticBriefing, Treated, criticise
from understudy.search.drive import Material
from understudy.search.genes import Screen, ScreenVerdict, log_grams
from understudy.search.influence import Evidence, Exhibit
from understudy.search.operators import Pool
from understudy.search.picking import Finalist
from understudy.search.plan import Individual, Proposal
from understudy.search.racing import Lap

Result = TypeVar("Result")
N_SHOWN = 6
_SETTLED = tuple(name for name in Controls.__dataclass_fields__ if name not in EFFECTIVE)


class Runs(Protocol):
    """Runs a coroutine to its end, where the models are."""

    def __call__(self, work: Coroutine[Any, Any, Result], /) -> Result:
        """Its result."""


@dataclass(frozen=True, slots=True)
class TemplateScreen(Screen):
    """The screen of the search, which also turns away a change of what has no effect in these tasks."""

    seed: Genome | None = None

    def check(self, genome: Genome, known: Any = ()) -> ScreenVerdict:
        """Whether a candidate may be played beside the `known` ones."""
        if self.seed is not None and any(getattr(genome.controls, name) != getattr(self.seed.controls, name) for name in _SETTLED):
            return ScreenVerdict(False, "it changes a control that has no effect in these tasks")
        # named, since a slotted dataclass is a class of its own that `super()` does not know
        return Screen.check(self, genome, known)


@dataclass(frozen=True, slots=True)
class PanelMeasured:
    """A template on a panel: objectives, constraints, replies by task, and what it took."""

    objectives: Mapping[str, Measured]
    constraints: Mapping[str, float | None]
    replies: Mapping[str, tuple[Sequence[AskedPlace], PaperReplies]]
    figures: Mapping[str, Mapping[str, ProbeFigure]]
    n_tokens: int
    n_replies: int


@dataclass(frozen=True, slots=True)
class GroundSize:
    """How many places of each task a panel has, and how many calls the generations and the whole search may make."""

    n_search: int
    n_select: int
    n_calls: int
    n_calls_before_choice: int


class TemplateGround:
    """Where a template is searched for. A plain class: it keeps what was measured, which the critic is shown."""

    def __init__(
        self, tasks: Sequence[PaperTask], humans: PaperHumans, setting: PaperSetting, seed: Genome, *, size: GroundSize, by: PlayedBy,
        critic: str, meter: CallMeter, run: Runs,
    ) -> None:  # fmt: skip
        self._tasks, self._humans, self._setting, self._seed = tasks, humans, setting, seed
        self._size, self._by, self._critic, self._meter, self._run = size, by, critic, meter, run
        self._latest: dict[str, PanelMeasured] = {}
        self._left_out: dict[str, str] = {}
        self._stand_ins: frozenset[str] = frozenset()

    @property
    def objectives(self) -> tuple[str, ...]:
        """The objectives of all tasks, without those that were left out and with what stands in for them."""
        own = [objective_name(task, one) for task in self._tasks for one in task.TARGETS]
        return (*(name for name in own if name not in self._left_out), *sorted(self._stand_ins))

    def left_out(self) -> dict[str, str]:
        """Objective or bound → why the seed lacks it on its first panel; the search goes on without them. Raises BudgetExhausted.

        A reference point needs every objective of the seed. Where replies of a task cannot be read, their share is an objective in its
        place, so that a prompt which is understood has an advantage.
        """
        self._meter.most = self._size.n_calls_before_choice
        seed = self.panel_of(self._seed, "search", 0)
        lacking = {name: one.reason or "not measured" for name, one in seed.objectives.items() if one.value is None}
        unbound = {name: "not measured" for name, value in seed.constraints.items() if value is None}
        self._left_out = {**lacking, **unbound}
        self._stand_ins = frozenset(
            unread_objective(task)
            for task in self._tasks
            if seed.replies[task.NAME][1].n_invalid and any(objective_name(task, one) in lacking for one in task.TARGETS)
        )
        return dict(self._left_out)

    def material(self) -> Material:
        """The hand-written prompts of all tasks, whose sections may be taken over, and the screen."""
        longest = Screen.of([self._seed]).max_length
        # the critic is shown human texts, and a prompt may hold none of them
        texts = [one.text for side in (self._humans.opinions, self._humans.requests, self._humans.refusals) for one in side]
        return Material(Pool(tuple(seed_prompts())), TemplateScreen(longest, log_grams(texts), seed=self._seed))

    def criticised(self, commissions: Sequence[Commission]) -> Sequence[Treated]:
        """The commissions with the critic's answers, one after the other."""
        self._meter.most = self._size.n_calls_before_choice
        return [self._treated(one) for one in commissions]

    def first_laps(self, proposals: Sequence[Proposal], rotation: int) -> Sequence[Lap]:
        """Never asked: the plan does not race."""
        raise NotImplementedError(f"{len(proposals)} proposals of rotation {rotation}: a search of templates does not race")

    def measured(self, proposals: Sequence[Proposal], rotation: int) -> Sequence[Individual]:
        """Each template on the panel of one rotation."""
        self._meter.most = self._size.n_calls_before_choice
        found = []
        for proposal in proposals:
            one = self.panel_of(proposal.genome, "search", rotation)
            self._latest[proposal.genome.digest] = one
            found.append(
                Individual.played(proposal, one.objectives, one.constraints, n_tokens=one.n_tokens, n_dialogues=one.n_replies)
            )
        return found

    def confirmed(self, genomes: Sequence[Genome]) -> Sequence[Finalist]:
        """The templates on users of `select`."""
        self._meter.most = self._size.n_calls
        measured = [(genome, self.panel_of(genome, "select", 0)) for genome in genomes]
        return [Finalist(genome.digest, one.objectives, one.constraints) for genome, one in measured]

    def panel_of(self, genome: Genome, part: Part, rotation: int) -> PanelMeasured:
        """A template over all tasks on a panel of a part. Raises BudgetExhausted."""
        n = self._size.n_search if part == "search" else self._size.n_select
        tokens_before, objectives, constraints = self._meter.tokens, dict[str, Measured](), dict[str, float | None]()
        replies: dict[str, tuple[Sequence[AskedPlace], PaperReplies]] = {}
        figures: dict[str, Mapping[str, ProbeFigure]] = {}
        by = replace(self._by, seed=self._by.seed + rotation, judge="")
        for task in self._tasks:
            places = task.places(self._humans, part, n=n, seed=by.seed).places
            got = self._run(replies_of(self._meter.complete, task, places, self._setting, genome, by=by))
            figures[task.NAME] = task.figures(places, got, self._humans, seed=by.seed)
            objectives |= self._kept(distances(task, figures[task.NAME]))
            constraints |= self._kept(bounds(task, figures[task.NAME]))
            if (name := unread_objective(task)) in self._stand_ins:
                objectives[name] = unread_share(got)
            replies[task.NAME] = places, got
        n_replies = sum(len(places) for places, _ in replies.values())
        return PanelMeasured(objectives, constraints, replies, figures, self._meter.tokens - tokens_before, n_replies)

    def _kept(self, values: Mapping[str, Result]) -> dict[str, Result]:
        return {name: value for name, value in values.items() if name not in self._left_out}

    def _treated(self, commission: Commission) -> Treated:
        shown = {name: found for name in dict.fromkeys(commission.objectives) if (found := self._evidence(commission, name))}
        briefing = CriticBriefing(lambda genome, _: shown_prompt(genome, self._tasks), self._meanings())
        answer = self._run(
            criticise(self._meter.complete, commission, shown, model=self._critic, seed=self._by.seed, briefing=briefing)
        )
        return Treated(commission, shown, answer)

    def _meanings(self) -> dict[str, str]:
        own = {objective_name(task, one): f"of the task {task.NAME}, {one.meaning}" for task in self._tasks for one in task.TARGETS}
        unread = "how many of the answers do not have the form that was asked for"
        return own | {unread_objective(task): f"of the task {task.NAME}, {unread}" for task in self._tasks}

    def _evidence(self, commission: Commission, objective: str) -> Evidence | None:
        """Some replies of the prompt to be rewritten, each beside a human text, and what the figure was on both sides."""
        known = self._latest.get(commission.parents[0].digest)
        if known is None or not commission.generation:
            return None
        task_name, _, figure_name = objective.partition(":")
        places, replies = known.replies[task_name]
        is_unread = figure_name == UNREAD
        shown = [raw if is_unread and text is None else text for raw, text in zip(replies.raw, replies.texts, strict=True)]
        rng = rng_of("replicate evidence", self._by.seed, commission.generation, commission.place, objective)
        answered = [at for at, text in enumerate(shown) if text is not None and (replies.texts[at] is None) == is_unread]
        drawn = [answered[int(at)] for at in rng.permutation(len(answered))[:N_SHOWN]]
        exhibits = tuple(_exhibit(places[at], str(shown[at])) for at in drawn)
        model, human = (known.objectives[objective], Measured(0.0)) if is_unread else _sides(known.figures[task_name][figure_name])
        worst = f"{figure_name.replace('_', ' ')}: {_value(model)} over these replies, {_value(human)} of people"
        return Evidence(objective, worst, exhibits, ())


def _sides(figure: ProbeFigure) -> tuple[Measured, Measured]:
    return figure.model, figure.human


def _exhibit(place: AskedPlace, reply: str) -> Exhibit:
    item = ", ".join(one.label for one in place.items)
    human = place.human.text if place.human else place.refusal.text if place.refusal else ", ".join(one.label for one in place.held)
    return Exhibit(item, reply, human)


def _value(measured: Measured) -> str:
    return "not measured" if measured.value is None else f"{measured.value:.2f}"
