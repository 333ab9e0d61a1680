"""A prompt measured at one place: played on the report's panel, held against the humans there, told apart, its calls counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl
from prefect import task

from understudy.completion import engine_of
from understudy.doors.store import Store
from understudy.errors import MORE_ROOM, BadInput, BudgetExhausted
from understudy.keys import key
from understudy.measure.reference import Reference
from understudy.objectives import NAMES, Evaluation
from understudy.play.dialogue import ends_of
from understudy.play.frames import simulated
from understudy.play.realised import Realised, realised
from understudy.prompt.genome import Genome
from understudy.prompt.setting import Setting as Prompt
from understudy.prompt.setting import seed_genome
from understudy.records import Measured
from understudy.rows import played as rows
from understudy.rows.handle import Humans
from understudy.studies.compare import heldout
from understudy.studies.compare.table import Floor
from understudy.tasks.artifacts import progress
from understudy.tasks.names import with_prompt
from understudy.tasks.play.elsewhere import here
from understudy.tasks.play.evaluation import Done, keep, measured, performed, reference_of
from understudy.tasks.play.metering import dialogue_cost, prompt_tokens
from understudy.tasks.play.missing import require_replies
from understudy.tasks.play.opened import OpenRun
from understudy.tasks.play.work import Work
from understudy.tasks.profile.anchors import ANCHOR_SEED, anchors_of
from understudy.tasks.studies.places import Place

VERSION = 1


@dataclass(frozen=True, slots=True)
class Side:
    """One prompt as it was measured; `done` is what is written of it."""

    done: Done
    evaluation: Evaluation
    engine: str
    n_missing: int
    n_unchecked: int | None
    heldout: Measured
    realised: Realised
    prompt_tokens: Measured
    dialogue_tokens: Measured
    dialogue_usd: Measured


def carried_to(place: Place, genome_digest: str) -> str:
    """The same prompt at another place: examples of another data set are exchanged for as many of the data set at hand."""
    opened = place.opened
    genome, known = rows.load_genome(opened.store, genome_digest), sorted(opened.humans.exemplars)
    if set(genome.exemplars) <= set(known):
        return genome_digest
    drawn = _with_own_exemplars(genome, known, seed=opened.options.seed)
    with opened.store.transaction():
        rows.keep_genomes(opened.store, [drawn], setting="carried")
    return drawn.digest


def play_sides(opened: OpenRun, works: Sequence[Work]) -> tuple[list[Work], str]:
    """The works that can be measured, and `budget` where a cap stopped the others. Raises ProviderFailed as `measure` does.

    Where the run has workers, all of them play the dialogues of each work now, and they are written before they are measured.
    """
    if opened.workers is None:
        return list(works), ""
    ready: list[Work] = []
    for work in works:
        try:
            played, fresh = performed(opened, work)
        except BudgetExhausted:
            return ready, "budget"
        require_replies(opened, work, played, fresh)
        with opened.store.transaction():
            rows.keep_played(opened.store, fresh, profile_key=work.profile_key)
        ready.append(work)
    return ready, ""


@task(name="measure prompt", task_run_name=with_prompt("measure"), persist_result=False)
@here
def measure(work: Work, opened: OpenRun) -> Side:
    """A prompt played on the report's panel and measured, as a task that is mapped over the sides."""
    found = measured(opened, work, needs_replies=True)
    tokens, usd = dialogue_cost(opened, work, found.played)
    context_turns = opened.humans.context_turns(work.split)
    behaviour = simulated(found.played, context_turns).behaviour
    return Side(
        done=found.done,
        evaluation=found.evaluation,
        engine=engine_of(one.engine for one in found.played),
        n_missing=sum(one.status == "missing" for one in found.played),
        n_unchecked=ends_of(found.played)["n_unchecked"],
        heldout=_told_apart(opened, work, behaviour),
        realised=realised(found.played, context_turns, reference_of(opened, work)),
        prompt_tokens=prompt_tokens(opened, work),
        dialogue_tokens=tokens,
        dialogue_usd=usd,
    )


@task(name="open test split", persist_result=False)
def open_test(place: Place, genomes: Sequence[str], *, purpose: str) -> None:
    """Writes down each prompt that is about to be measured on `test`, before anything of it is seen."""
    store, profile_key = place.opened.store, place.opened.humans.profile_key
    uses = [
        {
            "use_key": key("test use", VERSION, work=place.work(genome).key, purpose=purpose),
            "profile_key": profile_key, "genome_digest": genome, "purpose": purpose,
        }
        for genome in genomes
    ]  # fmt: skip
    with store.transaction():
        store.add("optimize.test_uses", uses)


@task(name="store measurements", persist_result=False)
def keep_sides(store: Store, sides: Sequence[Side], capped: str, *, done: int, of: int) -> list[Side]:
    """Writes what was played and measured in one transaction; the sides without the dialogues, which are in the store now.

    Raises BudgetExhausted where a cap stopped one of them: what was measured is kept.
    """
    with store.transaction():
        keep(store, [side.done for side in sides])
    if capped:
        raise BudgetExhausted(f"a cap ended the comparison after {done} of {of} prompt settings", hint=MORE_ROOM)
    progress(done + 1, of, key="compare", description="Prompt settings measured before and after the search")
    return [replace(side, done=replace(side.done, played=())) for side in sides]


def floors_of(place: Place) -> dict[str, Floor]:
    """Objective → what humans score against humans at the size of the report."""
    humans = place.opened.humans
    found = anchors_of(place.opened.store, humans, place.split, place.report, seed=ANCHOR_SEED)
    return {
        row["name"]: Floor(row["floor"], row["floor_lo"], row["floor_hi"], row["n_floor"], row["reason"])
        for row in found
        if row["name"] in NAMES
    }


@task(name="compare humans with humans", persist_result=False)
def human_side_of(place: Place) -> tuple[dict[str, Floor], Measured]:
    """The floors of the objectives and of the held-out evaluator at a place."""
    seed = place.opened.options.seed
    reference = place.opened.humans.reference(place.split, seed=seed)
    masked = _human_turns(place.opened.humans, place.split, reference)
    return floors_of(place), heldout.human_floor(reference, masked, n_dialogues=place.report.behaviour, seed=seed)


def _told_apart(opened: OpenRun, work: Work, behaviour: pl.DataFrame) -> Measured:
    reference = reference_of(opened, work)
    simulator = behaviour.with_columns(text=reference.titles.masked("text"))
    # the humans' turns at the same places, no more
    places = simulator.select("dialogue_id", "turn_index").unique()
    paired = _human_turns(opened.humans, work.split, reference).join(places, on=["dialogue_id", "turn_index"], how="semi")
    return heldout.told_apart(paired, simulator, seed=work.seed)


def _human_turns(humans: Humans, split: str, reference: Reference) -> pl.DataFrame:
    """What the humans of the split said, titles masked."""
    return humans.behaviour(split).with_columns(text=reference.titles.masked("text"))


def _with_own_exemplars(genome: Genome, known: Sequence[str], *, seed: int) -> Genome:
    if len(known) < len(genome.exemplars):
        raise BadInput(
            f"the prompt shows {len(genome.exemplars)} examples, but the exemplar split of the other data set holds {len(known)}"
        )
    bare = Prompt("carried", replace(genome, exemplars=()), len(genome.exemplars), "", "")
    return seed_genome(bare, known, seed=seed)
