"""A prompt measured at one place: played on the report's panel, held against the humans there, told apart, its calls counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl
from prefect import task

from understudy.doors.store import Store
from understudy.errors import BadInput, BudgetExhausted
from understudy.keys import key
from understudy.measure.reference import MIN_CONTEXTS
from understudy.objectives import NAMES, Evaluation
from understudy.parameters import PanelSize, RunOptions
from understudy.play.dialogue import simulated
from understudy.prompt.genome import Genome
from understudy.prompt.setting import Setting as Prompt
from understudy.prompt.setting import seed_genome
from understudy.records import Measured
from understudy.rows import humans
from understudy.rows import played as rows
from understudy.studies.compare import heldout
from understudy.studies.compare.table import Floor
from understudy.tasks.artifacts import progress
from understudy.tasks.play.evaluation import Done, Work, human_side, keep, measured, performed, recommender_named, row_of, second_model
from understudy.tasks.play.metering import dialogue_cost, prompt_tokens
from understudy.tasks.play.missing import require_replies
from understudy.tasks.play.models import OpenModels
from understudy.tasks.profile.anchors import anchors_of
from understudy.tasks.simulate.batch import REPORT_REPLICATE

VERSION = 1
MORE_ROOM = "every result so far is stored; run the same command with higher caps to continue from here"


@dataclass(frozen=True, slots=True)
class Place:
    """Where prompts are measured: data set and split, recommender, surface, and the models as they stand in keys."""

    store: str
    dataset: str
    profile_key: str
    split: str
    recommender: str
    surface: str
    model: str
    verifier: str
    seed: int
    report: PanelSize

    def work(self, genome_digest: str) -> Work:
        """A prompt on the report's panel; what a night has played for its own report is not played again."""
        panel = human_side(self.store, self.profile_key, self.dataset).panel(
            self.split, self.report, seed=self.seed, replicate=REPORT_REPLICATE
        )
        return Work(
            store=self.store, profile_key=self.profile_key, dataset=self.dataset, split=self.split, free_split=self.split,
            genome_digest=genome_digest, panel=panel, model=self.model, recommender=self.recommender, seed=self.seed,
            intervals=True, min_contexts=MIN_CONTEXTS, verifier=self.verifier,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Side:
    """One prompt as it was measured; `done` is what is written of it."""

    done: Done
    evaluation: Evaluation
    engines: tuple[str, ...]
    n_missing: int
    heldout: Measured
    prompt_tokens: Measured
    dialogue_tokens: Measured
    dialogue_usd: Measured


def place_of(dataset: str, opened: OpenModels, options: RunOptions, *, split: str, report: PanelSize) -> Place:
    """Where to measure, for the models that are open. Raises BadInput."""
    store = str(options.store)
    with Store.open(store) as kept:
        profile_key = humans.current_profile(kept, dataset)
    crs, seed = recommender_named(options.recommender, opened), options.seed
    return Place(store, dataset, profile_key, split, crs, options.surface, opened.seeker, second_model(opened), seed, report)


def carried_to(place: Place, genome_digest: str) -> str:
    """The same prompt at another place: examples of another data set are exchanged for as many of the data set at hand."""
    with Store.open(place.store) as opened:
        genome = rows.load_genome(opened, genome_digest)
        known = sorted(humans.load_exemplars(opened, place.profile_key))
        if set(genome.exemplars) <= set(known):
            return genome_digest
        drawn = _with_own_exemplars(genome, known, seed=place.seed)
        with opened.transaction():
            rows.keep_genomes(opened, [drawn], setting="carried")
    return drawn.digest


@task(name="measure prompt", persist_result=False)
def measure(work: Work) -> Side:
    """A prompt played on the report's panel and measured, as a task that is mapped over the sides."""
    played, fresh = performed(work)
    require_replies(work, played, fresh)
    evaluation = measured(work, played)
    tokens, usd = dialogue_cost(work, played)
    turns = human_side(work.store, work.profile_key, work.dataset).context_turns(work.split)
    return Side(
        done=Done(work, row_of(work, played, evaluation), fresh),
        evaluation=evaluation,
        engines=tuple(sorted({name for one in played for name in one.engine.split("+") if name})),
        n_missing=sum(one.status == "missing" for one in played),
        heldout=_told_apart(work, simulated(played, turns).behaviour),
        prompt_tokens=prompt_tokens(work),
        dialogue_tokens=tokens,
        dialogue_usd=usd,
    )


@task(name="open test split", persist_result=False)
def open_test(place: Place, genomes: Sequence[str], *, purpose: str) -> None:
    """Writes down each prompt that is about to be measured on `test`, before anything of it is seen."""
    uses = [
        {
            "use_key": key("test use", VERSION, work=place.work(genome).key, purpose=purpose),
            "profile_key": place.profile_key, "genome_digest": genome, "purpose": purpose,
        }
        for genome in genomes
    ]  # fmt: skip
    with Store.open(place.store) as opened, opened.transaction():
        opened.add("optimize.test_uses", uses)


@task(name="store measurements", persist_result=False)
def keep_sides(store: str, sides: Sequence[Side], capped: str, *, done: int, of: int) -> list[Side]:
    """Writes what was played and measured in one transaction; the sides without the dialogues, which are in the store now.

    Raises BudgetExhausted where a cap stopped one of them: what was measured is kept.
    """
    with Store.open(store) as opened, opened.transaction():
        keep(opened, [side.done for side in sides])
    if capped:
        raise BudgetExhausted(
            f"a cap ended the comparison after {done} of {of} prompt settings",
            hint=MORE_ROOM,
        )
    progress(done + 1, of, key="compare", description="Prompt settings measured before and after the search")
    return [replace(side, done=replace(side.done, played=())) for side in sides]


def floors_of(place: Place) -> dict[str, Floor]:
    """Objective → what humans score against humans at the size of the report."""
    with Store.open(place.store) as opened:
        found = anchors_of(opened, place.profile_key, place.dataset, place.split, place.report, seed=0)
    return {
        row["name"]: Floor(row["floor"], row["floor_lo"], row["floor_hi"], row["n_floor"], row["reason"])
        for row in found
        if row["name"] in NAMES
    }


@task(name="compare humans with humans", persist_result=False)
def human_side_of(place: Place) -> tuple[dict[str, Floor], Measured]:
    """The floors of the objectives and of the held-out evaluator at a place."""
    work = place.work("none")
    reference = human_side(place.store, place.profile_key, place.dataset).reference(work)
    said = _human_turns(work)
    return floors_of(place), heldout.human_floor(reference, said, n_dialogues=place.report.behaviour, seed=place.seed)


def _told_apart(work: Work, behaviour: pl.DataFrame) -> Measured:
    titles = human_side(work.store, work.profile_key, work.dataset).reference(work).titles
    said = behaviour.with_columns(text=titles.masked("text"))
    # the humans' turns at the same places, no more
    paired = _human_turns(work).join(said.select("dialogue_id", "turn_index").unique(), on=["dialogue_id", "turn_index"], how="semi")
    return heldout.told_apart(paired, said, seed=work.seed)


def _human_turns(work: Work) -> pl.DataFrame:
    """What the humans of the split said, titles masked."""
    side = human_side(work.store, work.profile_key, work.dataset)
    with Store.open(work.store) as opened:
        human = humans.load_human_behaviour(opened, work.profile_key, work.split)
    return human.with_columns(text=side.reference(work).titles.masked("text"))


def _with_own_exemplars(genome: Genome, known: Sequence[str], *, seed: int) -> Genome:
    if len(known) < len(genome.exemplars):
        raise BadInput(
            f"the prompt shows {len(genome.exemplars)} examples, but the exemplar split of the other data set holds {len(known)}"
        )
    bare = Prompt("carried", replace(genome, exemplars=()), len(genome.exemplars), "", "")
    return seed_genome(bare, known, seed=seed)
