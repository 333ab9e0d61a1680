"""What the process of a worker keeps open for the tasks to come, by the run that it works for; a worker may outlive many runs."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from threading import Lock
from typing import Any

from understudy.errors import UnderstudyError

Make = Callable[[ExitStack], tuple[Any, Callable[[], bool]]]


@dataclass(frozen=True, slots=True)
class _Kept:
    value: Any
    is_of_use: Callable[[], bool]
    closing: ExitStack


_lock = Lock()
_kept: dict[Hashable, _Kept] = {}


def once(name: Hashable, make: Make) -> Any:
    """What `make` opens, kept under a name for the next who asks. What has no use any more is closed first."""
    with _lock:
        for gone in [one for one, there in _kept.items() if not there.is_of_use()]:
            _close(_kept.pop(gone))
        if name not in _kept:
            _kept[name] = _made(make)
        return _kept[name].value


def _made(make: Make) -> _Kept:
    with ExitStack() as closing:
        value, is_of_use = make(closing)
        return _Kept(value, is_of_use, closing.pop_all())


def _close(kept: _Kept) -> None:
    # nobody is left whom its errors would concern
    with suppress(UnderstudyError):
        kept.closing.close()
