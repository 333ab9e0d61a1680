"""A table over several seeds: pooling covers, counts what varies between seeds, and hides no seed that was not measured."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from understudy.records import Measured
from understudy.statistics.rates import Z
from understudy.studies.compare.seeds import pooled_difference, pooled_rows


def one(value: float | None, sd: float = 0.05) -> Measured:
    return Measured(None, reason="no free runs") if value is None else Measured(value, value - Z * sd, value + Z * sd, 40)


def row(setting: str, value: float | None, *, floor: float = 0.1, before: float = 0.5) -> dict[str, Any]:
    after = {"value": before + (value or 0.0)}
    return {
        "setting": setting, "objective": "positive_bias", "difference": one(value).as_json(), "before": {"value": before}, "after": after,
        "floor": {"value": 0.05, "ci": [0.0, floor]},
    }  # fmt: skip


def test_seeds_that_agree_are_as_exact_as_all_their_units() -> None:
    pooled = pooled_difference([one(-0.2), one(-0.2), one(-0.2)])
    assert pooled.value == pytest.approx(-0.2)
    assert pooled.n == 120
    assert pooled.hi is not None
    assert (pooled.hi - pooled.value) / Z == pytest.approx(0.05 / np.sqrt(3))


def test_what_varies_between_seeds_widens_the_interval() -> None:
    apart, alike = (pooled_difference([one(value) for value in values]) for values in ((-0.6, 0.2, -0.2), (-0.21, -0.19, -0.2)))
    assert apart.value == pytest.approx(alike.value)
    assert apart.hi is not None
    assert alike.hi is not None
    assert apart.hi > 0 > alike.hi


def test_the_interval_covers_what_seeds_have_in_common() -> None:
    rng = np.random.default_rng(5)
    hits = 0
    for _ in range(400):
        drawn = [one(-0.1 + 0.03 * rng.standard_normal() + 0.05 * rng.standard_normal()) for _ in range(5)]
        found = pooled_difference(drawn)
        assert found.lo is not None
        assert found.hi is not None
        hits += found.lo <= -0.1 <= found.hi
    assert 0.9 <= hits / 400 <= 0.98


def test_a_seed_that_was_not_measured_is_told_and_not_left_out() -> None:
    found = pooled_difference([one(-0.2), one(None)])
    assert (found.value, found.reason) == (None, "one of 2 seeds has no difference: no free runs")


def test_rows_have_holm_over_the_table_and_the_rule_of_the_floor() -> None:
    tables = [[row("a", -0.3), row("b", -0.3, before=0.08), row("c", 0.01)] for _ in range(3)]
    found = {each["setting"]: each for each in pooled_rows(tables)}
    assert found["a"]["outcome"] == "better"
    assert found["b"]["outcome"] == "inconclusive"  # within what humans are from each other
    assert found["c"]["outcome"] == "inconclusive"
    assert found["a"]["values"] == [-0.3, -0.3, -0.3]
    assert found["a"]["p_holm"] > found["a"]["p"]
    assert pooled_rows([[row("d", 0.3)], [row("d", 0.3)]])[0]["outcome"] == "worse"
    assert pooled_rows([[row("e", None)], [row("e", 0.3)]])[0]["outcome"] == "not_measured"
