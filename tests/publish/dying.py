"""A publish that dies before one of its writes: by an exception that nothing catches, or as a process of its own by SIGKILL.

`python -m tests.publish.dying FOLDER STEP` publishes into a folder and kills itself before that write.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.publish import made
from understudy.doors import catalogue
from understudy.doors import store as stores
from understudy.doors.store import Store
from understudy.tasks.publish import batch as publishing
from understudy.tasks.publish.batch import put_release

RELEASE = made.release()
# everything through which a publish reaches the disk
WRITES: tuple[tuple[Any, str], ...] = (
    (Path, "mkdir"), (Path, "write_text"), (Path, "chmod"), (Path, "rename"), (Path, "replace"), (Path, "unlink"), (os, "replace"),
    (os, "fsync"), (pl.DataFrame, "write_parquet"), (stores, "write_tables"), (catalogue, "write_tables"), (Store, "export"),
    (Store, "add"),
)  # fmt: skip


class Killed(BaseException):
    """As `kill -9` does it: nothing that would follow happens any more."""


def _raised() -> None:
    raise Killed


def _killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def dying_at(step: int | None, die: Callable[[], None] = _raised) -> Iterator[list[str]]:
    """The writes of the block by name; it dies before the one at `step`, and none after it comes through."""
    seen: list[str] = []

    def counted(write: Callable[..., Any], name: str) -> Callable[..., Any]:
        def instead(*arguments: Any, **options: Any) -> Any:
            if step is not None and len(seen) >= step:
                die()
            seen.append(name)
            return write(*arguments, **options)

        return instead

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publishing, "bill_of_materials", lambda: "{}")
        for owner, name in WRITES:
            patch.setattr(owner, name, counted(getattr(owner, name), name))
        with suppress(Killed):
            yield seen


def published(folder: Path, step: int | None = None, die: Callable[[], None] = _raised) -> list[str]:
    """Publishes into an empty folder beside a store, dying at a step; the writes until then."""
    with Store.open(folder / "s.duckdb") as store, dying_at(step, die) as seen:
        put_release(store, RELEASE, batch_key="b", folder=folder / "r")
    return seen


if __name__ == "__main__":
    published(Path(sys.argv[1]), int(sys.argv[2]), _killed)
