"""Human scores of the systems, as far as the logs hold them: scores of whole dialogues by system."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

# labels that tell how good a dialogue was, the most direct first
NAMES = ("satisfaction", "sentiment", "score", "rating")
# words for grades; CRSArena-Dial writes the first and the last of these
_WORDS = {"satisfied": 1.0, "neutral": 0.5, "dissatisfied": 0.0, "unsatisfied": 0.0, "frustrated": 0.0}


def by_system(rows: Iterable[Mapping[str, Any]]) -> tuple[str, dict[str, dict[str, float]]]:
    """The label that was used, and system → dialogue → mean of its scores; ("", {}) where no label can be read as a score.

    `rows`: name, recommender_id, dialogue_id, value. Of several labels the first of NAMES is taken: they are on different scales.
    """
    found: dict[str, dict[str, dict[str, list[float]]]] = {}
    for row in rows:
        score = _score(row["value"])
        if score is not None:
            found.setdefault(row["name"], {}).setdefault(row["recommender_id"], {}).setdefault(row["dialogue_id"], []).append(score)
    used = next((name for name in NAMES if name in found), "")
    systems = found.get(used, {})
    return used, {name: {one: float(np.mean(all_)) for one, all_ in dialogues.items()} for name, dialogues in systems.items()}


def _score(value: str) -> float | None:
    """The number that a label is, or that its word stands for."""
    word = value.strip().casefold()
    try:
        return _WORDS[word] if word in _WORDS else float(word) if np.isfinite(float(word)) else None
    except ValueError:
        return None
