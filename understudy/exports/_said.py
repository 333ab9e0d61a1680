"""What was said in the dialogues of a release, one dialogue after the other, as the forms of text read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from understudy.exports import Released

Row = Mapping[str, Any]
LABEL = pl.col("title") + pl.when(pl.col("year").is_null()).then(pl.lit("")).otherwise(
    pl.lit(" (") + pl.col("year").cast(pl.String) + pl.lit(")")
)
"""The title of an item as it stands in a dialogue."""
ROLES = ("seeker", "recommender")


def conversations(released: Released) -> Iterator[tuple[Row, list[Row]]]:
    """A dialogue with its turns in their order, for each dialogue that has turns, in order of dialogue_id.

    Raises polars' InvalidOperationError for a speaker who is neither seeker nor recommender.
    """
    known = pl.col("role").replace_strict(dict(zip(ROLES, ROLES, strict=True)))
    turns = (
        released.turns.with_columns(known)
        .sort("dialogue_id", "turn_index")
        .group_by("dialogue_id", maintain_order=True)
        .agg(pl.struct(pl.exclude("dialogue_id")).alias("turns"))
    )
    found = released.dialogues.join(turns, on="dialogue_id", how="inner").sort("dialogue_id").collect()
    for row in found.iter_rows(named=True):
        yield {name: value for name, value in row.items() if name != "turns"}, row["turns"]


def labels(released: Released) -> dict[str, str]:
    """Item id → its title with the year, as it stands in a dialogue."""
    return dict(released.items.select("item_id", LABEL.alias("label")).sort("item_id").collect().iter_rows())


def chat(turns: list[Row], speakers: Mapping[str, str], *, role: str = "role", text: str = "content") -> list[dict[str, str]]:
    """The turns as messages; `speakers` says how seeker and recommender are called."""
    return [{role: speakers[turn["role"]], text: turn["text"]} for turn in turns]


def metadata(dialogue: Row) -> dict[str, Any]:
    """What is known of a dialogue besides what was said; `split` and `seeker` where its release has them."""
    told = {
        "scenario": dialogue["scenario_id"],
        "source_dialogue_id": dialogue["source_dialogue_id"],
        "target": dialogue["target"],
        "replicate": dialogue["replicate"],
        "engine": dialogue["engine"],
    }
    return {**told, **{name: dialogue[name] for name in ("split", "seeker") if name in dialogue}}
