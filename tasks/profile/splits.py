"""Which split a command may measure on: `test` is opened by `compare --final` and by `audit --split test`, and both are counted."""

from __future__ import annotations

from understudy.errors import BadInput
from understudy.records import SPLITS

TEST = "test"
OPEN = tuple(name for name in SPLITS if name != TEST)
REPORTED = "select"
ALL_OPEN = "open"  # the humans of all splits that are open, for audits


def checked_split(split: str) -> str:
    """The split, where it is one that may be opened. Raises BadInput."""
    if split == TEST:
        raise BadInput("only `compare --final` and `audit` may open the split `test`", hint=f"choose one of {', '.join(OPEN)}")
    if split not in OPEN:
        raise BadInput(f"there is no split {split!r}", hint=f"choose one of {', '.join(OPEN)}")
    return split


def audited_splits(split: str) -> tuple[str, ...]:
    """The splits whose humans an audit with `--split` is held against. Raises BadInput for one that is not there."""
    if split == ALL_OPEN:
        return OPEN
    if split not in SPLITS:
        choices = ", ".join((*SPLITS, ALL_OPEN))
        raise BadInput(f"there is no split {split!r}", hint=f"choose one of {choices}; `{ALL_OPEN}` is all but `{TEST}`")
    return (split,)
