"""Replies that have to follow a schema: how many of a model do not, asked in words and by schema in one run.

    python tests/benchmarks/bench_structured.py --model openai/NAME --api-base http://127.0.0.1:8101/v1 --work WORK

For each role N questions are made of the bundled sample: the critic of a search, the judge of satisfaction, the verifier of a draft, the
recommender, and the setting that answers in steps. Each question is asked in both forms, in turns. A first reply is invalid where a
repair had to be asked for; a question is lost where the repair is invalid too. Prints a table and one line of JSON.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice, pairwise
from pathlib import Path
from time import perf_counter
from typing import Any

from bench_models import DATASET, SERVED_S, _profiled

from understudy.completion import Completion, MissingReply, Request
from understudy.parameters import Models, RunOptions
from understudy.play.dialogue import PlayedTurn
from understudy.play.satisfaction import satisfaction
from understudy.play.scene import Scene, replay_scene
from understudy.play.turn import Check, Steps, check_request, request_of
from understudy.prompt.genome import SECTIONS
from understudy.prompt.setting import load_setting, seed_genome
from understudy.prompt.structured import Invalid, structured
from understudy.recommenders import Services
from understudy.recommenders import llm as recommender
from understudy.report.markdown import table
from understudy.search.critic import Commission, criticise
from understudy.search.influence import Evidence, Exhibit
from understudy.statistics.rates import wilson
from understudy.tasks.play.opened import OpenRun, models_open, store_open

FORMS = ("words", "schema")
DRAFT = "that sounds great, i have not seen it. can you suggest one more like that?"
Complete = Callable[[Request], Awaitable[Completion]]
Question = Callable[[Complete], Awaitable[bool]]
Fields = dict[str, Any]


@dataclass
class Form:
    """A model that is asked in one form alone; `n` are its calls since it was last looked at."""

    complete: Complete
    by_schema: bool
    n: int = 0
    n_cut: int = 0
    tokens: list[int] = field(default_factory=list)

    async def __call__(self, request: Request) -> Completion:
        self.n += 1
        found = await self.complete(replace(request.form(by_schema=self.by_schema), alternative=None))
        self.n_cut += found.is_cut
        self.tokens.append(found.completion_tokens)
        return found


def main() -> None:
    """Asks every question in both forms and prints the rates."""
    asked = _asked()
    asked.work.mkdir(parents=True, exist_ok=True)
    store = asked.work / "structured.duckdb"
    _profiled(store, Path(__file__).resolve().parents[2] / "examples" / "sample")
    models = Models(seeker=asked.model, api_base=asked.api_base, concurrency=asked.concurrency, timeout_s=SERVED_S)
    rows: list[Fields] = []
    options = RunOptions(store=store, seed=0, models=models)
    with store_open(store) as there, models_open(DATASET, options, there) as opened:
        for role, questions in roles(opened).items():
            if role in asked.roles:
                rows += measured(opened, role, list(islice(questions, asked.n)))
                print(json.dumps(rows[-2:]), flush=True)
    print(shown(rows))
    print(json.dumps({"model": asked.model, "n": asked.n, "rows": rows}))


def measured(opened: OpenRun, role: str, questions: list[Question]) -> list[Fields]:
    """A row for each form, asked in turns, so that what else the machine does falls on both."""
    found = {name: _Outcomes(Form(opened.gateway.complete, by_schema=name == "schema")) for name in FORMS}
    for n, question in enumerate(questions):
        for name in FORMS if n % 2 else FORMS[::-1]:
            opened.gateway.run(found[name].ask(question))
    return [{"role": role, "form": name, **found[name].fields} for name in FORMS]


@dataclass
class _Outcomes:
    form: Form
    n: int = 0
    n_first_invalid: int = 0
    n_lost: int = 0
    n_missing: int = 0
    seconds: float = 0.0

    async def ask(self, question: Question) -> None:
        self.form.n, began = 0, perf_counter()
        try:
            is_valid = await question(self.form)
        except MissingReply as error:
            # the recommender's own word for a reply that is invalid twice
            is_valid = False
            self.n_missing += "invalid" not in error.message
        self.n += 1
        self.n_first_invalid += self.form.n > 1
        self.n_lost += not is_valid
        self.seconds += perf_counter() - began

    @property
    def fields(self) -> Fields:
        rates = {}
        for name, n in (("first_invalid", self.n_first_invalid), ("lost", self.n_lost)):
            told = wilson(n, self.n)
            rates[name] = {"value": n / self.n, "ci": [told.lo, told.hi], "n": self.n}
        mean = sum(self.form.tokens) / len(self.form.tokens) if self.form.tokens else None
        return {**rates, "n_missing": self.n_missing, "n_cut": self.form.n_cut, "reply_tokens": mean, "seconds": self.seconds / self.n}


def roles(opened: OpenRun) -> dict[str, Iterator[Question]]:
    """Role → its questions, as many as the sample gives."""
    return {
        "critic": critics(opened), "judge": judges(opened), "verifier": verifiers(opened),
        "recommender": recommenders(opened), "deliberate": deliberations(opened),
    }  # fmt: skip


def scenes(opened: OpenRun, setting: str) -> Iterator[Scene]:
    """Human dialogues up to a point after which a seeker spoke, each in the middle of a conversation."""
    genome = seed_genome(load_setting(setting), sorted(opened.humans.exemplars), seed=0)
    shown = [opened.humans.exemplars[name] for name in genome.exemplars]
    for split in ("search", "select"):
        for one in opened.humans.contexts(split).values():
            if len(one.history) >= 2 and any(turn.role == "recommender" for turn in one.history):
                target = opened.humans.items.get(one.need.targets[0]) if one.need.targets else None
                model = opened.cast.seeker
                yield replay_scene(one, genome=genome, exemplars=shown, target=target, model=model, replicate=0)


def critics(opened: OpenRun) -> Iterator[Question]:
    """Every rewriting of the search, of the shipped settings, with turns of people as evidence."""
    wanted = [("treat", None), ("paraphrase", "style"), ("compress", "reaction"), ("treat", "disclosure")]
    for place, scene in enumerate(scenes(opened, "zero_shot")):
        said = [turn.text for turn in scene.history]
        exhibits = tuple(Exhibit(heard, answer, "no thanks") for heard, answer in pairwise(said))[:4]
        evidence = {"positive_bias": Evidence("positive_bias", "disliked", exhibits, ())}
        operator, section = wanted[place % len(wanted)]
        assert section is None or section in SECTIONS
        commission = Commission(operator, (scene.genome,), ("positive_bias",), 1, place, section)  # type: ignore[arg-type]

        async def ask(complete: Complete, commission: Commission = commission, evidence: dict[str, Evidence] = evidence) -> bool:
            context = opened.gateway.context_of(opened.cast.critic)
            answer = await criticise(complete, commission, evidence, model=opened.cast.critic, seed=0, context=context)
            return bool(answer.rewrites)

        yield ask


def judges(opened: OpenRun) -> Iterator[Question]:
    """Satisfaction with human dialogues."""
    for scene in scenes(opened, "zero_shot"):
        turns = [PlayedTurn(turn.role, turn.text, turn.item_ids) for turn in scene.history]

        async def ask(complete: Complete, scene: Scene = scene, turns: list[PlayedTurn] = turns) -> bool:
            return not isinstance(await satisfaction(scene, turns, complete, judge=opened.cast.judge), Invalid)

        yield ask


def verifiers(opened: OpenRun) -> Iterator[Question]:
    """A second look at a draft."""
    for scene in scenes(opened, "verified"):

        async def ask(complete: Complete, scene: Scene = scene) -> bool:
            request = check_request(scene, scene.history, len(scene.history), DRAFT)
            return not isinstance(await structured(complete, request, Check), Invalid)

        yield ask


def deliberations(opened: OpenRun) -> Iterator[Question]:
    """A turn in steps."""
    for scene in scenes(opened, "deliberate"):

        async def ask(complete: Complete, scene: Scene = scene) -> bool:
            return not isinstance(await structured(complete, request_of(scene, scene.history, len(scene.history)), Steps), Invalid)

        yield ask


def recommenders(opened: OpenRun) -> Iterator[Question]:
    """An answer to what a person said first."""
    for place, scene in enumerate(scenes(opened, "zero_shot")):
        said = next((turn.text for turn in scene.history if turn.role == "seeker"), "hi, something for tonight?")

        async def ask(complete: Complete, said: str = said, place: int = place) -> bool:
            services = Services(complete=complete, model=opened.cast.recommender)
            built = recommender.build(opened.humans.items, opened.humans.popularity, services)
            await built.start(place).reply(said)
            return True

        yield ask


def shown(rows: list[Fields]) -> str:
    """The rows as a Markdown table."""
    cells = [
        [
            row["role"], row["form"], *(_rate(row[name]) for name in _RATES),
            str(row[_RATES[0]]["n"]), str(row["n_cut"]), "–" if row["reply_tokens"] is None else f"{row['reply_tokens']:.0f}",
            f"{row['seconds']:.1f}",
        ]
        for row in rows
    ]  # fmt: skip
    return table(["role", "asked by", "first reply invalid", "lost after a repair", "n", "cut", "tokens a reply", "seconds"], cells)


def _rate(told: Fields) -> str:
    return f"{told['value']:.1%} [{told['ci'][0]:.1%}, {told['ci'][1]:.1%}]"


_RATES = ("first_invalid", "lost")


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", required=True)
    parser.add_argument("--api-base")
    parser.add_argument("--n", type=int, default=100, help="questions of each role")
    parser.add_argument("--roles", nargs="+", default=["critic", "judge", "verifier", "recommender", "deliberate"])
    parser.add_argument("--concurrency", type=int, default=1)
    parser.add_argument("--work", type=Path, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
