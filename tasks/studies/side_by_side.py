"""The dialogues of a study that a reader can judge: seed prompt and pick in the same scenarios, without text of the logs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from understudy.doors.store import Store
from understudy.instruments.quoting import quoted_places, windows_of
from understudy.instruments.text import Titles
from understudy.rows import humans
from understudy.studies.compare.side_by_side import PlayedPair, SpokenLine
from understudy.tasks.studies.results.tables import SettingFields

N_PAIRS = 20


def pairs_of(store: Store, dataset: str, settings: Sequence[SettingFields], *, n: int = N_PAIRS) -> list[PlayedPair]:
    """At most `n` scenarios that the settings share evenly; fewer where fewer were played with both prompts."""
    profile_key, found = humans.current_profile(store, dataset), list[tuple[str, dict[str, str]]]()
    for place, one in enumerate(settings):
        share = n // len(settings) + (place < n % len(settings))
        genomes = one["genome_digest"]
        rows = store.rows("play/pairs_of_runs", profile_key=profile_key, before=genomes["before"], after=genomes["after"])
        found += [(one["setting"], row) for row in islice(rows, share)]
    lines = _lines(store, dataset, sorted({row[side] for _, row in found for side in ("before_key", "after_key")}))
    return [
        PlayedPair(
            setting, row["scenario_id"], row["dialogue_id"], lines[row["before_key"]], lines[row["after_key"]],
            before_end=_end(row["before_status"], row["before_reason"]), after_end=_end(row["after_status"], row["after_reason"]),
        )
        for setting, row in found
    ]


def _end(status: str, reason: str) -> str:
    return f"{status} ({reason})" if reason else status


def _lines(store: Store, dataset: str, play_keys: Sequence[str]) -> dict[str, tuple[SpokenLine, ...]]:
    """The turns of each dialogue; one that repeats the logs has no text."""
    turns = store.rows("play/turns", play_keys=list(play_keys))
    texts = [row["text"] for row in turns]
    titles = Titles.of(humans.load_items(store, dataset))
    places = quoted_places(texts, store.frame("ingest/turns", dataset=dataset), titles)
    repeats = [any(window in places for window in found) for found in windows_of(texts, titles)]
    lines: dict[str, list[SpokenLine]] = {name: [] for name in play_keys}
    for row, is_repeated in zip(turns, repeats, strict=True):
        lines[row["play_key"]].append(SpokenLine(row["role"], None if is_repeated else row["text"]))
    return {name: tuple(said) for name, said in lines.items()}
