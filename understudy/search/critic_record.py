"""Whether a critic is worth asking: after repeated failures without one usable answer its operators' share goes to the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from understudy.search.critic import Commission, Treated

FAILURES = 3
"""Answers in a row, and none usable, after which a critic is not asked any more; a call of a working critic fails one time in ten."""
AnswerRecord = Sequence[Sequence[bool]]
"""For each generation in which the critic was asked, whether each of its answers was usable."""


def is_usable(treated: Treated) -> bool:
    """Whether a critic's answer rewrote anything."""
    return bool(treated.answer.rewrites)


def n_failed(record: AnswerRecord) -> int:
    """How many answers there are since the last generation with a usable one."""
    n = 0
    for answers in reversed(record):
        if any(answers):
            break
        n += len(answers)
    return n


def is_given_up(record: AnswerRecord) -> bool:
    """Whether the critic is not asked any more."""
    return n_failed(record) >= FAILURES


def asked_while_it_answers(
    commissions: Sequence[Commission], ask: Callable[[Sequence[Commission]], Sequence[Treated]], *, n_failed_before: int
) -> list[Treated]:
    """The commissions with their answers, in their order; without the rest where the critic has failed FAILURES times in a row.

    One after the other until one is usable, then all others at once: a critic that never answers is paid FAILURES times, and one that
    answers costs the search the time of one call.
    """
    treated: list[Treated] = []
    while len(treated) < len(commissions) and n_failed_before + len(treated) < FAILURES:
        treated += ask(commissions[len(treated) : len(treated) + 1])
        if is_usable(treated[-1]):
            rest = commissions[len(treated) :]
            return [*treated, *ask(rest)] if rest else treated
    return treated
