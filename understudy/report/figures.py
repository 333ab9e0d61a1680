"""How a figure is written on every page and terminal: its value with interval and n, or that it was not measured, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from understudy.records import Measured

NOT_MEASURED = "not measured"
REHEARSAL_WARNING = (
    "engine: rehearsal. It is not a language model. These figures show that the pipeline works; "
    "they say nothing about any LLM."
)
Form = Literal[".3f", "+.3f", ".1%"]
Count = Literal["no", "named"]


def figure(
    value: Measured | Mapping[str, Any] | None, *, form: Form = ".3f", interval: bool = True, n: Count = "no", reason: bool = False
) -> str:
    """`0.123 [0.100, 0.150], n = 40`, or `not measured: why`; empty where there is no figure at all.

    `value` may be in the contract's JSON form. `n`: whether the number of units is written. Of a figure that is underpowered it always
    is, with the number that it needs.
    """
    if value is None:
        return ""
    one = value if isinstance(value, Measured) else Measured.from_json(value)
    if one.value is None:
        return f"{NOT_MEASURED}: {one.reason}" if reason else NOT_MEASURED
    ends = f" [{one.lo:{form}}, {one.hi:{form}}]" if interval and one.lo is not None and one.hi is not None else ""
    counted = f", underpowered, n = {one.n} of {one.min_n}" if one.is_underpowered else f", n = {one.n}" if n == "named" else ""
    return f"{one.value:{form}}{ends}{counted}"


def number(value: float | None, *, missing: str = NOT_MEASURED) -> str:
    """Three decimals, or `missing`."""
    return missing if value is None else f"{value:.3f}"


def bound(value: float | None, *, at_least: bool | None) -> str:
    """A bound with the side on which a figure must lie: `≤ 0.050` or `≥ 20.000`; no sign where the side was not recorded."""
    sign = "" if at_least is None else "≥ " if at_least else "≤ "
    return NOT_MEASURED if value is None else f"{sign}{value:.3f}"


def interval_cell(low: float | None, high: float | None) -> str:
    """An interval for a column of its own: `0.100 to 0.150`; empty where it has no ends."""
    return "" if low is None or high is None else f"{low:.3f} to {high:.3f}"


def amount(value: Mapping[str, Any], *, reason: bool = False) -> str:
    """An amount in the contract's JSON form with four significant digits, or that it is unknown."""
    one = Measured.from_json(value)
    if one.value is None:
        return _unknown(one.reason, reason)
    return f"{one.value:,.0f}" if one.value >= 100 else f"{one.value:.4g}"


def estimated(value: Mapping[str, Any], *, reason: bool = False) -> str:
    """An estimate, `{value, range}` or `{value: null, reason}`: `1,200 (900 to 2,000)`, or that it is unknown."""
    if value["value"] is None:
        return _unknown(value["reason"], reason)
    low, high = value["range"]
    return f"{value['value']:,}" if low == high else f"{value['value']:,} ({low:,} to {high:,})"


def counted(n: int | None) -> str:
    """A count, or that nobody counted then."""
    return "not counted" if n is None else str(n)


def money(usd: float | None) -> str:
    """An amount of money, or that the price is not known."""
    return "price unknown" if usd is None else f"{usd:.4f} USD"


def p_value(value: float | None) -> str:
    """A p-value with four decimals; empty where nothing was tested."""
    return "" if value is None else "< .0001" if value < 1e-4 else f"{value:.4f}"


def _unknown(why: str, is_said: bool) -> str:
    return f"unknown: {why}" if is_said else "unknown"


def overlapping(overlap: Mapping[str, Any]) -> str:
    """The overlap of a report with those of earlier batches in a sentence, with the strata that share most first."""
    if overlap["value"] is None:
        return f"overlap with the reports of earlier batches: not measured, since {overlap['reason']}"
    if not overlap["n_batches"]:
        return f"this is the first report of the data set: none of the {overlap['n']} contexts and dialogues was replayed before"
    shared = sorted(overlap["strata"].items(), key=lambda pair: -pair[1]["n_shared"] / pair[1]["n"])
    told = ", ".join(f"{name} {one['n_shared']} of {one['n']}" for name, one in shared if one["n_shared"])
    batches = f"{overlap['n_batches']} earlier batch{'es' if overlap['n_batches'] > 1 else ''}"
    return (
        f"{overlap['n_shared']} of the {overlap['n']} contexts and dialogues of this report were in the reports of {batches}"
        f"{f' ({told})' if told else ''}; their replies are new"
    )


def unused_objectives(weak: Mapping[str, Sequence[str]]) -> list[str]:
    """Which objectives a search was not steered and its pick not chosen by, a sentence for each of the two that there is to tell.

    `weak`: `search` and `choice` → names of the objectives that were measured on too few units.
    """
    opened = {"search": "The search was not steered by", "choice": "The pick was not chosen by"}
    told = "measured on too few units for a choice (underpowered)."
    return [f"{opening} {', '.join(weak[what])}: {told}" for what, opening in opened.items() if weak[what]]


def underpowered(strata: Mapping[str, int]) -> str:
    """Which strata have too few human contexts, in a sentence."""
    told = ", ".join(f"{name} ({n} contexts)" for name, n in strata.items())
    return f"underpowered strata, which leave the mean of positive_bias and gate nothing: {told}"


def read_by(instruments: Mapping[str, Mapping[str, Any]]) -> str:
    """What read the reactions, and its measured error by register, in a sentence. `instruments`: as `Instruments.described` says."""
    one = instruments["reaction"]
    return f"Reactions were read by {reactions_read_by(one)}; languages: {', '.join(one['languages'])}."


def reactions_read_by(one: Mapping[str, Any]) -> str:
    """The instrument by kind and digest, with its macro-F1 by register. `one`: kind, digest, macro_f1."""
    error = ", ".join(f"{name} {number(value['value'])}" for name, value in one["macro_f1"].items())
    told = f"macro-F1 on labelled turns: {error}" if error else "its error was not measured on labelled turns"
    return f"the {one['kind']} reaction instrument {one['digest'][:12]} ({told})"


def without_misreading(corrected: Mapping[str, Any]) -> str:
    """Acceptance without the errors of the reaction instrument, in a sentence, or why it stays as it was read.

    `corrected`: the fields of that name (tasks/validate/corrected.py).
    """
    bias, over = (Measured.from_json(corrected[name]) for name in ("positive_bias", "over_acceptance"))
    if bias.value is None:
        return f"positive_bias is as it was read, not corrected for what the reaction instrument misreads: {bias.reason}"
    turns = " and ".join(f"{side['n']} of {side['name']}" for side in corrected["registers"].values())
    told = f"positive_bias {figure(bias)}, over_acceptance {figure(over, form='+.3f')}"
    return f"Corrected for what the reaction instrument misreads, by labelled turns ({turns}): {told}."
