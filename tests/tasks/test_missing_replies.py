"""When a batch or an evaluation has no result: too many replies are missing, or no dialogue can be used."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from understudy.errors import ProviderFailed
from understudy.parameters import Models, checked
from understudy.tasks.play import missing, opened
from understudy.tasks.play.missing import require_replies

CUT = "the reply is empty: it was cut after thoughts at its limit of 160 tokens"


class NoStore:
    """A store that keeps nothing."""

    def transaction(self) -> NoStore:
        return self

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass


def ended(*statuses: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statuses of the dialogues that are kept."""
    kept: list[str] = []
    monkeypatch.setattr(missing.rows, "keep_played", lambda _, played, **__: kept.extend(one.status for one in played))
    played: list[Any] = [SimpleNamespace(mode="free", status=status, reason=CUT if status == "missing" else status) for status in statuses]
    run: Any = SimpleNamespace(store=NoStore())
    work: Any = SimpleNamespace(recommender="crs", profile_key="p")
    require_replies(run, work, played, played)
    return kept


def test_some_usable_dialogues_are_a_result(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ended("complete", "missing", "invalid", monkeypatch=monkeypatch) == []
    assert ended(monkeypatch=monkeypatch) == []


@pytest.mark.parametrize(
    ("statuses", "told", "hint"),
    [
        (("missing", "missing", "complete"), f"2 of 3 dialogues with crs are missing, most often because: {CUT}", "--reply-tokens"),
        (("invalid", "invalid", "missing"), "2 of 3 dialogues with crs are invalid and none can be used", "another model"),
        (("invalid",), "1 of 1 dialogues with crs are invalid", "another model"),
    ],
)
def test_nothing_usable_ends_with_4_and_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, statuses: tuple[str, ...], told: str, hint: str
) -> None:
    with pytest.raises(ProviderFailed, match=told) as raised:
        ended(*statuses, monkeypatch=monkeypatch)
    assert hint in raised.value.hint
    assert raised.value.exit_code == 4


def test_a_limit_on_replies_is_part_of_a_hosted_model_s_name_and_not_of_rehearsal_s() -> None:
    store: Any = SimpleNamespace(rows=lambda *_, **__: [])
    models = checked(Models, {"seeker": "openai/x", "judge": "rehearsal", "reply_tokens": {"seeker": 4000, "judge": 4000}})
    cast = opened._cast(store, models, "rehearsal/0@abc")
    assert (cast.seeker, cast.critic, cast.judge) == ("openai/x^4000", "openai/x", "rehearsal/0@abc")
