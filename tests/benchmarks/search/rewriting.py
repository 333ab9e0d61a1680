"""What the peers' reflection requests come to: a prompt as one text, and the critic's rewriting of it in the form rehearsal answers.

Rehearsal's critic reads a prompt's sections, dials and objective, and no turns (understudy/rehearsal/critic.py), so each peer's own
request is turned into that form with the peer's material beside it as data. Every peer thereby gets answers of the same quality as
understudy's own search does. What a critic cannot touch (dials, examples) moves by understudy's own operators, for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from html import escape

import numpy as np

from search.stage import MODEL, Stage
from understudy.completion import Message, Request
from understudy.errors import BadInput
from understudy.keys import rng_of, seed_of
from understudy.parameters import LONGEST_CHAIN
from understudy.prompt import template
from understudy.prompt.genome import MAX_EXEMPLARS, SECTIONS, STRUCTURE, Controls, Genome
from understudy.records import Need
from understudy.search import operators
from understudy.search.critic import unstaged
from understudy.search.genes import Screen
from understudy.search.offspring import LONGER_AT_FIRST

VERSION = 1
DIAL_CHANCE = 1 / 3
ATTEMPTS = 8
_DIALS = ("temperature", "top_p", "disclosure", "persona", "patience", "visibility")
_BLIND = ("crossover", "transplant", "prune", "add_exemplar", "drop_exemplar", "swap_exemplar", "mutate_controls")
_BLIND_CHANCES = np.array([0.30, 0.20, 0.10, 0.10, 0.05, 0.05, 0.20])
_LINE = re.compile(r"^\[(\w+)\] (.*)$")
_ANSWER = re.compile(r"Section: (\w+)\n```\n(.*?)\n```", re.S)
# whoever reads the prompt sees it filled in; people and titles are made up
_NEED = Need(liked=("The Glass Orchard (2004)",), seen=("The Glass Orchard (2004)",), genres=("drama", "comedy"), people=("Mina Farrow",))


def as_text(genome: Genome, *, examples: bool = True) -> str:
    """The genome as one text, a line for each section, dials and examples; `as_genome` reads it back."""
    dials = " ".join(f"{name}={getattr(genome.controls, name)}" for name in (*_DIALS, *STRUCTURE))
    lines = [f"[{name}] {' '.join(genome.sections[name].split())}" for name in SECTIONS] + [f"[dials] {dials}"]
    return "\n".join([*lines, f"[examples] {' '.join(genome.exemplars)}".rstrip()] if examples else lines)


def as_genome(text: str, base: Genome, *, more_examples: Sequence[str] = ()) -> Genome:
    """The genome that a text describes. Raises BadInput where a section, which is a part of the prompt's form, is lost."""
    found = {match[1]: match[2].strip() for line in text.splitlines() if (match := _LINE.match(line.rstrip() + " "))}
    if lost := [name for name in (*SECTIONS, "dials") if name not in found]:
        raise BadInput(f"the prompt lost {', '.join(lost)}")
    told = dict(pair.partition("=")[::2] for pair in found["dials"].split())
    try:
        dials = {
            "temperature": float(told["temperature"]), "top_p": float(told["top_p"]), "patience": int(told["patience"]),
            **{name: told[name] for name in ("disclosure", "persona", "visibility")},
            # a text of before, or one that lost them, has the structure of the base
            **{name: told[name] == "True" if name == "verifier" else told[name] for name in STRUCTURE if name in told},
        }  # fmt: skip
    except (KeyError, ValueError) as error:
        raise BadInput(f"the prompt's dials cannot be read: {error}") from error
    controls = Controls(**{**{name: getattr(base.controls, name) for name in Controls.__dataclass_fields__}, **dials})
    examples = tuple(dict.fromkeys([*found.get("examples", "").split(), *more_examples]))[:MAX_EXEMPLARS]
    return Genome({name: found[name] for name in SECTIONS}, controls, examples)


@dataclass(slots=True)
class Rewriter:
    """Children for one run: by the critic, by understudy's blind operators, or by both; only what passes the screen comes out.

    `chains`: a child is rewritten several times in a row before it is played, as often as one of understudy's own search, which is at
    most `longest` times once the first child is known.
    """

    stage: Stage
    screen: Screen
    seed: int
    n_asked: int = 0
    n_lost: int = 0
    n_screened: int = 0
    n_rewritten: int = 0
    chains: bool = False
    longest: int = LONGEST_CHAIN
    known: list[Genome] = field(default_factory=list)

    def treated(
        self, genome: Genome, objective: str | None, *, material: str = "", dials: bool = True, then: Callable[[], str] | None = None
    ) -> Genome | None:
        """The genome with one section rewritten by the critic, and at times a dial or an example changed; None where nothing passed.

        With chains it is rewritten one to `longest` times in a row, two more before the first child is known; `then` draws the objective of
        each further rewriting, which is the first one's without it.
        """
        for attempt in range(ATTEMPTS):
            rng = self._rng()
            base = genome
            for _ in range(attempt):  # what was too long is made shorter before it is asked about again
                base = operators.prune((base, base), pool=self.stage.world.pool, rng=rng) or base
            child = self._criticised(base, objective, material)
            for _ in range(self._n_more(rng)):
                child = self._criticised(child, then() if then is not None else objective, material)
            if dials and rng.random() < DIAL_CHANCE:
                child = self._blind_step(child, rng, (3, 4, 5, 6)) or child
            if self._passes(child):
                return child
        return None

    def blind(self, parents: tuple[Genome, Genome], *, most_steps: int = 2) -> Genome | None:
        """A child of one step or more of the operators that need no model; None where nothing passed."""
        for _ in range(ATTEMPTS):
            rng = self._rng()
            child = parents[0]
            for _ in range(int(rng.integers(1, most_steps + 1))):
                child = self._blind_step(child, rng, range(len(_BLIND)), parents[1]) or child
            if child.digest != parents[0].digest and self._passes(child):
                return child
        return None

    def crossed(self, mother: Genome, father: Genome) -> Genome:
        """The mother with about half of the father's sections, each whole: what merging comes to without a language model."""
        rng = self._rng()
        taken = {name: father.sections[name] for name in SECTIONS if rng.random() < 0.5}
        return replace(mother, sections={**mother.sections, **taken})

    def first(self, genome: Genome, n: int) -> list[Genome]:
        """The genome and n - 1 variants of it bred from the pool, larger steps first: a population to start from."""
        self.known.append(genome)
        return [genome, *(child for _ in range(n - 1) if (child := self.blind((genome, genome), most_steps=4)) is not None)]

    def _n_more(self, rng: np.random.Generator) -> int:
        """How many rewritings follow the first one."""
        if not self.chains:
            return 0
        return int(rng.integers(0, self.longest + (LONGER_AT_FIRST if len(self.known) <= 1 else 0)))

    def _passes(self, child: Genome) -> bool:
        if not self.screen.check(child, self.known).ok:
            self.n_screened += 1
            return False
        self.known.append(child)
        return True

    def _rng(self) -> np.random.Generator:
        self.n_asked += 1
        return rng_of("bench rewriting", VERSION, self.seed, self.n_asked)

    def _blind_step(self, genome: Genome, rng: np.random.Generator, which: Sequence[int], other: Genome | None = None) -> Genome | None:
        chances = _BLIND_CHANCES[list(which)]
        for i in rng.choice(list(which), size=len(which), replace=False, p=chances / chances.sum()):
            child: Genome | None = getattr(operators, _BLIND[int(i)])((genome, other or genome), pool=self.stage.world.pool, rng=rng)
            if child is not None:
                return child
        return None

    def _criticised(self, genome: Genome, objective: str | None, material: str) -> Genome:
        world, self.n_rewritten = self.stage.world, self.n_rewritten + 1
        shown = [world.exemplars[name] for name in genome.exemplars]
        prompt = template.system_prompt(unstaged(genome), _NEED, exemplars=shown, target=next(iter(world.items.values())))
        parts = [
            *([f"<objective>{objective}</objective>"] if objective else []),
            f"<temperature>{genome.controls.temperature}</temperature>\n<top_p>{genome.controls.top_p}</top_p>",
            f"<prompt>\n{template.escape(prompt)}\n</prompt>",
            *(f'<section name="{name}">\n{template.escape(genome.sections[name])}\n</section>' for name in SECTIONS),
            *([f"<material>\n{escape(material, quote=False)}\n</material>"] if material else []),
        ]
        request = Request(
            "critic", MODEL, (Message("user", "Rewrite one section.\n\n" + "\n\n".join(parts)),), 0.8, 1.0, 1200,
            seed_of("bench critic", VERSION, self.seed, self.n_asked, *([self.n_rewritten] if self.chains else [])),
        )  # fmt: skip
        found = _ANSWER.search(self.stage.provider.answer(request).text)
        if found is None:
            raise BadInput("the critic's answer has no section")
        return replace(genome, sections={**genome.sections, found[1]: found[2]})
