"""Records that meet a stored one of the same id: duplicates, conflicts, annotations that come first, after, or do not fit."""

from __future__ import annotations

import pytest

from understudy.ingest.columns import Source
from understudy.ingest.intake import DOES_NOT_FIT, OTHER_CONTENT, Counts, Known, Sieve
from understudy.records import Dialogue, Label, Reject, Turn

SOURCE = Source("logs", "0" * 64, "CC0-1.0")
LABEL = Label("act", "ask", 0)


def dialogue(*texts: str, opener: str = "seeker", is_annotation: bool = False) -> Dialogue:
    roles = ("seeker", "recommender") if opener == "seeker" else ("recommender", "seeker")
    turns = tuple(Turn(roles[at % 2], text) for at, text in enumerate(texts))  # type: ignore[arg-type]
    return Dialogue("d", turns, labels=(LABEL,) if is_annotation else (), is_annotation=is_annotation)


def counted(*records: Dialogue | Reject) -> Counts:
    sieve = Sieve(SOURCE)
    for _ in sieve.batches(records):
        pass
    counts = sieve.counts
    assert counts.n_records == counts.n_dialogues + counts.n_duplicates + counts.n_rejects + counts.n_attached
    return counts


@pytest.mark.parametrize("annotation_first", [True, False])
def test_an_annotation_attaches_in_either_order(annotation_first: bool) -> None:
    pair = [dialogue("hi", "hello", is_annotation=True), dialogue("hi", "hello")]
    counts = counted(*(pair if annotation_first else reversed(pair)))
    assert (counts.n_dialogues, counts.n_attached, counts.n_rejects) == (1, 1, 0)


@pytest.mark.parametrize("annotation_first", [True, False])
@pytest.mark.parametrize("other", [dialogue("hi", "hello", "a comedy"), dialogue("hi", "hello", opener="recommender")])
def test_an_annotation_of_other_turns_is_refused_in_either_order(other: Dialogue, annotation_first: bool) -> None:
    pair = [dialogue("hi", "hello", is_annotation=True), other]
    counts = counted(*(pair if annotation_first else reversed(pair)))
    assert dict(counts.rejects) == {DOES_NOT_FIT: 1}
    assert (counts.n_dialogues, counts.n_attached) == (1, 0)


def test_the_same_again_is_a_duplicate_and_another_content_is_refused() -> None:
    counts = counted(dialogue("hi", "hello"), dialogue("hi", "hello"), dialogue("hi", "good day"))
    assert (counts.n_dialogues, counts.n_duplicates, dict(counts.rejects)) == (1, 1, {OTHER_CONTENT: 1})


def test_batches_are_handed_over_while_records_come_and_lose_none() -> None:
    sieve = Sieve(SOURCE)
    records = [Dialogue(f"d{at}", (Turn("seeker", f"turn {at}"),)) for at in range(7)]
    batches = list(sieve.batches(records, size=3))
    assert len(batches) == 3
    assert sieve.counts.n_dialogues == 7


@pytest.mark.parametrize("opener", ["seeker", "recommender"])
def test_what_is_known_of_a_dialogue_packs_and_unpacks(opener: str) -> None:
    known = Known("ab" * 32, True, 12, opener)
    assert Known.unpacked(known.packed()) == known
