"""Train on a release: here the smallest recommender there is, which learns from `train` and is tested on `validation`.

    python examples/train_on_a_release.py [RELEASES] [NAME]

A real trainer takes the same frames, or `understudy.pull(NAME, to="datasets")`.
"""

from __future__ import annotations

import sys
from collections import Counter

import polars as pl

import understudy


def main(releases: str = "releases", name: str | None = None) -> None:
    """Prints how often the most recommended items of `train` are recommended in `validation`."""
    understudy.verify(name, releases=releases)
    turns = understudy.pull(name, form="rows", releases=releases)
    spoken = turns.filter(pl.col("role") == "recommender")
    train, validation = (spoken.filter(pl.col("split") == split)["item_ids"].to_list() for split in ("train", "validation"))
    popular = [item for item, _ in Counter(item for items in train for item in items).most_common(10)]
    asked = [items for items in validation if items]
    hits = sum(bool(set(items) & set(popular)) for items in asked)
    print(f"{len(train)} turns of the recommender in train, {len(validation)} in validation")
    print(f"one of the ten most frequent items of train: {hits} of {len(asked)} recommendations in validation")


if __name__ == "__main__":
    main(*sys.argv[1:])
