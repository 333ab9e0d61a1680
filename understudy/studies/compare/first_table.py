"""The table of results for a README: what each search was worth on each model, beside the humans, and what it took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from understudy.objectives import NAMES
from understudy.profile.splits import people_named
from understudy.report.document import Document, Grid, Paragraph, Part
from understudy.report.figures import NOT_MEASURED, REHEARSAL_WARNING, amount, figure

Fields = Mapping[str, Any]
REHEARSAL = "rehearsal"
HELD_OUT = "held-out AUC"
PEOPLE = "humans against humans"
_READ = (
    "Each cell is a value with its 95 % interval and its number of units n. Lower is better, and .5 is chance for the held-out AUC, which "
    "no search uses. Where a search was played, the first value is that of the seed prompt and the second that of the pick, both on "
    "dialogues that no search has seen; a pick that is the seed prompt is not tested. Better and worse mean p < .05 by Holm's correction "
    "over the tests of a study, and farther from the humans than humans are from each other, which is the row of humans against humans."
)
_TOOK = (
    "Minutes are the durations of the calls, summed. Prompt tokens are those that the server computed, and those that it had in its cache. "
    "A row counts all calls of the store that the study was played in, those of an earlier study in the same store included."
)


def document(studies: Sequence[Fields]) -> Document:
    """The table as a page."""
    return Document(f"Measured: {', '.join(dict.fromkeys(map(model_of, studies)))}", parts(studies))


def parts(studies: Sequence[Fields]) -> list[Part]:
    """The results, what they took, how they are read, and what they do not show. Rehearsal is named where it had a part."""
    warned = any(REHEARSAL in one["engine"] for one in studies)
    return [
        *([Paragraph(f"{REHEARSAL_WARNING} They are no part of the README.")] if warned else []),
        Paragraph(does_not_show(studies)), results(studies), Paragraph(_READ, is_note=True),
        *(Paragraph(f"{of}{told}", is_note=True) for one, of in _named(studies) for told in (*_missing(one), *said_as_planned(one))),
        costs(studies), Paragraph(_TOOK, is_note=True),
    ]  # fmt: skip


def results(studies: Sequence[Fields]) -> Grid:
    """A row for each setting of each study and one for the humans; a column for each objective, the held-out evaluator after them."""
    lines = [line for fields in studies for line in (*_settings(fields), *_shipped(fields), _people(fields))]
    # humans stand once where the studies measured them at the same size
    return _with_models(["setting", *NAMES, HELD_OUT], [line for at, line in enumerate(lines) if line not in lines[at + 1 :]])


def costs(studies: Sequence[Fields]) -> Grid:
    """A row for each study: what was asked and what it took."""
    asked = ["settings", "data", "dialogues", "contexts"]
    took = ["calls", "prompt tokens computed", "cached", "reply tokens", "minutes", "machine"]
    return _with_models([*asked, *took], [_cost(fields) for fields in studies if "usage" in fields])


def does_not_show(studies: Sequence[Fields]) -> str:
    """What the figures leave open, in a sentence of what was measured."""
    models, data = (list(dict.fromkeys(found)) for found in ([model_of(one) for one in studies], [one["dataset"] for one in studies]))
    people = ", ".join(dict.fromkeys(people_named(one.get("part") or one["split"]) for one in studies))
    return (
        f"These figures are of {_number(len(models), 'model')} ({', '.join(models)}) on {_number(len(data), 'data set')} "
        f"({', '.join(data)}, split {people}); they do not show what a search is worth on larger models, or on other data."
    )


def said_as_planned(fields: Fields) -> list[str]:
    """How much of what a policy planned was said, for each setting that has one; a table of an older version says nothing of it."""
    told, sides = [], ("before", "after") if fields["search"]["generations"] > 0 else ("before",)
    for one in fields["settings"]:
        found = {name: both for name, both in one.get("realised", {}).items() if any(both[side]["value"] is not None for side in sides)}
        shown = ", ".join(f"{name} {' → '.join(figure(both[side]) for side in sides)}" for name, both in found.items())
        if shown:
            told.append(f"{one['setting']}: share of planned turns that were said as planned, {' → '.join(sides)} a search: {shown}.")
    return told


def model_of(fields: Fields) -> str:
    """The models of a study's roles, each once."""
    return ", ".join(sorted(set(fields["models"].values())))


def _settings(fields: Fields) -> list[list[str]]:
    own = {(row["setting"], row["objective"]): row for row in fields["rows"]}
    is_searched = fields["search"]["generations"] > 0
    lines: list[list[str]] = []
    for one in fields["settings"]:
        has_pick = is_searched and not one["pick_is_seed"]
        told = "" if has_pick else " (the pick is the seed)" if is_searched else " (no search)"
        measured = [own[one["setting"], name] for name in NAMES]
        cells = [_cell(row["before"], row["after"] if has_pick else None, row["n"], row["outcome"]) for row in measured]
        heldout = one["heldout"]
        apart = _cell(heldout["before"], heldout["after"] if has_pick else None, heldout["after"].get("n", 0))
        lines.append([model_of(fields), f"{one['setting']}{told}", *cells, apart])
    return lines


def _cell(before: Any, after: Any | None, n: int, outcome: str = "") -> str:
    """The seed's value, the pick's where there is one with what came of it, and n where there is a value."""
    values = [figure(before)] if after is None else [figure(before), figure(after)]
    came_of_it = f", {outcome.replace('_', ' ')}" if after is not None and outcome else ""
    return f"{' → '.join(values)}{came_of_it}{f', n = {n}' if set(values) != {NOT_MEASURED} else ''}"


def _shipped(fields: Fields) -> list[list[str]]:
    """The best shipped prompt for as many dialogues as a search, as its seed stands."""
    if (best := fields.get("best_shipped")) is None:
        return []
    measured = [*(best["objectives"][name] for name in NAMES), best["heldout"]]
    return [[model_of(fields), f"best shipped: {best['setting']}", *(_cell(one, None, one.get("n", 0)) for one in measured)]]


def _people(fields: Fields) -> list[str]:
    """Two halves of the humans against each other, at the size of the report."""
    found = {row["objective"]: row["human"] for row in fields["rows"]}
    return [model_of(fields), PEOPLE, *(figure(found[name]) for name in NAMES), figure(fields["heldout"]["human"])]


def _missing(fields: Fields) -> list[str]:
    """Why the held-out evaluator has no figure, for each reason the settings without one."""
    reasons: dict[str, list[str]] = {}
    for one in fields["settings"]:
        if one["heldout"]["after"].get("value") is None and (reason := one["heldout"]["after"].get("reason")):
            reasons.setdefault(reason, []).append(one["setting"])
    return [f"{', '.join(settings)}: the {HELD_OUT} is not measured: {reason}." for reason, settings in reasons.items()]


def _named(studies: Sequence[Fields]) -> list[tuple[Fields, str]]:
    """Each study with its model, where there are several models."""
    has_several = len({model_of(one) for one in studies}) > 1
    return [(one, f"{model_of(one)}, " if has_several else "") for one in studies]


def _cost(fields: Fields) -> list[str]:
    took = fields["usage"]
    machines = took["machines"]
    return [
        model_of(fields), ", ".join(one["setting"] for one in fields["settings"]),
        f"{fields['dataset']}, split {people_named(fields.get('part') or fields['split'])}", f"{took['n_free_runs']:,}",
        f"{took['n_contexts']:,}", f"{took['n_calls']:,}", amount(took["prompt_tokens_computed"]), amount(took["prompt_tokens_cached"]),
        f"{took['reply_tokens']:,}", amount(took["minutes"]), "; ".join(machines) if isinstance(machines, list) else machines["reason"],
    ]  # fmt: skip


def _with_models(header: list[str], lines: Sequence[list[str]]) -> Grid:
    """Lines that begin with their model; without that column where it is the same in all, since the sentence above names it."""
    if len({line[0] for line in lines}) > 1:
        return Grid(["model", *header], lines)
    return Grid(header, [line[1:] for line in lines])


def _number(n: int, of: str) -> str:
    return f"one {of}" if n == 1 else f"{n} {of}s"
