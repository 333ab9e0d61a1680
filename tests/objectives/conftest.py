"""A small invented world: seekers, recommenders and a catalogue, with humans and simulators of known faults."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from understudy.measure.reference import BEHAVIOUR, FREE_DIALOGUES, FREE_TURNS, REACTIONS, Human, Reference, Simulated
from understudy.records import DECOY, STRATA, Item

N_DIALOGUES = 160
ITEMS = {
    str(i): Item(str(i), f"The Ember Road {i}", 1980 + i, ("drama", "comedy")[i % 2 : i % 2 + 1], (f"Person Number{i % 7}",))
    for i in range(40)
}
RATES = {"liked_seen": 0.1, "liked_unseen": 0.5, "disliked": 0.1, "unstated": 0.25, DECOY: 0.1}
TAKEN = ("I will watch it tonight", "that sounds great", "adding it to my list", "ok i'd love to see that one")
LEFT = ("hm who plays in it", "i have seen it", "never heard of it", "what year was that", "tell me more about the story")
OPENERS = ("hi", "hello there", "hey", "good evening")
PARTS = (
    *("i look for a film", "something slow", "maybe a drama", "with a good ending", "for my brother", "about the sea", "nothing too long"),
    *(
        "from the nineties",
        "i liked the last one",
        "my kids are here",
        "we have two hours",
        "it rains all day",
        "please no war",
        "a bit of music",
    ),
)


def say(rng: np.random.Generator, turn: int) -> str:
    if turn == 0:
        return f"{rng.choice(OPENERS)} {rng.choice(PARTS)}"
    return ", ".join(rng.permutation(PARTS)[: int(rng.integers(1, 4))]) + ("?" if rng.random() < 0.3 else "")


def reactions(seed: int, rates: dict[str, float], n: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    for stratum in (*STRATA, DECOY):
        for i in range(n):
            text = rng.choice(TAKEN if rng.random() < rates[stratum] else LEFT)
            people = (f"d{i % N_DIALOGUES}", f"s{i % 50}", f"r{i % 37}")
            rows.append((f"{stratum}{i}", *people, stratum, str(i % 40), "how about this one?", str(text)))
    return pl.DataFrame(rows, schema=REACTIONS, orient="row")


def behaviour(seed: int, speak: Callable[[np.random.Generator, int], str], dialogues: range) -> pl.DataFrame:
    rng, humans = np.random.default_rng(seed), np.random.default_rng(7)
    rows = []
    for i in dialogues:
        previous = ""
        for turn in range(5):
            rows.append((f"d{i}", f"s{i % 50}", f"r{i % 37}", previous, speak(rng, turn), 2 * turn))
            previous = say(humans, turn)
    return pl.DataFrame(rows, schema=BEHAVIOUR, orient="row")


def free(n: int, opening: str, *, status: str = "complete", reason: str = "") -> tuple[pl.DataFrame, pl.DataFrame]:
    dialogues = [(f"p{i}", f"x{i}", f"d{i % N_DIALOGUES}", str(i % 40), status, reason, False, 3) for i in range(n)]
    turns = []
    for i in range(n):
        label = ITEMS[str(i % 40)].label
        turns += [(f"p{i}", 0, "seeker", opening.format(label), []), (f"p{i}", 1, "recommender", f"try {label}", [str(i % 40)])]
        turns += [(f"p{i}", 2, "seeker", "ok, will watch it", [])]
    order = ["play_key", "scenario_id", "dialogue_id", "target", "status", "reason", "title_in_prompt", "n_turns"]
    return pl.DataFrame(dialogues, schema={name: FREE_DIALOGUES[name] for name in order}, orient="row"), pl.DataFrame(
        turns, schema=FREE_TURNS, orient="row"
    )


def simulator(
    seed: int = 5,
    *,
    rates: dict[str, float] = RATES,
    speak: Callable[[np.random.Generator, int], str] = say,
    opening: str = "hi something slow",
    n: int = 150,
    n_dialogues: int = 60,
    n_free: int = 200,
) -> Simulated:
    dialogues, turns = free(n_free, opening)
    return Simulated(reactions(seed, rates, n), behaviour(seed, speak, range(n_dialogues)), dialogues, turns)


def humans() -> Human:
    spoken = behaviour(7, say, range(N_DIALOGUES))
    turns = spoken.with_columns(role=pl.lit("seeker"), item_ids=pl.lit([], dtype=pl.List(pl.String)), split=pl.lit("select"))
    return Human(reactions(1, RATES, 300).filter(pl.col("stratum") != DECOY), spoken, turns, ITEMS)


@pytest.fixture(scope="session")
def reference() -> Reference:
    return Reference.build(humans(), seed=1)


@pytest.fixture(scope="session")
def world() -> dict[str, Callable[..., object]]:
    return {"simulator": simulator, "humans": humans, "free": free, "say": say}
