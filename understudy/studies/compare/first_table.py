"""The table of results for a README: what each search was worth on each model, beside the humans, and what it took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from understudy.objectives import NAMES
from understudy.profile.splits import people_named
from understudy.report.document import Document, Grid, Paragraph, Part
from understudy.report.figures import REHEARSAL_WARNING, amount, figure

Fields = Mapping[str, Any]
REHEARSAL = "rehearsal"
HELD_OUT = "held-out AUC"
_READ = (
    "Lower is better, and .5 is chance for the held-out AUC, which no search uses. Each figure is a value with its 95 % interval. Tuned is "
    "the pick of the search from the seed prompt of the setting, measured beside it on dialogues that no search has seen; it is empty "
    "where a seed prompt was measured without a search. Better and worse mean p < .05 by Holm's correction over the tests of a "
    "study, and farther from the humans than humans are from each other."
)
_TOOK = (
    "Minutes are the durations of the calls, summed. Prompt tokens are those that the server computed, and those that it had in its cache."
)


def document(studies: Sequence[Fields]) -> Document:
    """The table as a page."""
    return Document(f"Measured: {', '.join(dict.fromkeys(map(model_of, studies)))}", parts(studies))


def parts(studies: Sequence[Fields]) -> list[Part]:
    """The results, what they took, how they are read, and what they do not show. Rehearsal is named where it had a part."""
    warned = any(REHEARSAL in one["engine"] for one in studies)
    return [
        *([Paragraph(f"{REHEARSAL_WARNING} The README still says: not yet measured on any LLM.")] if warned else []),
        Paragraph(does_not_show(studies)), results(studies), Paragraph(_READ, is_note=True),
        *(Paragraph(f"{model_of(one)}, {told}", is_note=True) for one in studies for told in said_as_planned(one)),
        costs(studies), Paragraph(_TOOK, is_note=True),
    ]  # fmt: skip


def results(studies: Sequence[Fields]) -> Grid:
    """A row for each objective of each setting of each study, the held-out evaluator after them."""
    header = ["model", "setting", "objective", "seed", "tuned", "humans against humans", "n", "outcome"]
    return Grid(header, [line for fields in studies for line in (*_objectives(fields), *_shipped(fields))])


def costs(studies: Sequence[Fields]) -> Grid:
    """A row for each study: what was asked and what it took."""
    header = ["model", "data", "dialogues", "contexts", "calls", "prompt tokens computed", "cached", "reply tokens", "minutes", "machine"]
    return Grid(header, [_cost(fields) for fields in studies if "usage" in fields])


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


def _objectives(fields: Fields) -> list[list[str]]:
    own = {(row["setting"], row["objective"]): row for row in fields["rows"]}
    lines: list[list[str]] = []
    is_searched = fields["search"]["generations"] > 0
    for one in fields["settings"]:
        pick = " (the pick is the seed)" if one["pick_is_seed"] else ""
        setting = f"{one['setting']}{pick if is_searched else ' (no search)'}"
        for name in NAMES:
            row = own[one["setting"], name]
            before, after, human = [figure(row[side]) for side in ("before", "after", "human")]
            outcome = row["outcome"].replace("_", " ")
            tuned = [after, human, str(row["n"]), outcome] if is_searched else ["", human, str(row["n"]), ""]
            lines.append([model_of(fields), setting, name, before, *tuned])
        apart = [figure(one["heldout"]["before"]), figure(one["heldout"]["after"]) if is_searched else ""]
        n = one["heldout"]["after"].get("n", 0)
        lines.append([model_of(fields), setting, HELD_OUT, *apart, figure(fields["heldout"]["human"]), str(n), ""])
    return lines


def _shipped(fields: Fields) -> list[list[str]]:
    """The best shipped prompt for as many dialogues as a search, as its seed stands."""
    if (best := fields.get("best_shipped")) is None:
        return []
    setting, humans = f"best shipped: {best['setting']}", {row["objective"]: row["human"] for row in fields["rows"]}
    measured = [(name, best["objectives"][name], humans[name]) for name in NAMES]
    measured.append((HELD_OUT, best["heldout"], fields["heldout"]["human"]))
    return [[model_of(fields), setting, name, figure(one), "", figure(human), str(one.get("n", 0)), ""] for name, one, human in measured]


def _cost(fields: Fields) -> list[str]:
    took = fields["usage"]
    machines = took["machines"]
    return [
        model_of(fields), f"{fields['dataset']}, split {people_named(fields.get('part') or fields['split'])}", f"{took['n_free_runs']:,}",
        f"{took['n_contexts']:,}", f"{took['n_calls']:,}", amount(took["prompt_tokens_computed"]), amount(took["prompt_tokens_cached"]),
        f"{took['reply_tokens']:,}", amount(took["minutes"]), "; ".join(machines) if isinstance(machines, list) else machines["reason"],
    ]  # fmt: skip


def _number(n: int, of: str) -> str:
    return f"one {of}" if n == 1 else f"{n} {of}s"
