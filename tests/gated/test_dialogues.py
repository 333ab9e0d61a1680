"""The dialogues of a batch are shown with their reasons, and the turns marked that a bound is about."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.stored import on
from understudy.errors import BadInput
from understudy.measure.reference import Reference
from understudy.play.dialogue import Played
from understudy.release.failing import Behind, has_marks, marks
from understudy.release.verdicts import VerdictFields
from understudy.search.influence import ComparedTurn, Exhibit, Reading
from understudy.tasks.publish.listing import store_releases
from understudy.tasks.validate.batch import validate_batch
from understudy.tasks.validate.broken import bound_page
from understudy.tasks.validate.dialogues import batch_dialogues

NOTHING = Reading("neither", "inform", "start", ("a",))


def shown(path: Path, *, failing: str | None = None, n: int = 10) -> Any:
    return batch_dialogues(path, "one", dataset=None, failing=failing, n=n)


@pytest.mark.usefixtures("quick_suites")
def test_a_leaking_dialogue_is_shown_first_with_its_reason_and_the_turn_that_gives_the_title_away(make_store: Callable[..., Any]) -> None:
    path = Path(make_store(leaking=("d03",)))
    on(path, validate_batch, "b1")
    whole = shown(path, n=2)
    assert whole["dialogues"][0]["id"] == "d03"
    assert whole["n_matching"] == 150
    assert whole["snapshot"] is None
    behind = shown(path, failing="synthetic_dialogues/title_kept")
    (only,) = behind["dialogues"]
    assert (behind["n_matching"], only["id"], only["engine"], only["kind"]) == (1, "d03", "some-model", "free run")
    assert "title given away" in only["reasons"]
    marked = [turn for turn in only["turns"] if turn["marks"]]
    assert [turn["speaker"] for turn in marked] == ["seeker"]
    assert marked[0]["marks"] == ["gives the wanted title away"]
    assert shown(path, failing="release/quarantined")["n_matching"] == 1


@pytest.mark.parametrize(
    ("failing", "told"),
    [
        ("nowhere/title", "there is no suite 'nowhere'"),
        ("leakage/nothing", "no expectation 'nothing'"),
        ("release/dialogues", "no dialogue is behind it"),
        ("bias/over_acceptance", "were not recorded for this batch"),
    ],
)
def test_what_has_no_dialogues_is_refused_with_what_there_is(make_store: Callable[..., Any], failing: str, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        shown(Path(make_store()), failing=failing)


def case(key: str, *, label: str = "accept", theirs: str | None = "reject", stratum: str | None = None, leaks: str = "") -> ComparedTurn:
    """A turn of the piece `key`."""
    ours = Reading(label, "inform", "start", (key,))
    human = None if theirs is None else Reading(theirs, "inform", "start", ("b",))
    return ComparedTurn(key, Exhibit("", key), ours, human, stratum, frozenset(leaks.split()), (key, 0))


def played(key: str, status: str, reason: str = "", *, mode: str = "free", n_cut: int = 0) -> Played:
    return Played(
        play_key=key, mode=mode, scenario_id="s", dialogue_id="d", genome_digest="g", replicate=0, recommender="r", model="m", engine="e",
        status=status, reason=reason, stratum=None, item_id=None, target=None, title_in_prompt=False, n_turns=0, n_tokens=0, n_cut=n_cut,
        turns=(),
    )  # fmt: skip


@pytest.fixture
def behind() -> Behind:
    """One piece for each figure."""
    cases = [
        case("leaks", theirs=None, leaks="title copying"), case("agrees", stratum="disliked", theirs="accept"),
        case("accepts", stratum="disliked"), case("declines", stratum="disliked", label="reject"), case("decoy", stratum="decoy"),
    ]  # fmt: skip
    pieces = [
        played("gone", "missing", "no answer"), played("gone too", "missing", mode="replay"), played("odd", "invalid", "empty"),
        played("flip", "invalid", "role_flip"), played("cut", "complete", n_cut=2),
    ]  # fmt: skip
    reference: Reference = object()  # type: ignore[assignment]  # no figure here reads it
    return Behind(pieces, cases, {"positive_bias": {"disliked": 0.6}}, reference)


@pytest.mark.parametrize(
    ("figure", "keys"),
    [
        ("leakage.title", ["leaks"]),
        ("leakage.attributes", []),
        ("leakage.copying", ["leaks"]),
        ("diagnostics.over_acceptance", ["accepts"]),
        ("diagnostics.decoy_acceptance", ["decoy"]),
        ("diagnostics.invalid", ["flip", "odd"]),
        ("diagnostics.role_flips", ["flip"]),
        ("facts.missing", ["gone"]),
        ("facts.cut", ["cut"]),
        ("objectives.positive_bias", ["accepts", "agrees"]),
    ],
)
def test_a_figure_names_the_turns_behind_it(behind: Behind, figure: str, keys: list[str]) -> None:
    found = marks(figure, behind)
    assert has_marks(figure)
    assert [mark.play_key for mark in found] == keys
    assert all(mark.why for mark in found)


@pytest.mark.parametrize("figure", ["facts.dialogues", "facts.unlicensed_sources", "leakage.history", "leakage.split"])
def test_a_fact_of_the_whole_batch_has_none(figure: str) -> None:
    assert not has_marks(figure)


def test_a_page_of_a_bound_interprets_nothing_that_was_said() -> None:
    verdict: VerdictFields = {  # type: ignore[typeddict-item]  # what the page does not read is left out
        "suite": "leakage", "expectation": "title", "detail": "the value 0.6 is 0.55 above the maximum of 0.05 (n = 190)",
    }  # fmt: skip
    said = "<img src=x> [a](javascript:b)\n# title | `c`"
    one = {
        "id": "k", "engine": "e", "kind": "free run", "status": "complete", "reasons": ["gives it away"],
        "turns": [{"speaker": "seeker", "text": said, "of_log": False, "marks": ["gives it away"]}],
    }  # fmt: skip
    text = bound_page(verdict, "one", [one], "")  # type: ignore[list-item]
    assert "### leakage/title" in text
    assert "understudy dialogues one --failing leakage/title" in text
    turn = next(line for line in text.splitlines() if "seeker" in line)
    assert not set("<>[]#|`") & set(turn.replace("&#", ""))
    assert "img src" in turn


def test_releases_of_an_empty_store_are_none(make_store: Callable[..., Any]) -> None:
    assert store_releases(Path(make_store())) == {"snapshot": None, "releases": []}
