"""What a run would cost and take: its panels are drawn and some of its prompts rendered, but no model is called and nothing is written."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tasks.play import HumanSide, human_side
from understudy import ages, estimate, stock
from understudy.budget import Price
from understudy.completion import ModelRole, Request
from understudy.doors.llm import GatewayConfig, known_price
from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.estimate import NONE, Calls, Figure, Stage, Way
from understudy.genome import Genome
from understudy.keys import share_of
from understudy.parameters import Caps, Models, PanelSize, Search
from understudy.records import Context
from understudy.scene import MAX_TURNS, Scene, replay_scene
from understudy.search.plan import n_survivors
from understudy.setting import load_setting, seed_genome
from understudy.speaking import check_request, request_of

EMBEDDED = "rehearsal"
RUNS = ("nightly", "optimize", "simulate", "evaluate")
Fields = dict[str, Any]

_N_SAMPLED = 60
# fewer calls of a kind say little of the next ones
_N_ENOUGH = 30
# an English text has about four bytes a token, with most tokenizers between these
_BYTES_A_TOKEN = Figure(1 / 4.0, 1 / 5.0, 1 / 3.0)
_TOKENS_A_WORD = 1.35
_MEAN_SPREAD = 0.25
_HOSTED_S, _EMBEDDED_S = Figure(1.5, 0.5, 5.0), Figure(0.005, 0.003, 0.02)
# of the recommender that is a language model: the conversation, the titles it is shown, and its ranking
_RECOMMENDER = Figure(900, 500, 2000), Figure(350, 120, 1400)
_CHECK_REPLY = Figure(30, 10, 200)
# of the satisfaction asked for after a free run, which holds the whole dialogue
_JUDGE = Figure(750, 450, 1800), Figure(10, 6, 120)
# an answer by schema may need a repair
_STRUCTURED = Figure(1.05, 1, 2)
_CALL_S = {True: Figure(0.004, 0.0025, 0.012), False: Figure(0.007, 0.005, 0.02)}
_EVALUATION_S, _START_S = Figure(0.8, 0.2, 3.0), Figure(15, 6, 60)
# what it is shown of a prompt and of turns, and the section that it writes; a commission in need of a second look asks again
_CRITIC, _REWRITINGS = (Figure(1800, 800, 5000), Figure(120, 40, 700)), Figure(1.9, 0.7, 3.5)
_ASSUMED: dict[ModelRole, tuple[Figure, Figure]] = {"recommender": _RECOMMENDER, "judge": _JUDGE, "critic": _CRITIC}
# places of rejected proposals are filled again, but not for ever; a search may stop when three generations gain nothing
_FILLED, _FEWEST_GENERATIONS = Figure(1.0, 0.6, 1.0), 4


@dataclass(frozen=True, slots=True)
class Asked:
    """The run that is to be estimated."""

    dataset: str
    setting: str
    run: str
    search: Search
    report: PanelSize
    n: int
    recommender: str
    seed: int
    latency_s: float | None


def estimate_run(store: str, asked: Asked, *, models: Models) -> Fields:
    """The fields of `understudy estimate`."""
    if asked.run not in RUNS:
        raise BadInput(f"there is no run {asked.run!r} to estimate", hint=f"one of {', '.join(RUNS)}")
    with Store.open(store, read_only=True) as opened:
        profile_key = stock.current_profile(opened, asked.dataset)
        measured = {(_bare(row["model"]), row["role"]): row for row in opened.rows("play/measured_calls")}
        runs = {_bare(row["model"]): row for row in opened.rows("play/measured_runs")}
    side = human_side(store, profile_key, asked.dataset)
    genome = seed_genome(load_setting(asked.setting), sorted(side.exemplars), seed=asked.seed)
    scenes = _sample(side, genome, asked.seed)
    turns, turns_from = _turns(side, runs.get(_bare(models.seeker)))
    calls = {role: _calls(role, models, scenes, measured.get((_bare(models.of(role)), role)), asked) for role in _roles(genome, asked)}
    way = _way(models)
    told = estimate.estimated(_stages(side, asked, turns), calls, way)
    return {
        "dataset": asked.dataset,
        "setting": asked.setting,
        "run": asked.run,
        **told,
        "assumptions": _assumptions(calls, turns_from, way, asked),
    }


def _bare(model: str) -> str:
    """A model's name as the user writes it."""
    return EMBEDDED if model.startswith(EMBEDDED) else ages.bare(model)


def _roles(genome: Genome, asked: Asked) -> list[ModelRole]:
    roles: list[ModelRole] = ["seeker"]
    if genome.controls.verifier:
        roles.append("verifier")
    if asked.recommender.partition(":")[0] == "llm":
        roles.append("recommender")
    if asked.run in ("nightly", "optimize") and _has_critic(asked.search):
        roles.append("critic")
    if asked.run == "evaluate":
        roles.append("judge")
    return roles


def _stages(side: HumanSide, asked: Asked, turns: Figure) -> list[Stage]:
    """The parts of the run in their order. What one part has played is not played again by a later one."""
    search, report = asked.search, asked.report
    stages: list[Stage] = []

    def stage(name: str, n_evaluations: Figure, split: str, size: PanelSize, n_free: int | None = None) -> None:
        stages.append(Stage(name, n_evaluations, _n_replays(side, split, size, asked.seed), size.free if n_free is None else n_free, turns))

    if asked.run in ("nightly", "optimize"):
        stages.append(_search(side, asked, turns))
        n_front = Figure(search.n_front + 1, 1, search.n_front + 1) if search.generations else Figure.exactly(1)
        stage("finalists", n_front, "select", search.front_panel)
    if asked.run == "nightly":
        stage("compare", Figure(2, 1, 2) if search.generations else Figure.exactly(1), "select", report)
        stages.append(Stage("batch", Figure.exactly(1), 0, asked.n, turns))
    elif asked.run == "simulate":
        stage("batch", Figure.exactly(1), "select", report, asked.n)
    elif asked.run == "evaluate":
        stages.append(Stage("recommender", Figure.exactly(1), 0, asked.n, turns))
    return stages


def _search(side: HumanSide, asked: Asked, turns: Figure) -> Stage:
    """Generations: a population of children each, and from the second on the survivors measured again beside them."""
    search = asked.search
    later = Figure(search.generations, min(search.generations, _FEWEST_GENERATIONS - 1), search.generations)
    children = (Figure.exactly(1) + later) * search.population * _FILLED if search.generations else Figure.exactly(1)
    again = later * n_survivors(search.population) if "remeasuring" not in search.without else NONE
    if search.racing:
        # a candidate that is dropped has played half of the panel
        children, again = (one * Figure(0.85, 0.5, 1.0) for one in (children, again))
    places = (Figure.exactly(search.population - 1) + later * search.population) if _has_critic(search) else NONE
    n_replays = _n_replays(side, "search", search.panel, asked.seed)
    return Stage("search", children + again, n_replays, search.panel.free, turns, places)


def _has_critic(search: Search) -> bool:
    return search.generations > 0 and "critic" not in search.without


def _n_replays(side: HumanSide, split: str, size: PanelSize, seed: int) -> int:
    panel = side.panel(split, size, seed=seed)
    wanted = set(panel.behaviour)
    return len(panel.reactions) + sum(one.stratum is None and one.dialogue_id in wanted for one in side.contexts(split).values())


def _sample(side: HumanSide, genome: Genome, seed: int) -> list[Scene]:
    """Replays of the search split, drawn by `seed`: prompts of every length that a dialogue comes to."""
    contexts = sorted(side.contexts("search").values(), key=lambda one: share_of("estimate", seed, one.context_id))
    shown = [side.exemplars[name] for name in genome.exemplars]

    def scene(context: Context) -> Scene:
        target = side.items.get(context.need.targets[0]) if context.need.targets else None
        return replay_scene(context, genome=genome, exemplars=shown, target=target, model="any", replicate=0)

    return [scene(context) for context in contexts[:_N_SAMPLED]]


def _turns(side: HumanSide, played: Fields | None) -> tuple[Figure, str]:
    """Seeker turns of a free run, and where the figure is from."""
    most = MAX_TURNS / 2
    if played is not None and played["n"] >= _N_ENOUGH:
        mean = played["seeker_turns"]
        return Figure(mean, mean * (1 - _MEAN_SPREAD), min(most, mean * (1 + _MEAN_SPREAD))), f"{played['n']} free runs in the store"
    n_turns: dict[str, int] = {}
    for one in side.contexts("search").values():
        if one.stratum is None:
            n_turns[one.dialogue_id] = n_turns.get(one.dialogue_id, 0) + 1
    mean = min(most, statistics.mean(n_turns.values()))
    return Figure(mean, min(mean, 2.0), most), f"{len(n_turns)} human dialogues; simulators may differ"


def _calls(role: ModelRole, models: Models, scenes: Sequence[Scene], measured: Fields | None, asked: Asked) -> Calls:
    model = models.of(role)
    embedded = model == EMBEDDED
    price = Price(0.0, 0.0) if embedded else known_price(GatewayConfig.of(models, Caps()), model)
    enough = measured is not None and measured["n"] >= _N_ENOUGH
    prompt, reply, source = _rendered(role, scenes)
    latency, latency_from = _EMBEDDED_S if embedded else _HOSTED_S, "assumed"
    if measured is not None and enough:
        prompt, reply = (_about(measured[name]) for name in ("prompt_tokens", "reply_tokens"))
        latency = Figure(
            measured["latency"], min(measured["latency"], measured["latency_lo"]), max(measured["latency"], measured["latency_hi"])
        )
        source = latency_from = f"{measured['n']} calls in the ledger"
    if asked.latency_s is not None:
        latency, latency_from = Figure.exactly(asked.latency_s), "given"
    told = f"tokens: {source}; seconds: {latency_from}"
    if role == "critic":
        return Calls(model, NONE, prompt, reply, latency, price, told, per_rewriting=_REWRITINGS)
    if role == "judge":
        return Calls(model, NONE, prompt, reply, latency, price, told, per_run=_STRUCTURED)
    return Calls(model, _per_turn(role, scenes[0].genome), prompt, reply, latency, price, told)


def _about(mean: float) -> Figure:
    return Figure(mean, mean * (1 - _MEAN_SPREAD), mean * (1 + _MEAN_SPREAD))


def _per_turn(role: ModelRole, genome: Genome) -> Figure:
    """Calls of a role for one turn: answers by schema may need a repair, a draft may be turned down once."""
    if role != "seeker":
        return _STRUCTURED
    once = _STRUCTURED if genome.controls.deliberation == "steps" else Figure.exactly(1)
    return once * Figure(1.2, 1, 2) if genome.controls.verifier else once


def _rendered(role: ModelRole, scenes: Sequence[Scene]) -> tuple[Figure, Figure, str]:
    """Tokens of prompt and reply, from prompts rendered for a sample of human dialogues."""
    if role in _ASSUMED:
        return *_ASSUMED[role], "assumed"
    words = statistics.mean(len(turn.text.split()) for scene in scenes for turn in scene.history if turn.role == "seeker")
    if role == "verifier":
        asked = [check_request(scene, scene.history, len(scene.history), "x" * int(5 * words)) for scene in scenes]
        return _tokens(asked), _CHECK_REPLY, f"{len(scenes)} rendered prompts; replies assumed"
    asked = [request_of(scene, scene.history, len(scene.history)) for scene in scenes]
    spoken, most = words * _TOKENS_A_WORD, float(asked[0].max_tokens)
    # models talk more than people do; one that thinks first fills much of what it may
    controls = scenes[0].genome.controls
    long = controls.reasoning == "think" or controls.deliberation == "steps"
    reply = Figure(most / 3 if long else min(most, 1.5 * spoken), min(most, spoken), most)
    return _tokens(asked), reply, f"{len(scenes)} rendered prompts; replies from the length of the humans' turns"


def _tokens(asked: Sequence[Request]) -> Figure:
    mean = statistics.mean(sum(len(message.content.encode()) for message in request.messages) for request in asked)
    return _BYTES_A_TOKEN * mean


def _way(models: Models) -> Way:
    embedded = all(name == EMBEDDED for name in models.named())
    return Way(models.concurrency, models.rpm, models.tpm, _CALL_S[embedded], _EVALUATION_S, _START_S)


def _assumptions(calls: dict[ModelRole, Calls], turns_from: str, way: Way, asked: Asked) -> Fields:
    return {
        "ledger": "as if none of it had been answered before",
        "seeker_turns_from": turns_from,
        "report_panel": asked.report.model_dump(),
        "concurrency": way.concurrency,
        "own_s_per_call": way.call_s.as_json(4),
        "own_s_per_evaluation": way.evaluation_s.as_json(2),
        "start_s": way.start_s.as_json(1),
        "calls": {
            role: {
                "model": one.model,
                "calls_per_turn": one.per_turn.as_json(2),
                "calls_per_free_run": one.per_run.as_json(2),
                "calls_per_rewriting": one.per_rewriting.as_json(2),
                "prompt_tokens": one.prompt_tokens.as_json(),
                "reply_tokens": one.reply_tokens.as_json(),
                "latency_s": one.latency_s.as_json(3),
                "usd_per_million": None if one.price is None else [one.price.prompt * 1e6, one.price.reply * 1e6],
                "from": one.source,
            }
            for role, one in calls.items()
        },
    }
