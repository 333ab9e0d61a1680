"""Every fault of the campaign can be put into the tree, and the test that is to notice it is there."""

from __future__ import annotations

import tomllib

import pytest

from tests.run_mutants import CAMPAIGN, ROOT, Mutant

MUTANTS = [Mutant(**one) for one in tomllib.loads(CAMPAIGN.read_text("utf-8"))["mutant"]]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: f"{one.file}: {one.new}")
def test_a_fault_has_its_place_and_its_test(mutant: Mutant) -> None:
    assert (ROOT / mutant.file).read_text("utf-8").count(mutant.old) == 1
    path, _, name = mutant.test.partition("::")
    assert f"def {name.partition('[')[0]}(" in (ROOT / path).read_text("utf-8")
