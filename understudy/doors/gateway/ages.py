"""The age of a hosted model: an alias such as `openai/gpt-4o` drifts, so its replies can be asked for anew and kept beside the old ones.

The age stands at the end of the model's name (`openai/gpt-4o~2`; none is age 0), and so in every key that depends on the model:
replies, dialogues, evaluations and batches of one age are never mixed with those of another.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

_AGED = re.compile(r"^(?P<name>.+)~(?P<age>[1-9]\d*)$")


def bare(model: str) -> str:
    """The name that the provider knows: without the age."""
    found = _AGED.match(model)
    return found["name"] if found else model


def age_of(model: str) -> int:
    """The age in a model's name; 0 where it has none."""
    found = _AGED.match(model)
    return int(found["age"]) if found else 0


def current(model: str, began: Mapping[str, datetime], *, refresh: bool, max_age_days: float | None, now: datetime) -> str:
    """The name under which `model` is asked now: that of its last age in the store, or of a new one.

    `began` is when the first reply under each name was kept. A new age begins by `refresh`, or where the last one began more
    than `max_age_days` before `now`. A name that bears an age is taken as it is.
    """
    if age_of(model) or not any(bare(name) == model for name in began):
        return model
    last = max((name for name in began if bare(name) == model), key=age_of)
    too_old = max_age_days is not None and now - began[last] > timedelta(days=max_age_days)
    return f"{model}~{age_of(last) + 1}" if refresh or too_old else last
