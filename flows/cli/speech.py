"""What a command that reads dialogues says of their language, and of turns that stand in many of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from understudy.measure.frequent import FrequentTurnFields

_MOST_SHOWN = 10


def print_speech(console: Console, languages: Mapping[str, float], frequent: Sequence[FrequentTurnFields]) -> None:
    """The share of each language among the dialogues, and the turns that more than a fifth of them hold word for word."""
    shares = ", ".join(f"{name} {share:.1%}" for name, share in languages.items())
    console.print(f"languages of the dialogues: {shares or 'none was told'}", markup=False)
    for one in frequent[:_MOST_SHOWN]:
        console.print(f"  {one['share']:.0%} of the dialogues hold this turn of the {one['speaker']}: {one['text']!r}", markup=False)
    if len(frequent) > _MOST_SHOWN:
        console.print(f"  and {len(frequent) - _MOST_SHOWN} more, all of which --json lists")
