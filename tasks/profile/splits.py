"""Which split a command may measure on: `test` is opened by `compare --final` alone."""

from __future__ import annotations

from understudy.errors import BadInput
from understudy.records import SPLITS

OPEN = tuple(name for name in SPLITS if name != "test")
REPORTED = "select"


def checked_split(split: str) -> str:
    """The split, where it is one that may be opened. Raises BadInput."""
    if split == "test":
        raise BadInput("only `compare --final` may open the split `test`", hint=f"choose one of {', '.join(OPEN)}")
    if split not in OPEN:
        raise BadInput(f"there is no split {split!r}", hint=f"choose one of {', '.join(OPEN)}")
    return split
