"""The stored pictures of rehearsal are what the committed code draws, to the byte."""

from __future__ import annotations

from pathlib import Path

from examples import draw_rehearsal

ROOT = Path(__file__).resolve().parents[2]


def test_the_stored_pictures_are_fresh_and_shown_in_the_guide() -> None:
    guide = (ROOT / "docs" / "rehearsal.md").read_text(encoding="utf-8")
    drawn = draw_rehearsal.pictures()
    stale = [name for name, svg in drawn.items() if (draw_rehearsal.FOLDER / name).read_text(encoding="utf-8") != svg]
    assert stale == [], "run `python examples/draw_rehearsal.py`"
    assert all(f"pictures/{name}" in guide for name in drawn)


def test_the_pictures_show_what_the_guide_says() -> None:
    on = draw_rehearsal.surface("0")
    told = {(row["fault"], row["told"], row["levers"]): row["level"] for row in draw_rehearsal.together(on)}
    most = {fault: max(n for name, _, n in told if name == fault) for fault in draw_rehearsal.FAULTS}
    # the template of the pictures says to tell everything at once, which no lever quite makes up for
    assert all(told[fault, "most", n] < 0.05 for fault, n in most.items() if fault != "attribute_leak")
    assert told["attribute_leak", "most", most["attribute_leak"]] < 0.5 * told["attribute_leak", "most", 0]
    said = {(row["fault"], row["said"]): row["level"] for row in draw_rehearsal.contradicted(on)}
    assert all(said[fault, "helpful"] <= said[fault, "both"] <= said[fault, "opposite"] for fault, _ in said)
    long = {fault: [row["level"] for row in draw_rehearsal.diluted(on) if row["fault"] == fault] for fault in draw_rehearsal.FAULTS}
    assert all(levels == sorted(levels) and levels[-1] > levels[0] for levels in long.values())
