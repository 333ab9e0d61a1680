"""Rehearsal's critic in tasks other than treating: two versions of a section merged, one said in other words, one made shorter.

It has no language to do so with, only sentences: it merges by taking over those that help, paraphrases by exchanging a sentence for
another that pulls the same lever, and shortens by leaving out what pulls none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from understudy.rehearsal.phrases import sentences

TASKS = ("merge", "paraphrase", "compress")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_TINY = 1e-9


def reworded(
    task: str,
    text: str,
    other: str,
    *,
    harm: Callable[[str, Sequence[str]], float],
    pulls: Callable[[str], bool],
    knows: bool,
    luck: float,
) -> str:
    """The section as the task asks for it; without knowledge a sentence is taken or left by `luck`, in [0, 1).

    `harm`: what the objective comes to with a sentence added to the section and others dropped from it; `pulls`: whether a sentence
    does anything.
    """
    own = [part for part in _SENTENCE_END.split(text.strip()) if part]
    if task == "merge":
        return " ".join(_merged(own, [part for part in _SENTENCE_END.split(other.strip()) if part], harm, knows=knows, luck=luck))
    if task == "paraphrase":
        said = [twins().get(part, part) for part in own]
        return " ".join(said if knows else [part for at, part in enumerate(said) if len(said) < 2 or at != int(luck * len(said))])
    kept = [part for part in own if pulls(part)] if knows else [part for at, part in enumerate(own) if at != int(luck * len(own))]
    return " ".join(kept or own[:1])


def _merged(
    own: list[str], other: list[str], harm: Callable[[str, Sequence[str]], float], *, knows: bool, luck: float
) -> list[str]:
    new = [part for part in other if part not in own]
    if not new:
        return own
    if not knows:
        return [*own, new[int(luck * len(new))]]
    added, dropped = list[str](), list[str]()
    for part in new:
        if harm(" ".join([*added, part]), dropped) < harm(" ".join(added), dropped) - _TINY:
            added.append(part)
    for part in own:
        if part not in other and harm(" ".join(added), [*dropped, part]) < harm(" ".join(added), dropped) - _TINY:
            dropped.append(part)
    return [*(part for part in own if part not in dropped), *added] or own


@cache
def twins() -> Mapping[str, str]:
    """Each sentence that is known → the other one that pulls the same lever the same way."""
    by_pull: dict[tuple[str, str], list[str]] = {}
    for one in sentences():
        by_pull.setdefault((one.lever, one.name), []).append(one.text)
    return {text: texts[(at + 1) % len(texts)] for texts in by_pull.values() for at, text in enumerate(texts)}
