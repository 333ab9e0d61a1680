"""Numbers in files that are compared between machines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def rounded(value: Any) -> Any:
    """The value with nine digits of each number: further ones differ between machines, whose kernels add up in another order.

    A number that is nothing but such a rest, which is below 1e-15, is 0.
    """
    if isinstance(value, float):
        return float(f"{value:.9g}") if abs(value) >= 1e-15 else 0.0
    if isinstance(value, Mapping):
        return {name: rounded(one) for name, one in value.items()}
    return [rounded(one) for one in value] if isinstance(value, list | tuple) else value
