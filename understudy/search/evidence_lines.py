"""The turns that a critic is shown, as data between tags."""

from __future__ import annotations

from understudy.prompt import template
from understudy.search.influence import Evidence, Exhibit


def evidence_lines(evidence: Evidence) -> list[str]:
    """What the prompt is worst at, then the turns that add most and least to a measure; each is data, with its tags escaped."""
    lines = [f"What it is worst at: {evidence.worst}."] if evidence.worst else []
    kinds = (("failing", evidence.failing, "add most to the measure"), ("passing", evidence.passing, "add least to it"))
    for name, exhibits, meaning in kinds:
        if exhibits:
            cases = "\n".join(_case(one) for one in exhibits)
            opening = f"Turns that {meaning}, each with what a person said in the same place where that is known:"
            lines.append(f"{opening}\n<{name}>\n{cases}\n</{name}>")
    return lines


def _case(one: Exhibit) -> str:
    human = f"<person>{template.inline(one.human)}</person>" if one.human else ""
    why = f"<note>{template.inline(one.note)}</note>" if one.note else ""
    return f"<case><heard>{template.inline(one.heard)}</heard><player>{template.inline(one.said)}</player>{human}{why}</case>"
