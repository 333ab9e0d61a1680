"""Work that waits for models, side by side, with errors as callers know them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

Result = TypeVar("Result")


async def gathered_all(work: Iterable[Coroutine[Any, Any, Result]]) -> list[Result]:
    """The results in order. Raises the first error that ends the run, after the others have ended: callers know errors, not groups."""
    try:
        async with asyncio.TaskGroup() as group:
            jobs = [group.create_task(one) for one in work]
    except* Exception as errors:
        raise _first_of(errors) from None
    return [job.result() for job in jobs]


def _first_of(errors: BaseExceptionGroup[Exception]) -> Exception:
    """The first error in a group, however deep."""
    first = errors.exceptions[0]
    return _first_of(first) if isinstance(first, BaseExceptionGroup) else first
