"""Whether a second model, a verifier or a judge, is worth asking: after repeated replies that cannot be read it is not asked any more.

One that never answers as it is asked costs as much as one that does, and nothing comes of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from understudy.play.scene import Scene
from understudy.play.turn import Tally, next_turn
from understudy.prompt.speech import Reply
from understudy.records import Turn

Question = TypeVar("Question", bound=Hashable)
Answer = TypeVar("Answer")
FAILURES = 10
"""Questions in a row without a reply that can be read, after which a model is given up. One that fails every third time fails so often
in a row once in sixty thousand questions; as many failed calls in a row end a run."""


@dataclass(slots=True)
class ReplyRecord:
    """What a run has seen of a second model's replies: how many in a row could not be read. Given up once, it is not asked again."""

    n_failed: int = 0

    @property
    def is_given_up(self) -> bool:
        """Whether the model is not asked any more in this run."""
        return self.n_failed >= FAILURES

    def note(self, *, is_usable: bool) -> None:
        """Counts a reply. One that was under way when the model was given up changes nothing."""
        if not self.is_given_up:
            self.n_failed = 0 if is_usable else self.n_failed + 1


async def checked_turn(scene: Scene, history: Sequence[Turn], turn_index: int, tally: Tally, *, checks: ReplyRecord) -> Reply:
    """The seeker's next turn. Where the verifier was given up its draft is said unchecked, and counted as such. Raises MissingReply."""
    if not scene.genome.controls.verifier:
        return await next_turn(scene, history, turn_index, tally)
    if checks.is_given_up:
        reply = await next_turn(_unchecked(scene), history, turn_index, tally)
        tally.n_unchecked += not reply.fault
        return reply
    n_unchecked, n_redone = tally.n_unchecked, tally.n_redone
    reply = await next_turn(scene, history, turn_index, tally)
    if tally.n_unchecked > n_unchecked:
        checks.note(is_usable=False)
    elif tally.n_redone > n_redone or not reply.fault:
        # a first draft that could not be said was not shown to the verifier
        checks.note(is_usable=True)
    return reply


async def asked_while_it_answers(
    questions: Sequence[Question],
    ask: Callable[[Question], Awaitable[Answer]],
    *,
    is_usable: Callable[[Answer], bool | None],
    record: ReplyRecord,
    at_once: int,
) -> dict[Question, Answer]:
    """The answers by question; without those for which the model is not asked any more.

    One after the other while none can be used, then `at_once`: a model that never answers is paid FAILURES times. `is_usable` is None
    for an answer that says nothing of the model, such as a call that failed.
    """
    answers: dict[Question, Answer] = {}
    places = asyncio.Semaphore(at_once)

    async def one(question: Question) -> None:
        async with places:
            if not record.is_given_up:
                answers[question] = await ask(question)
                if (usable := is_usable(answers[question])) is not None:
                    record.note(is_usable=usable)

    rest = list(questions)
    while rest and all(is_usable(answer) is False for answer in answers.values()):
        await one(rest.pop(0))
    async with asyncio.TaskGroup() as group:
        for question in rest:
            group.create_task(one(question))
    return answers


def _unchecked(scene: Scene) -> Scene:
    genome = scene.genome
    return replace(scene, genome=replace(genome, controls=replace(genome.controls, verifier=False)))
