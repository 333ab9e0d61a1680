"""A second model that only fails is not asked any more; what a run has seen of it is counted."""

from __future__ import annotations

import asyncio

from understudy.play.second_models import FAILURES, ReplyRecord, asked_while_it_answers


def asked(answers: list[bool | None], record: ReplyRecord) -> tuple[dict[int, bool | None], list[int], int]:
    """The answers, the questions in the order in which they were asked, and how many were under way at once at most."""
    order, under_way, most = list[int](), 0, 0

    async def ask(question: int) -> bool | None:
        nonlocal under_way, most
        order.append(question)
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        return answers[question]

    questions = range(len(answers))
    found = asyncio.run(asked_while_it_answers(questions, ask, is_usable=lambda one: one, record=record, at_once=4))
    return found, order, most


def test_a_model_that_never_answers_is_asked_ten_times_one_after_the_other() -> None:
    record = ReplyRecord()
    found, order, most = asked([False] * 3 * FAILURES, record)
    assert (order, most, record.is_given_up) == (list(range(FAILURES)), 1, True)
    assert list(found) == order
    # whoever asks it again in the same run gets nothing and pays nothing
    assert asked([True] * 5, record) == ({}, [], 0)


def test_after_one_answer_the_others_are_asked_at_once_and_a_single_failure_is_none() -> None:
    record = ReplyRecord()
    found, _, most = asked([False, False, True, *([False] * (FAILURES - 1)), True, True], record)
    assert len(found) == FAILURES + 4
    assert most == 4
    assert not record.is_given_up


def test_a_model_that_breaks_later_is_given_up_as_well() -> None:
    record = ReplyRecord()
    found, _, _ = asked([True, *([False] * 5 * FAILURES)], record)
    assert record.is_given_up
    assert FAILURES < len(found) < 2 * FAILURES, "those under way are answered"


def test_a_failed_call_says_nothing_of_the_model() -> None:
    record = ReplyRecord()
    found, _, _ = asked([None] * 2 * FAILURES, record)
    assert len(found) == 2 * FAILURES
    assert record.n_failed == 0


def test_a_model_once_given_up_stays_so() -> None:
    record = ReplyRecord(n_failed=FAILURES)
    record.note(is_usable=True)
    assert record.is_given_up
