"""The dials of a policy: the few parameters by which a planned seeker may depart from the policy that is fitted on humans."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from understudy.errors import BadInput

Words = Literal["model", "stock"]
RANGES: dict[str, tuple[float, float, float]] = {
    "acceptance": (-2.0, 2.0, 0.25),
    "telling": (-2.0, 2.0, 0.25),
    "ending": (-2.0, 2.0, 0.25),
    "length": (0.5, 2.0, 0.125),
    "sharpness": (0.5, 2.0, 0.125),
}
"""Dial → its least value, its greatest value, and the step by which the search moves it."""


@dataclass(frozen=True, slots=True)
class PolicyDials:
    """Departures from the fitted policy; the defaults follow it.

    `acceptance` is added to the log-odds of taking a suggestion, `ending` to those of leaving, `telling` to the logarithm of the weight
    of each wish that is told; `length` multiplies the number of words; `sharpness` is the exponent of the chances of acts: above 1
    frequent acts become more frequent. `words`: who words what is planned, the language model, or stock phrases without any model.
    """

    acceptance: float = 0.0
    telling: float = 0.0
    ending: float = 0.0
    length: float = 1.0
    sharpness: float = 1.0
    words: Words = "model"

    def __post_init__(self) -> None:
        for name, (low, high, _) in RANGES.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
                raise BadInput(f"the dial {name} of the policy is {value!r}; a number from {low:g} to {high:g} is expected")
        if self.words not in get_args(Words):
            raise BadInput(f"the dial words of the policy is {self.words!r}; one of {', '.join(get_args(Words))} is expected")

    def as_json(self) -> dict[str, Any]:
        """Plain JSON from which the constructor makes equal dials."""
        return asdict(self)
