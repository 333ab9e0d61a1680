"""What one user costs in the experiment: the calls of a reply, and the tuning of a template spread over the users it is played for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

Cell = Mapping[str, Any]
PER_REPLY = "textgrad_instance"
# the template of all five tasks; its tuning is the fifth part of each
_SHARED, _N_SHARED = "shared", 5


@dataclass(frozen=True, slots=True)
class UserCost:
    """Calls and tokens per user and task of one setting and optimizer, means over its tasks; `tuning_*` once for each task.

    `cheaper_from`: the number of users from which on it takes fewer calls than tuning for every reply; None where that is not known.
    """

    setting: str
    optimizer: str
    tasks: tuple[str, ...]
    users: float
    calls: float
    tokens: float
    tuning_calls: float
    tuning_tokens: float
    cheaper_from: int | None = None

    def calls_for(self, n: float) -> float:
        """Calls per user and task where `n` users are played."""
        return self.calls + self.tuning_calls / n

    def tokens_for(self, n: float) -> float:
        """Tokens per user and task where `n` users are played."""
        return self.tokens + self.tuning_tokens / n


def user_costs(cells: Sequence[Cell], setting: str, optimizer: str) -> UserCost | None:
    """The costs of a setting and optimizer over its measured tasks; None where none was measured."""
    own = [one for one in cells if (one["setting"], one["optimizer"]) == (setting, optimizer) and one["n_users"]]
    if not own:
        return None
    parts = _N_SHARED if optimizer == _SHARED else 1
    return UserCost(
        setting, optimizer, tuple(one["task"] for one in own), _mean([one["n_users"] for one in own]),
        _mean([one["n_calls"] / one["n_users"] for one in own]), _mean([one["tokens"] / one["n_users"] for one in own]),
        _mean([one["tuning_calls"] / parts for one in own]), _mean([one["tuning_tokens"] / parts for one in own]),
    )  # fmt: skip


def prices(cells: Sequence[Cell]) -> list[UserCost]:
    """The costs of every setting and optimizer that was measured, in the order of the cells."""
    named = dict.fromkeys((one["setting"], one["optimizer"]) for one in cells)
    found = [one for setting, optimizer in named if (one := user_costs(cells, setting, optimizer)) is not None]
    by_reply = {one.setting: one for one in found if one.optimizer == PER_REPLY}
    return [replace(one, cheaper_from=_cheaper_from(one, by_reply.get(one.setting))) for one in found]


def _cheaper_from(one: UserCost, by_reply: UserCost | None) -> int | None:
    """The smallest number of users for which the calls of a template are fewer than those of tuning for every reply."""
    if by_reply is None or not one.tuning_calls or by_reply.calls <= one.calls:
        return None
    return math.floor(one.tuning_calls / (by_reply.calls - one.calls)) + 1


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
