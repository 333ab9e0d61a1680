"""Splits: a partition that no seeker crosses, with the design's shares."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from understudy.profile.splits import assign, seeker_of
from understudy.records import SPLITS, Dialogue, Turn


def dialogue(number: int, seeker: str | None, official: str | None = None) -> Dialogue:
    return Dialogue(str(number), (Turn("seeker", "x"),), (), seeker, "r", official)


logs = st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 12).map(str)), st.sampled_from([None, "train", "test"])), max_size=40)


@given(logs)
def test_every_dialogue_has_one_split_and_no_seeker_two(rows: list[tuple[str | None, str | None]]) -> None:
    known = [dialogue(number, *row) for number, row in enumerate(rows)]
    splits = assign(known)
    assert set(splits) == {one.dialogue_id for one in known}
    assert set(splits.values()) <= set(SPLITS)
    pairs = {(seeker_of(one), splits[one.dialogue_id]) for one in known}
    assert len(pairs) == len({seeker for seeker, _ in pairs})
    assert all(splits[one.dialogue_id] == "test" for one in known if one.official_split == "test")


@given(logs)
def test_without_an_official_test_split_more_dialogues_move_nobody(rows: list[tuple[str | None, str | None]]) -> None:
    known = [dialogue(number, seeker) for number, (seeker, _) in enumerate(rows)]
    half = assign(known[: len(known) // 2])
    assert half.items() <= assign(known).items()


def test_shares_are_those_of_the_design() -> None:
    plain = Counter(assign([dialogue(number, str(number)) for number in range(4000)]).values())
    assert all(abs(plain[name] / 4000 - share) < 0.03 for name, share in zip(SPLITS, (0.10, 0.35, 0.30, 0.25), strict=True))
    official = [dialogue(number, str(number), "test" if number < 1000 else "train") for number in range(5000)]
    counted = Counter(assign(official).values())
    assert counted["test"] == 1000
    assert all(abs(counted[name] / 4000 - share) < 0.03 for name, share in (("exemplar", 0.10), ("search", 0.45), ("select", 0.45)))


def test_a_seeker_of_the_official_test_split_is_in_test_altogether() -> None:
    splits = assign([dialogue(1, "a", "test"), dialogue(2, "a", "train"), dialogue(3, "b", "train")])
    assert splits["2"] == "test"
    assert splits["3"] != "test"
