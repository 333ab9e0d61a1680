"""A future of the ledger's thread, waited for on the gateway's loop."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import TypeVar

Landed = TypeVar("Landed")


async def landed(future: Future[Landed]) -> Landed:
    """What a future of the ledger comes to. It is resolved on this loop's thread, which `asyncio.wrap_future` cannot know."""
    if not future.done():
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        future.add_done_callback(lambda _: None if waiter.done() else waiter.set_result(None))
        await waiter
    return future.result()
