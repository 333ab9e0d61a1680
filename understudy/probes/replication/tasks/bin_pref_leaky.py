"""BinPref in the paper's form, which tells the title's average rating in the prompt: a label that the figure then correlates with.

It is there to show what that does: what this r has above the clean task's, on the same model and titles, was the label.
"""

from __future__ import annotations

from collections.abc import Sequence

from understudy.probes._figures import ProbeFigure
from understudy.probes.replication.people import AskedPlace, PaperHumans, Part
from understudy.probes.replication.tasks import PaperReplies, PlacesAsked, bin_pref
from understudy.prompt import template

NAME = "BinPref-leaky"
MAX_TOKENS = bin_pref.MAX_TOKENS
HUMAN = bin_pref.HUMAN
UNITS = bin_pref.UNITS
TARGETS = bin_pref.TARGETS
BOUNDS = bin_pref.BOUNDS


def places(humans: PaperHumans, part: Part, *, n: int, seed: int) -> PlacesAsked:
    """The places of the clean task."""
    return bin_pref.places(humans, part, n=n, seed=seed)


def sentence(place: AskedPlace) -> str:
    """What is asked, with the average rating of the title."""
    label = f"\nAverage rating: {place.rated.mean:.1f} of 5" if place.rated is not None else ""
    return f"<title>\n{template.inline(place.items[0].label)}{label}\n</title>\n{bin_pref.QUESTION}"


def query(place: AskedPlace) -> str:
    """The title and its genres."""
    return bin_pref.query(place)


def read(text: str) -> str | None:
    """yes or no; None where neither stands there."""
    return bin_pref.read(text)


def figures(places: Sequence[AskedPlace], replies: PaperReplies | None, humans: PaperHumans, *, seed: int) -> dict[str, ProbeFigure]:
    """The figures of the clean task."""
    return bin_pref.figures(places, replies, humans, seed=seed)


def against(
    places: Sequence[AskedPlace], ours: PaperReplies, theirs: PaperReplies, humans: PaperHumans, *, seed: int
) -> dict[str, ProbeFigure]:
    """The figures of the clean task."""
    return bin_pref.against(places, ours, theirs, humans, seed=seed)
