"""A lineage leads from the seed to the pick, its diffs add up, and what was not measured is not told as a gain."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.errors import BadInput
from understudy.prompt.genome import Genome
from understudy.prompt.setting import load_setting
from understudy.records import Measured
from understudy.studies.lineage.steps import Candidate, change, diff, gain, path, steps

SEED = load_setting("zero_shot").genome
FIRST = replace(SEED, sections={**SEED.sections, "style": SEED.sections["style"] + " Be brief."})
SECOND = replace(FIRST, controls=replace(FIRST.controls, temperature=1.2), exemplars=("e1",))
OTHER = replace(SEED, exemplars=("e2",))


def candidate(generation: int, genome: Genome, operator: str, *parents: Genome, played: bool = True, reason: str = "") -> Candidate:
    return Candidate(generation, genome.digest, operator, tuple(one.digest for one in parents), played, reason)


CANDIDATES = [
    candidate(0, SEED, "seed"),
    candidate(0, FIRST, "prune", SEED),
    candidate(0, OTHER, "add_exemplar", SEED),
    candidate(0, SECOND, "controls", SEED, played=False, reason="too long: 900 characters, at most 800"),
    candidate(1, FIRST, "survivor", FIRST),
    candidate(1, SECOND, "merge", FIRST, OTHER),
]
GENOMES = {one.digest: one for one in (SEED, FIRST, SECOND, OTHER)}


def test_the_way_goes_by_first_parents_and_survivors_are_no_steps() -> None:
    assert [one.genome_digest for one in path(CANDIDATES, SECOND.digest)] == [FIRST.digest, SECOND.digest]
    assert path(CANDIDATES, SEED.digest) == []
    with pytest.raises(BadInput, match="no candidate"):
        path(CANDIDATES, "0" * 32)


def test_a_circle_is_refused() -> None:
    round_about = [candidate(0, FIRST, "prune", SECOND), candidate(0, SECOND, "prune", FIRST)]
    with pytest.raises(BadInput, match="cycle"):
        path(round_about, FIRST.digest)


def test_a_step_says_what_changed_what_it_gained_and_what_was_turned_away() -> None:
    before, after = {"data_leakage": Measured(3.0, 2.0, 4.0, 16)}, {"data_leakage": Measured(1.0, 0.5, 1.5, 16)}
    measured = {(0, SEED.digest): before, (0, FIRST.digest): after}
    first, second = steps(CANDIDATES, GENOMES, measured, SECOND.digest)
    assert list(first.change.sections) == ["style"]
    assert gain(first.before["data_leakage"], first.after["data_leakage"]).value == 2.0
    assert (first.n_siblings_played, first.siblings_rejected) == (1, {"too long": 1})
    assert second.change.controls == {"temperature": (SEED.controls.temperature, 1.2)}
    assert second.change.exemplars_added == ("e1",)
    # nothing was measured in its generation
    assert (second.before, second.after) == ({}, {})
    assert gain(Measured(None, reason="no free runs"), Measured(1.0, 0, 2, 9)).reason == "no free runs"


def test_a_sentence_at_the_end_leaves_the_rest_as_it_was() -> None:
    pieces = diff("Say no. Be kind.", "Say no. Be kind. Be brief.")
    assert [(op, text.strip()) for op, text in pieces] == [("same", "Say no. Be kind."), ("new", "Be brief.")]
    whole = diff("one two three", "entirely other words here")
    assert [op for op, _ in whole] == ["gone", "new"]


@given(st.text(alphabet="ab c\n.", max_size=60), st.text(alphabet="ab c\n.", max_size=60))
def test_a_diff_adds_up_to_both_texts(before: str, after: str) -> None:
    pieces = diff(before, after)
    assert "".join(text for op, text in pieces if op != "new") == f"{before} "
    assert "".join(text for op, text in pieces if op != "gone") == f"{after} "


def test_exemplars_that_went_are_told() -> None:
    assert change(SECOND, OTHER).exemplars_dropped == ("e1",)
    assert change(SEED, SEED) == change(FIRST, FIRST)
