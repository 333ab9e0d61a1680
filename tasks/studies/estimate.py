"""What a run would cost and take: its panels are drawn and some of its prompts rendered. Local models alone are asked, and timed."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from understudy.completion import ModelRole
from understudy.doors.gateway import ages, lengths
from understudy.doors.local.servers import local_models
from understudy.doors.reading_copy import readable
from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.parameters import Models, PanelSize, Search
from understudy.play.endings import MAX_TURNS
from understudy.prompt.genome import Genome
from understudy.prompt.setting import load_setting, seed_genome, setting_names, shipped_beside
from understudy.records import CHOOSING, REPORTING, AmountFields
from understudy.rows.handle import Humans
from understudy.search.halting import STALL_PANELS
from understudy.search.plan import n_survivors
from understudy.studies import estimate
from understudy.studies.estimate import NONE, Estimate, RoleCalls, Stage, StageGroup, Way
from understudy.tasks.optimize.generations import n_nominated
from understudy.tasks.optimize.shipped import FIRST
from understudy.tasks.optimize.shipped import NAME as BEST_SHIPPED
from understudy.tasks.studies.asked import CONTAMINATION, Asked
from understudy.tasks.studies.call_sizes import EMBEDDED, MEAN_SPREAD, N_ENOUGH, asked_apart, calls_of, way_of
from understudy.tasks.studies.compare import settings_asked
from understudy.tasks.studies.drawn import n_reactions, n_replays, sampled
from understudy.tasks.studies.probe import is_asked, questions_of
from understudy.tasks.studies.results.estimates import CostFields, EstimatedFields, EstimateReadFields, LaterFields, StageFields
from understudy.tasks.studies.speeds import measured_speeds

RUNS = ("nightly", "optimize", "simulate", "evaluate", "compare", "study", "probe")
SEARCHED, SEVERAL = ("nightly", "optimize", "compare", "study"), ("compare", "study")
PROBE, CARRIED, ANEW = "probe", "carried", ("report", "dialogues", "tstr")
# settings in steps and with a verifier ask for more than one reply a turn
_STRUCTURED_MORE = 1.5
Fields = dict[str, Any]

# places of rejected proposals are filled again, but not for ever; a search may stop when three generations gain nothing
_FILLED = Estimate(1.0, 0.6, 1.0)


def estimate_run(store_path: Path | str, asked: Asked, *, models: Models) -> EstimateReadFields:
    """The fields of `understudy estimate` but for the caps; of a store that is written to, from the copy beside it. Raises BadInput."""
    if asked.run not in RUNS:
        raise BadInput(f"{asked.run!r} is no command that can be estimated", hint=f"choose --of from {', '.join(RUNS)}")
    if asked.to.is_asked and asked.run != "compare":
        raise BadInput(f"{asked.run} does not measure prompts on another data set, recommender or surface", hint="use --of compare")
    if asked.tstr and asked.run != "nightly":
        raise BadInput(f"{asked.run} measures no TSTR", hint="use --of nightly with --tstr")
    with local_models(models) as (named, servers):
        asked = replace(asked, speeds=measured_speeds(Path(store_path), asked, servers))
    with readable(Path(store_path)) as reading:
        return {**estimated(reading.store, asked, models=named), "snapshot": reading.snapshot}


def estimated(store: Store, asked: Asked, *, models: Models) -> EstimatedFields:
    """What the command that is asked for would take, from the rows of an open store."""
    sides = {name: Humans.of(store, name) for name in (asked.dataset, asked.to.dataset or asked.dataset)}
    measured, runs = _ledger(store)
    side, played = sides[asked.dataset], runs.get(_named(models, "seeker"))
    turns, turns_from = _turns(side, played, asked.max_turns)
    parts = [_probe(store, side, asked, models)] if asked.run == PROBE or (asked.run == "study" and asked.n_probed) else []
    if asked.run != PROBE:
        names = settings_asked(asked.setting) if asked.run in SEVERAL else [asked.setting]
        parts += [_part(side, replace(asked, setting=name), models, measured, turns) for name in names]
        if asked.to.is_asked:
            dataset, recommender = asked.to.dataset or asked.dataset, asked.to.recommender or asked.recommender
            there = replace(asked, run=CARRIED, dataset=dataset, recommender=recommender)
            played_there, _ = _turns(sides[dataset], played, asked.max_turns)
            parts += [_part(sides[dataset], replace(there, setting=name), models, measured, played_there) for name in names]
        if asked.best_shipped and asked.run in SEVERAL and asked.search.generations:
            parts.append(_best_shipped(side, replace(asked, setting=FIRST), models, measured, turns))
    if asked.n_seeds > 1:
        parts = [replace(one, name=f"{one.name}, seed {asked.seed + more}") for more in range(asked.n_seeds) for one in parts]
    parts = parts if len(parts) > 1 else [replace(one, name="") for one in parts]
    way = way_of(models)
    costs = cast(CostFields, estimate.estimated(parts, way))
    return {
        "dataset": asked.dataset,
        "setting": None if asked.run == PROBE else asked.setting,
        "run": asked.run,
        **costs,
        "later_nights": _later(costs["stages"]) if asked.run == "nightly" else None,
        "assumptions": _assumptions(parts, turns_from, way, asked),
    }


def _later(stages: Sequence[StageFields]) -> LaterFields:
    """What each later night on the same logs takes: its batch and its report are its own."""
    anew = [one for one in stages if one["stage"] in ANEW]
    ranges = [one["n_calls"]["range"] for one in anew]
    calls: AmountFields = {
        "value": sum(one["n_calls"]["value"] or 0 for one in anew), "range": [sum(ends) for ends in zip(*ranges, strict=True)],
    }  # fmt: skip
    return {"stages": [one["stage"] for one in anew], "n_calls": calls}


def _ledger(store: Store) -> tuple[dict[tuple[str, str], Fields], dict[str, Fields]]:
    """What the ledger says of calls, by model and role, and of free runs, by model."""
    runs = {_bare(row["model"]): row for row in store.rows("play/measured_runs")}
    calls = {(_bare(row["model"]), row["role"]): row for row in store.rows("play/measured_calls")}
    return {(model, role): {**row, "runs": runs.get(model)} for (model, role), row in calls.items()}, runs


def _part(side: Humans, asked: Asked, models: Models, measured: Mapping[tuple[str, str], Fields], turns: Estimate) -> StageGroup:
    """The stages of one setting."""
    setting = load_setting(asked.setting)
    genome = seed_genome(setting, sorted(side.exemplars), seed=asked.seed)
    name = setting.name if asked.run != CARRIED else f"{setting.name} carried"
    return _group(side, asked, models, measured, turns, genome, name=name)


def _group(
    side: Humans, asked: Asked, models: Models, measured: Mapping[tuple[str, str], Fields], turns: Estimate, genome: Genome, *, name: str
) -> StageGroup:
    """The stages of one prompt, with what it makes of a call."""
    scenes = sampled(side, genome, asked.seed)
    calls = {
        role: calls_of(role, models, scenes, measured.get((_named(models, role), role)), latency_s=asked.latency_s, speeds=asked.speeds)
        for role in _roles(genome, asked)
    }
    return StageGroup(name, _stages(side, asked, turns), calls)


def _best_shipped(side: Humans, asked: Asked, models: Models, measured: Mapping[tuple[str, str], Fields], turns: Estimate) -> StageGroup:
    """The shipped prompts, played for the dialogues of a search or at least once each, their finals, and the one that is compared."""
    own = _part(side, replace(asked, search=asked.search.model_copy(update={"without": ("critic",)})), models, measured, turns)
    n, search = len(setting_names()), _search(side, asked, turns)
    most = max(n * _STRUCTURED_MORE, search.n_evaluations.hi)
    rounds = Estimate(max(n, search.n_evaluations.value), 0, most)
    stages = [replace(search, name=BEST_SHIPPED, n_evaluations=rounds, n_rewritings=NONE), *own.stages[1:]]
    return StageGroup(BEST_SHIPPED, stages, {"seeker": own.calls["seeker"]})


def stages_of_batch(store: Store, humans: Humans, genome: Genome, asked: Asked, models: Models) -> list[StageFields]:
    """What the dialogues and the report of a batch with a given prompt would take, as stages of an estimate."""
    measured, runs = _ledger(store)
    turns, _ = _turns(humans, runs.get(_named(models, "seeker")), asked.max_turns)
    part = _group(humans, asked, models, measured, turns, genome, name="")
    return cast(CostFields, estimate.estimated([part], way_of(models)))["stages"]


def _probe(store: Store, side: Humans, asked: Asked, models: Models) -> StageGroup:
    """The questions that a probe would ask; rehearsal is asked none."""
    task, n = (asked.task, asked.n) if asked.run == PROBE else (CONTAMINATION, asked.n_probed)
    _, found = questions_of(store, side, task=task, model=models.seeker, n=n, seed=asked.seed, ratings=asked.ratings)
    sizes = {name: len(one.asked) if is_asked(models.seeker) else 0 for name, one in found.items()}
    stages = [Stage(name, NONE, 0, 0, NONE, n_questions=Estimate.exactly(size)) for name, size in sizes.items()]
    requests = [question.request for one in found.values() for question in one.asked]
    calls: dict[ModelRole, RoleCalls] = {}
    if requests and any(sizes.values()):
        calls["seeker"] = asked_apart(models.seeker, models, requests, latency_s=asked.latency_s, speeds=asked.speeds)
    return StageGroup(PROBE, stages, calls)


def _named(models: Models, role: ModelRole) -> str:
    """The name under which the calls of a role would be kept, without its age: replies under another limit are other replies."""
    model = models.of(role)
    return EMBEDDED if model.startswith(EMBEDDED) else lengths.named(model, models.reply_tokens.get(role))


def _bare(model: str) -> str:
    """A model's name as the user writes it."""
    return EMBEDDED if model.startswith(EMBEDDED) else ages.bare(model)


def _roles(genome: Genome, asked: Asked) -> list[ModelRole]:
    roles: list[ModelRole] = ["seeker"]
    if genome.controls.verifier:
        roles.append("verifier")
    if asked.recommender.partition(":")[0] == "llm":
        roles.append("recommender")
    if asked.run in SEARCHED and asked.search.may_ask_critic:
        roles.append("critic")
    if asked.run == "evaluate":
        roles.append("judge")
    return roles


def _stages(side: Humans, asked: Asked, turns: Estimate) -> list[Stage]:
    """The parts of the run in their order. What one part has played is not played again by a later one."""
    search, report = asked.search, asked.report
    stages: list[Stage] = []

    def stage(name: str, n_evaluations: Estimate, split: str, size: PanelSize, n_free: int | None = None) -> None:
        stages.append(Stage(name, n_evaluations, n_replays(side, split, size, asked.seed), size.free if n_free is None else n_free, turns))

    if asked.run in SEARCHED:
        stages.append(_search(side, asked, turns))
        if search.generations:
            # where nothing but the seed could be measured there is nothing to choose, and none is played
            stage("finalists", Estimate(n_nominated(search) + 1, 0, n_nominated(search) + 1), CHOOSING, search.front_panel)
    if asked.run in ("nightly", *SEVERAL, CARRIED):
        # a study has played the seeds of `select` by then, and a pick that is the seed is played once
        both = Estimate(2, 1, 2) if search.generations else Estimate.exactly(1)
        named = "report" if asked.run == "nightly" else "compare"
        for split in _reported(asked):
            stage(named if split == REPORTING else f"{named} on {split}", both, split, report)
    if asked.run == CARRIED and not asked.to.replays:
        stages = [replace(one, n_replays=0) for one in stages]
    if asked.run in ("nightly", "simulate"):
        stages.append(Stage("dialogues", Estimate.exactly(1), 0, asked.n, turns))
    if asked.tstr and search.generations:
        stages.append(Stage("tstr", Estimate(1, 0, 1), 0, asked.n, turns))  # none where the pick is the seed
    if asked.run == "simulate":
        stage("report", Estimate.exactly(1), REPORTING, report, 0)
    if asked.run in ("nightly", "simulate"):
        # a batch draws the dialogues that it replays whole by its own name
        spread = MEAN_SPREAD * (1 - n_reactions(side, report, asked.seed) / max(1, n_replays(side, REPORTING, report, asked.seed)))
        stages = [replace(one, spread=spread) if one.name == "report" else one for one in stages]
    elif asked.run == "evaluate":
        stages.append(Stage("recommender", Estimate.exactly(1), 0, asked.n, turns))
    return stages


def _reported(asked: Asked) -> tuple[str, ...]:
    """The splits that seed and pick are measured on: a study that ends on `test` has measured `select` before."""
    if not asked.final:
        return (REPORTING,)
    return (REPORTING, "test") if asked.run == "study" else ("test",)


def _search(side: Humans, asked: Asked, turns: Estimate) -> Stage:
    """Generations: a population of children each, and from the second on the survivors measured again beside them."""
    search = asked.search
    later = Estimate(search.generations, _fewest(search), search.generations)
    n_starts = len(shipped_beside(load_setting(asked.setting).genome)) if search.from_shipped and search.generations else 0
    first = Estimate.exactly(max(search.population, 1 + n_starts))
    children = (first + later * search.population) * _FILLED if search.generations else Estimate.exactly(1)
    again = _turns_of_panels(search) * n_survivors(search.population) if "remeasuring" not in search.without else NONE
    if search.racing:
        # a candidate that is dropped has played half of the panel
        children, again = (one * Estimate(0.85, 0.5, 1.0) for one in (children, again))
    places = (Estimate.exactly(max(0, search.population - 1 - n_starts)) + later * search.population) if search.may_ask_critic else NONE
    return Stage("search", children + again, n_replays(side, "search", search.panel, asked.seed), search.panel.free, turns, places)


def _turns_of_panels(search: Search) -> Estimate:
    """How often survivors are measured anew; what they said on the panel of the generation before is in the ledger."""
    if "rotation" in search.without:
        return NONE
    most = search.generations // search.period
    return Estimate(most, _fewest(search) // search.period, most)


def _fewest(search: Search) -> int:
    """Generations after the first that are played before the search may end as converged."""
    return min(search.generations, STALL_PANELS * search.period)


def _turns(side: Humans, played: Fields | None, max_turns: int | None) -> tuple[Estimate, str]:
    """Seeker turns of a free run, and where the figure is from. `max_turns`: the cap on those of both sides, None for the usual one."""
    most = (max_turns or MAX_TURNS) / 2
    if played is not None and played["n"] >= N_ENOUGH:
        mean = min(most, played["seeker_turns"])
        return Estimate(mean, mean * (1 - MEAN_SPREAD), min(most, mean * (1 + MEAN_SPREAD))), f"{played['n']} free runs in the store"
    n_turns: dict[str, int] = {}
    for one in side.contexts("search").values():
        if one.stratum is None:
            n_turns[one.dialogue_id] = n_turns.get(one.dialogue_id, 0) + 1
    mean = min(most, statistics.mean(n_turns.values()))
    return Estimate(mean, min(mean, 2.0), most), f"{len(n_turns)} human dialogues; the length of simulated ones may differ"


def _assumptions(parts: Sequence[StageGroup], turns_from: str, way: Way, asked: Asked) -> Fields:
    named = {f"{part.name}: {role}" if part.name else role: one for part in parts for role, one in part.calls.items()}
    return {
        "ledger": "no reply is taken from the ledger",
        "seeker_turns_from": turns_from,
        "report_panel": asked.report.model_dump(),
        "concurrency": way.concurrency,
        "own_s_per_call": way.call_s.as_json(4),
        "own_s_per_evaluation": way.evaluation_s.as_json(2),
        "start_s": way.start_s.as_json(1),
        "calls": {
            name: {
                "model": one.model,
                "calls_per_turn": one.per_turn.as_json(2),
                "calls_per_free_run": one.per_run.as_json(2),
                "calls_per_rewriting": one.per_rewriting.as_json(2),
                "calls_per_question": one.per_question.as_json(2),
                "prompt_tokens": one.prompt_tokens.as_json(),
                "reply_tokens": one.reply_tokens.as_json(),
                "latency_s": one.latency_s.as_json(3),
                "usd_per_million": None if one.price is None else [one.price.prompt * 1e6, one.price.reply * 1e6],
                "cached_share": one.cached_fields,
                "from": one.source,
            }
            for name, one in named.items()
        },
    }
