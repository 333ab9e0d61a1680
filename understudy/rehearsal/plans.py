"""Plans: how a turn is put together, without its words. `STYLE|ACT END FIRST CASE N|…`, or `=` and the text of a short common turn.

STYLE is `l` (no capitals), `i` (starts low, has capitals) or `c` (starts with a capital); END is the code of a clause's end
mark: p . q ? e ! k , d … n none, * any; FIRST is 1 for a turn's first clause; CASE is C or l; N is the number of words, 0 for any.
"""

from __future__ import annotations

import re

from understudy.rehearsal import acts

ENDS = {".": "p", "?": "q", "!": "e", ",": "k"}
MARKS = {"p": ".", "q": "?", "e": "!", "k": ",", "d": "...", "n": ""}
LAST_MARKS = re.compile(r"[.!?,…\s]+$")


def plan_of(text: str) -> str:
    """The plan of a slotted turn: its style, then for each clause act, end mark, whether first, case, number of words."""
    out = [style_of(text)]
    for at, clause in enumerate(acts.clauses(text)):
        case = "C" if clause[0].isupper() else "l"
        out.append(f"{acts.act_of(clause)} {end_of(clause)} {int(at == 0)} {case} {len(clause.split())}")
    return "|".join(out)


def style_of(text: str) -> str:
    """`l` for a turn without capitals outside slots, `i` where it starts low but has some, `c` where it starts with one."""
    if text == text.lower():
        return "l"
    return "c" if text[:1].isupper() or text[:1] == "{" else "i"


def manner_of(text: str) -> str:
    """The style of a turn and how it ends: with p, e or no mark (n)."""
    end = end_of(text.rstrip())
    return style_of(text) + (end if end in "pe" else "n")


def length_of(plan: str) -> int:
    """The number of words of a plan's clauses, or of its text where it is a whole turn."""
    if plan.startswith("="):
        return len(plan.split())
    return sum(int(spec.rpartition(" ")[2]) for spec in plan.split("|")[1:])


def end_of(clause: str) -> str:
    """The code of a clause's end mark: p . q ? e ! k , d … and n for none."""
    return "d" if clause.endswith(("..", "…")) else ENDS.get(clause[-1:], "n")


def in_case(plan: str, style: str) -> str:
    """The plan in another style."""
    if plan.startswith("="):
        text = plan[1:]
        return "=" + (text.lower() if style == "l" else text[:1].upper() + text[1:] if style == "c" else text)
    own, *specs = plan.split("|")
    if style == "c" and own == "l" and specs:
        first = specs[0].split(" ")
        specs[0] = " ".join([*first[:3], "C", first[4]])
    return "|".join([style if style != "i" or own != "l" else own, *specs])


def with_end(plan: str, end: str) -> str:
    """The plan with its last clause ending in p, e or n; a question keeps its mark."""
    if plan.startswith("="):
        return plan if end_of(plan) not in "pen" else "=" + LAST_MARKS.sub("", plan[1:]) + MARKS[end]
    head, _, spec = plan.rpartition("|")
    parts = spec.split(" ")
    if len(parts) < 5 or parts[1] not in "pen":
        return plan
    return f"{head}|{' '.join([parts[0], end, *parts[2:]])}"
