"""The report of a lineage: one part per step, with the changed words and the improvement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from understudy.names import shown_model
from understudy.profile.splits import people_named
from understudy.report.document import Diff, Document, Grid, Heading, Paragraph, Part
from understudy.report.figures import figure


def document(fields: Mapping[str, Any]) -> Document:
    """The report of the fields of `understudy show`."""
    parts: list[Part] = [Paragraph(summary(fields))]
    if fields["engine_note"]:
        parts.append(Paragraph(fields["engine_note"], is_note=True))
    if not fields["steps"]:
        parts.append(Paragraph("This genome is the seed prompt of the search; nothing was changed."))
    for step in fields["steps"]:
        parts += _step(step)
    if fields["whole"]["change"]["sections"] or fields["whole"]["change"]["controls"]:
        parts += [Heading("From the seed prompt to this one"), *_change(fields["whole"]["change"])]
    if fields["whole"]["objectives"]:
        people = people_named(fields["whole"]["part"] or fields["whole"]["split"])
        told = f"Both were measured anew on {people}, which the search has not seen; lower is better."
        parts += [_objectives_grid(fields["whole"]["objectives"]), Paragraph(told, is_note=True)]
    return Document(f"Lineage of {fields['genome_digest'][:12]}", parts)


def summary(fields: Mapping[str, Any]) -> str:
    """The search in two sentences."""
    what = "the pick" if fields["is_pick"] else "a candidate"
    return (
        f"Run {fields['run'][:12]}, setting {fields['setting']}, model {shown_model(fields['model'])}, "
        f"{fields['algorithm']}, seed {fields['seed']}: "
        f"{fields['n_generations']} generations, {fields['n_played']} candidates played and {fields['n_rejected']} rejected by the screen. "
        f"{fields['genome_digest']} is {what}, {len(fields['steps'])} steps from the seed prompt."
    )


def heading(step: Mapping[str, Any]) -> str:
    """A step in a line."""
    return f"Step {step['step']}: {step['operator'].replace('_', ' ')}, generation {step['generation']}"


def about(step: Mapping[str, Any]) -> list[str]:
    """What there is to say of a step beside the change and the figures."""
    told = []
    if step["fault"]:
        told.append(f"The critic's fault for {step['objective']}: {step['fault']}")
    others = [one[:12] for one in step["parents"][1:]]
    told.append(f"Parent: {step['parents'][0][:12]}" + (f", with parts of {', '.join(others)}" if others else ""))
    rejected = sum(step["siblings_rejected"].values())
    why = "; ".join(f"{n} {reason}" for reason, n in step["siblings_rejected"].items())
    told.append(f"{step['n_siblings_played']} siblings played, {rejected} rejected" + (f" ({why})" if why else ""))
    cost = step["cost"]
    spent = f"{_number(cost['n_dialogues'])} dialogues, {_number(cost['n_tokens'])} reply tokens"
    told.append(f"Cost: {spent}, {cost['n_critic_tokens']} tokens of the critic")
    return told


def with_n(value: Mapping[str, Any]) -> str:
    """A figure with its n."""
    return figure(value, interval=False, n="named")


def gained(value: Mapping[str, Any]) -> str:
    """A gain with its sign."""
    return figure(value, form="+.3f", interval=False)


def _step(step: Mapping[str, Any]) -> list[Part]:
    parts: list[Part] = [Heading(heading(step)), *(Paragraph(line, is_note=True) for line in about(step)), *_change(step["change"])]
    if step["objectives"]:
        parts += [
            _objectives_grid(step["objectives"]),
            Paragraph("Parent and child on the panel of that generation; a gain above 0 is better.", is_note=True),
        ]
    return parts


def _change(change: Mapping[str, Any]) -> list[Part]:
    parts: list[Part] = [Diff(name, [(op, text) for op, text in pieces]) for name, pieces in change["sections"].items()]
    if change["controls"]:
        parts.append(
            Grid(["control", "before", "after"], [[name, str(before), str(after)] for name, (before, after) in change["controls"].items()])
        )
    for name in ("exemplars_added", "exemplars_dropped"):
        if change[name]:
            parts.append(Paragraph(f"{name.replace('_', ' ').capitalize()}: {', '.join(change[name])}"))
    return parts


def _objectives_grid(objectives: Mapping[str, Mapping[str, Any]]) -> Grid:
    rows: Sequence[Sequence[str]] = [
        [name.replace("_", " "), with_n(one["before"]), with_n(one["after"]), gained(one["gain"])] for name, one in objectives.items()
    ]
    return Grid(["objective", "before", "after", "gain"], rows)


def _number(value: int | None) -> str:
    return "unknown" if value is None else f"{value:,}"
