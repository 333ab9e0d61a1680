"""Which split a command may measure on: `test` is opened by `compare --final` alone."""

from __future__ import annotations

from understudy.errors import BadInput
from understudy.records import SPLITS

OPEN = tuple(name for name in SPLITS if name != "test")
REPORTED = "select"


def checked_split(split: str) -> str:
    """The split, where it is one that may be opened. Raises BadInput."""
    if split == "test":
        raise BadInput("the test split is opened by `compare --final` alone", hint=f"there are: {', '.join(OPEN)}")
    if split not in OPEN:
        raise BadInput(f"there is no split {split!r}", hint=f"there are: {', '.join(OPEN)}")
    return split
