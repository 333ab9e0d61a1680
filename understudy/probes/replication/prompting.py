"""From a genome, a user and a task to the messages of one call. The task's sentence and the data stand outside of what a search rewrites.

A genome of this experiment is the product's own: six sections and controls, of which temperature and top_p have an effect here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from understudy.completion import Message, Request
from understudy.keys import seed_of
from understudy.probes.asking.calls import DATA
from understudy.probes.replication.people import AskedPlace, RatedRow
from understudy.probes.replication.tasks import PaperTask
from understudy.probes.replication.tastes import row_in_words
from understudy.prompt import template
from understudy.prompt.genome import SECTIONS, Controls, Genome

VERSION = 1
SHARED = "shared"
# the paper's temperature
CONTROLS = Controls(temperature=0.7)
EFFECTIVE = ("temperature", "top_p")
_FILE = Path(__file__).with_name("seeds.toml")


@dataclass(frozen=True, slots=True)
class ToldOfUser:
    """What a prompt tells of a user: who they are, the summary of their taste, rows of their history; empty for what is not told."""

    person: str = ""
    taste: str = ""
    rows: tuple[RatedRow, ...] = ()


def seed_prompt(task: str) -> Genome:
    """The hand-written prompt of a task by its name, or the one that all tasks share (SHARED)."""
    written = _written()
    return Genome({**written[SHARED], **written.get(task, {})}, CONTROLS)


def seed_prompts() -> list[Genome]:
    """All hand-written prompts, for a search to take sections from."""
    return [seed_prompt(name) for name in _written()]


def system_text(genome: Genome) -> str:
    """The part that all users share: the sections, and what data is."""
    return " ".join([*(genome.sections[name].strip() for name in SECTIONS), DATA])


def user_text(task: PaperTask, place: AskedPlace, told_of: ToldOfUser) -> str:
    """What is told of the user, then the task's sentence; everything from logs and models between tags, escaped."""
    parts = []
    if told_of.person:
        parts.append(f"<person>\nYou are {template.inline(told_of.person)}.\n</person>")
    if told_of.taste:
        parts.append(f"<taste>\nYour taste: {template.inline(told_of.taste)}\n</taste>")
    if told_of.rows:
        listed = "\n".join(row_in_words(row) for row in told_of.rows)
        parts.append(f"<history>\nWhat you gave to some titles:\n{listed}\n</history>")
    return "\n".join([*parts, task.sentence(place)])


def request_of(
    genome: Genome, task: PaperTask, place: AskedPlace, told_of: ToldOfUser, *, model: str, seed: int
) -> Request:
    """The one call of a place. Every prompt, setting and optimizer draws with the same seed there."""
    system = system_text(genome)
    return Request(
        role="seeker", model=model, messages=(
            Message("system", system, len(system)), Message("user", user_text(task, place, told_of)),
        ),
        temperature=genome.controls.temperature, top_p=genome.controls.top_p, max_tokens=task.MAX_TOKENS,
        seed=seed_of("replicate", VERSION, seed, place.place_id),
    )  # fmt: skip


def shown_prompt(genome: Genome, tasks: Sequence[PaperTask]) -> str:
    """The prompt as a critic is shown it: the sections, and in which tasks they stand; no user's data."""
    named = ", ".join(task.NAME for task in tasks)
    after = f"Then follow what is known of one person and the question of the task ({named}), which cannot be changed."
    return f"{system_text(genome)}\n\n{after}"


@cache
def _written() -> dict[str, dict[str, str]]:
    return tomllib.loads(_FILE.read_text("utf-8"))
