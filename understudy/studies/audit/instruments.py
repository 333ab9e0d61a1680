"""Which instruments read an audited file, for which languages they are, and how often they err where that was measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy.report.figures import NOT_MEASURED, figure
from understudy.statistics.rates import wilson

VERSION = 1
INSTRUMENTS = ("instrument", "kind", "reads", "fitted on", "macro-F1", "error by register")
UNCORRECTED = (
    "The same instruments read both sides. An instrument that errs more often on one register than on the other moves a difference "
    "between them; where the error of a register is not measured, it is not corrected."
)


def instrument_rows(fields: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """A row for each instrument of INSTRUMENTS, from the field `instruments` of an audit."""
    return [
        (
            name, str(one.get("kind", NOT_MEASURED)), ", ".join(one.get("languages", ())), ", ".join(one["fitted_on"]) or "nothing",
            figure(one["macro_f1"], reason=True) if one["macro_f1"] else f"{NOT_MEASURED}: {one.get('reason', '')}".rstrip(": "),
            _registers(one),
        )
        for name, one in fields["instruments"].items()
    ]  # fmt: skip


def languages_in_words(shares: Mapping[str, float]) -> str:
    """The share of the dialogues in each language."""
    told = ", ".join(f"{name} {share:.1%}" for name, share in shares.items())
    return f"Languages of the dialogues, told by py3langid from what the seeker says: {told or NOT_MEASURED}."


def _registers(instrument: Mapping[str, Any]) -> str:
    """The error where the instrument was measured beforehand, and the confusion on this data set."""
    measured = instrument.get("macro_f1_by_register", {})
    ahead = [f"macro-F1 on {_plain(name)} {figure(one, n='named')}" for name, one in measured.items()]
    here = [f"{name}: {_error(one)}" for name, one in (instrument["confusion_by_register"] or {}).items()]
    return "; ".join([*ahead, *here]) or NOT_MEASURED


def _error(one: Mapping[str, Any]) -> str:
    if one.get("status") != "measured":
        return f"{NOT_MEASURED}: {one.get('reason', '')}".rstrip(": ")
    n = round(sum(map(sum, one["matrix"])))
    n_right = round(sum(row[at] for at, row in enumerate(one["matrix"])))
    return f"{figure(wilson(n - n_right, n), form='.1%', n='named')} wrong ({one.get('source', 'labels')})"


def _plain(name: str) -> str:
    return name.replace("_", " ")
