"""Whose dialogues a release is set beside: the prompt that its search began with, or the reason why there is none; what nobody reads."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import polars as pl
import pytest

from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.rows.handle import Humans
from understudy.tasks.publish.seed_batch import seed_batch_name, seed_prompt
from understudy.tasks.publish.usefulness import unread_by_instruments

BATCH = {"genome_digest": "tuned", "profile_key": "p"}


def store_with(*seeds: str) -> Store:
    """A store whose searches began with these prompts."""
    rows: list[dict[str, Any]] = [{"genome_digest": one} for one in seeds]
    return cast(Store, SimpleNamespace(rows=lambda _, **__: rows))


def test_the_seed_is_the_prompt_that_the_search_began_with() -> None:
    assert seed_prompt(store_with("first", "second"), BATCH) == ("first", "")


@pytest.mark.parametrize(("seeds", "why"), [((), "no search of this store proposed"), (("other", "tuned"), "the seed prompt itself")])
def test_without_a_seed_of_its_own_the_reason_is_said(seeds: tuple[str, ...], why: str) -> None:
    digest, reason = seed_prompt(store_with(*seeds), BATCH)
    assert digest == ""
    assert why in reason


def test_the_batch_of_the_seed_prompt_has_a_name_of_its_own() -> None:
    assert seed_batch_name("2026-11-30") == "2026-11-30-seed-prompt"
    with pytest.raises(BadInput, match="cannot be the name of a batch"):
        seed_batch_name("b" * 95)


def test_a_language_that_the_instruments_do_not_read_is_not_measured() -> None:
    humans = cast(Humans, SimpleNamespace(instruments=SimpleNamespace(reads={"reaction": ("en",), "act": ("en",)})))
    german = "Ich suche einen spannenden Film, der in einer kleinen Stadt am Meer spielt und nicht allzu lange dauert."
    english = "I am looking for an exciting film that is set in a small town by the sea and is not too long."
    said = {
        name: pl.DataFrame({"dialogue_id": ["a", "b"], "text": [text, text]}) for name, text in (("real", english), ("release", german))
    }
    assert unread_by_instruments(humans, {"real": said["real"], "seed_prompt": said["real"].clear()}) == ""
    assert "the instrument reads en" in unread_by_instruments(humans, said)
