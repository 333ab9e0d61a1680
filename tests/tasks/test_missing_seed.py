"""A search whose seed prompt gets no replies says why in the provider's words, and keeps nothing that stands in its way later."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from understudy.doors.gateway.failure_kinds import FILTER, hint_of
from understudy.errors import ProviderFailed
from understudy.play.dialogue import Played
from understudy.tasks.play.missing import require_seed_replies

WHOLE = Played(
    play_key="p", mode="replay", scenario_id="s", dialogue_id="d", genome_digest="g", replicate=0, recommender="", model="m", engine="e",
    status="complete", reason="", stratum=None, item_id=None, target=None, title_in_prompt=False, n_turns=1, n_tokens=1, turns=(),
)  # fmt: skip


def missing(reason: str) -> Any:
    return replace(WHOLE, status="missing", reason=reason)


def test_the_most_frequent_reason_of_the_provider_and_its_hint_are_told() -> None:
    blocked = f"{FILTER.message}: Output blocked by content filtering policy"
    played = [WHOLE, *[missing(blocked)] * 4, missing("there was no answer within 60 s")]
    with pytest.raises(ProviderFailed) as told:
        require_seed_replies(played, n_dialogues=6)
    assert "5 of 6 dialogues with the seed prompt" in told.value.message
    assert "Output blocked by content filtering policy" in told.value.message
    assert hint_of(blocked) in told.value.hint
    assert "run the same command again" in told.value.hint


def test_a_seed_of_which_half_is_there_is_measured() -> None:
    require_seed_replies([WHOLE, WHOLE, missing("a"), missing("b")], n_dialogues=4)
    require_seed_replies([missing("a")] * 3, n_dialogues=6)
