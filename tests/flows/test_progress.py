"""What a command tells while it works: a bar on a terminal, lines into a file, spend beside both, and digests only when asked for."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from understudy.doors import gauge
from understudy.flows.cli.progress import event_told, narrated, spent_told

DIGEST = "0f" * 16
# a terminal that can move its cursor, whatever the tests themselves run in
TERMINAL = {"TERM": "xterm"}


@pytest.mark.parametrize(
    ("key", "plain", "verbose"),
    [
        (f"{DIGEST}/leakage/passed", "leakage/passed", f"{DIGEST}/leakage/passed"),
        (DIGEST, "", DIGEST),
        ("2", "2", "2"),
    ],
)
def test_an_event_is_told_without_digests_unless_they_are_asked_for(key: str, plain: str, verbose: str) -> None:
    assert event_told("validate", "verdict", key, verbose=False) == "  ".join(one for one in (" validate", "verdict", plain) if one)
    assert event_told("validate", "verdict", key, verbose=True) == f" validate  verdict  {verbose}"


def test_spend_says_that_a_price_is_unknown() -> None:
    assert spent_told(gauge.SpentSoFar(1234, 56789, 0.12345)) == "1,234 calls, 56,789 tokens, 0.1235 USD"
    assert spent_told(gauge.SpentSoFar(1, 2, None)) == "1 calls, 2 tokens, price unknown"


@pytest.mark.parametrize("kind", [{}, {"force_terminal": True, "_environ": {"TERM": "dumb"}}], ids=["file", "dumb terminal"])
def test_where_no_bar_can_be_drawn_a_line_tells_each_tenth_and_what_was_spent(kind: dict[str, Any]) -> None:
    console = Console(file=io.StringIO(), width=80, color_system=None, legacy_windows=False, **kind)
    with narrated(console, verbose=False) as tell:
        gauge.planned(20)
        for at in range(20):
            gauge.played(gauge.SpentSoFar(at + 1, 100 * (at + 1), 0.0))
        tell("simulate", "batch_played", DIGEST)
    assert isinstance(console.file, io.StringIO)
    *lines, event = console.file.getvalue().splitlines()
    assert len(lines) == 10
    assert lines[-1] == "played 20 of 20 so far; 20 calls, 2,000 tokens, 0.0000 USD"
    assert event == " simulate  batch played"


def test_on_a_narrow_terminal_the_bar_and_the_spend_stand_whole() -> None:
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None, legacy_windows=False, _environ=TERMINAL)
    with narrated(console, verbose=True) as tell:
        gauge.planned(1234567)
        gauge.played(gauge.SpentSoFar(1234567, 123456789, 123.4567))
        tell("simulate", "batch_played", DIGEST)
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert "1/1234567 time left at least" in shown
    assert "time left" in shown
    assert "spent: 1,234,567 calls, 123,456,789 tokens, 123.4567 USD" in shown
    assert DIGEST in shown


def test_nobody_watches_outside_of_a_command() -> None:
    gauge.planned(3)
    gauge.played(gauge.SpentSoFar(1))
    seen: list[gauge.Progress] = []
    with gauge.watched(seen.append):
        gauge.planned(2)
        gauge.played(gauge.SpentSoFar(1, 2, 0.5))
    gauge.planned(5)
    assert seen == [gauge.Progress(0, 2), gauge.Progress(1, 2, gauge.SpentSoFar(1, 2, 0.5))]


def test_a_piece_that_is_begun_anew_is_counted_once() -> None:
    spent, seen = gauge.SpentSoFar(1, 2, 0.5), list[gauge.Progress]()
    with gauge.watched(seen.append):
        gauge.planned(5)
        for piece, done in (("a", 1), ("b", 1), ("a", 2), ("a", 0), ("a", 1)):
            gauge.reached(piece, done, spent)
        assert [one.done for one in seen] == [0, 1, 2, 3, 1, 2]
        gauge.reached("a", 3, spent, has_ended=True)
        # what a worker said before reaches the run after its result
        gauge.reached("a", 2, spent)
        gauge.reached("b", 2, spent, has_ended=True)
    assert seen[-1] == gauge.Progress(5, 5, spent)


def test_whoever_passes_pieces_on_counts_none_of_them() -> None:
    seen, passed = list[gauge.Progress](), list[tuple[str, int]]()
    with gauge.watched(seen.append, pieces=lambda piece, done: passed.append((piece, done))):
        gauge.reached("a", 1, gauge.SpentSoFar())
    assert (seen, passed) == ([], [("a", 1)])
