"""The errors of the product: one root, few leaves, each with the exit code that the command line promises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MORE_ROOM = "every result so far is stored; run the same command with higher caps to continue from here"
"""The hint of work that a cap has ended between two of its parts."""


class UnderstudyError(Exception):
    """Something the user can act on: `message` says what was seen and expected, `hint` what to do."""

    exit_code = 1
    code = "error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class BadInput(UnderstudyError):
    """A file, name or option that cannot be used as given."""

    exit_code = 2
    code = "bad_input"


class GateFailed(UnderstudyError):
    """A quality gate said no; nothing was published. `fields` is what the command would have answered."""

    exit_code = 3
    code = "gate_failed"

    def __init__(self, message: str, *, hint: str = "", fields: Mapping[str, Any] | None = None) -> None:
        super().__init__(message, hint=hint)
        self.fields = dict(fields or {})


class ProviderFailed(UnderstudyError):
    """A model or a recommender did not answer, or too many replies are missing."""

    exit_code = 4
    code = "provider_failed"


class BudgetExhausted(UnderstudyError):
    """A cap on dialogues, tokens, money or time ended the work before it had a result."""

    exit_code = 5
    code = "budget_exhausted"


class StoreBusy(UnderstudyError):
    """Another process has the store open for writing."""

    exit_code = 6
    code = "store_busy"


class NoSnapshot(UnderstudyError):
    """Another process has the store open for writing, and there is no copy of it to read instead."""

    code = "no_snapshot"


class Stopped(UnderstudyError):
    """The process was asked to stop, and no model is called any more."""

    code = "interrupted"

    def __init__(self) -> None:
        super().__init__("a signal stopped the command", hint="run the same command again: it goes on from here")

    def __reduce__(self) -> tuple[type[Stopped], tuple[()]]:
        # a worker sends it to the run; the constructor takes nothing
        return Stopped, ()


class NotMeasured(UnderstudyError):
    """A statistic has too little evidence to be given a value; never replaced by a number."""

    code = "not_measured"
