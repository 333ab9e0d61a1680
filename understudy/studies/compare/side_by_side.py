"""Dialogues of the seed prompt and of the pick in the same scenarios, side by side, for a reader to judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from understudy.report.document import Document, Grid, Heading, Paragraph, Part

LEFT_OUT = "(this turn repeats eight words of the logs in a row, so it is left out)"


_WHO = (
    "The seekers are simulated by a language model and the recommender is a program; of the human dialogue behind a scenario only its id "
    "is named. Runs that a fault of the seeker ended are among them."
)


@dataclass(frozen=True, slots=True)
class SpokenLine:
    """A turn: who speaks, and what is said; None where it is left out."""

    role: str
    text: str | None


@dataclass(frozen=True, slots=True)
class PlayedPair:
    """A scenario played with both prompts. `dialogue_id`: the human dialogue that its seeker's need is taken from.

    `before_end`, `after_end`: the status of each, with its reason.
    """

    setting: str
    scenario_id: str
    dialogue_id: str
    before: tuple[SpokenLine, ...]
    after: tuple[SpokenLine, ...]
    before_end: str
    after_end: str


def document(pairs: Sequence[PlayedPair]) -> Document:
    """The pairs as a page. All of its text is of models and of the recommender."""
    has_picks = any(pair.before != pair.after for pair in pairs)
    told = f"{_introduction(pairs)} {_WHO}" if pairs else "No scenario was played with both prompts, so there is nothing to show."
    parts: list[Part] = [Paragraph(told)]
    for number, pair in enumerate(pairs, 1):
        named = f"{number}. {pair.setting}: scenario {pair.scenario_id}, human dialogue {pair.dialogue_id}"
        parts += [Heading(named), _grid(pair, has_picks=has_picks)]
        parts.append(Paragraph(_ends(pair), is_note=True))
    return Document("Dialogues of the seed prompt and of the pick", parts)


def _introduction(pairs: Sequence[PlayedPair]) -> str:
    n, n_same = len(pairs), sum(pair.before == pair.after for pair in pairs)
    if n_same == n:
        return (
            f"{n} free runs with seed prompts. No pick of a search said anything else, so each scenario is shown once for its setting."
        )
    return f"{n} scenarios, each a free run with the seed prompt and one with the pick of its search; in {n_same} both say the same."


def _ends(pair: PlayedPair) -> str:
    if pair.before == pair.after:
        return f"It ended as {pair.before_end}."
    return f"With the seed prompt it ended as {pair.before_end}, with the pick as {pair.after_end}."


def _grid(pair: PlayedPair, *, has_picks: bool) -> Grid:
    if pair.before == pair.after:
        return Grid(["seed prompt and pick alike" if has_picks else "seed prompt"], [[_cell(line)] for line in pair.before])
    rows = [[_cell(before), _cell(after)] for before, after in zip_longest(pair.before, pair.after)]
    return Grid(["seed prompt", "pick"], rows)


def _cell(line: SpokenLine | None) -> str:
    return "" if line is None else f"{line.role}: {LEFT_OUT if line.text is None else line.text}"
