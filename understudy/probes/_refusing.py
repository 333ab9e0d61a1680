"""What is read in a reply to a suggestion that is turned down, the same for models and humans, in figures.

Rejection is read by the reaction instrument, titles by the masking instrument, and the reason and the new request by word lists
(`_texts`): coarse, uncorrected, and as coarse on both sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from understudy.instruments.chosen import Instruments
from understudy.instruments.text import MASK, Titles
from understudy.probes import Refusal
from understudy.probes._figures import ProbeFigure, means
from understudy.probes._paper import lengths, unknown
from understudy.probes._texts import asks_anew, has_taste, is_grounded, words_of

FIGURES = ("rejects", "grounded", "asks_anew", "names_title", "length")


@dataclass(frozen=True, slots=True)
class RefusalRead:
    """What each text of one side does, as 0 or 1; `grounded` is None where the taste holds nothing to take a reason from."""

    rejects: tuple[float, ...]
    grounded: tuple[float | None, ...]
    asks_anew: tuple[float, ...]
    names_title: tuple[float, ...]


def read(texts: Sequence[str], places: Sequence[Refusal], *, titles: Titles, instruments: Instruments) -> RefusalRead:
    """What the texts do as answers to the suggestions of the places."""
    heard = pl.DataFrame(
        {"answered": [one.previous for one in places], "text": list(texts)}, schema={"answered": pl.String, "text": pl.String}
    )
    reactions = instruments.reactions(heard, titles).to_list()
    words = words_of(texts, titles)
    return RefusalRead(
        rejects=tuple(float(one == "reject") for one in reactions),
        grounded=tuple(
            float(is_grounded(text, place.need)) if has_taste(place.need) else None for text, place in zip(texts, places, strict=True)
        ),
        asks_anew=tuple(float(asks_anew(text, said)) for text, said in zip(texts, words, strict=True)),
        names_title=tuple(float(MASK in said) for said in words),
    )


def figures(
    ours: RefusalRead | None, theirs: RefusalRead, texts: tuple[Sequence[str] | None, Sequence[str]], clusters: Sequence[str], *, seed: int
) -> dict[str, ProbeFigure]:
    """Share that rejects, that gives a reason from the taste, that asks anew and that names a title, and the characters of a reply.

    `texts`: those of the model and of the humans, for their length.
    """
    shares = {
        name: means(None if ours is None else list(getattr(ours, name)), list(getattr(theirs, name)), clusters, seed=seed, high=1.0)
        for name in ("rejects", "asks_anew", "names_title")
    }
    grounded = _grounded(ours, theirs, clusters, seed=seed)
    return {
        "rejects": shares["rejects"], "grounded": grounded, "asks_anew": shares["asks_anew"], "names_title": shares["names_title"],
        "length": lengths(*texts, clusters, seed=seed),
    }  # fmt: skip


def _grounded(ours: RefusalRead | None, theirs: RefusalRead, clusters: Sequence[str], *, seed: int) -> ProbeFigure:
    """Over the places where a taste is known on both sides."""
    rows = [
        (None if ours is None else ours.grounded[at], human, cluster)
        for at, (human, cluster) in enumerate(zip(theirs.grounded, clusters, strict=True))
        if human is not None and (ours is None or ours.grounded[at] is not None)
    ]
    if not rows:
        return unknown("nothing is known of anybody's taste")
    own = None if ours is None else [float(one or 0.0) for one, _, _ in rows]
    return means(own, [human for _, human, _ in rows], [cluster for _, _, cluster in rows], seed=seed, high=1.0)
