"""How the simulated seekers of a batch react to what they are recommended, read for its release by the instrument of its profile."""

from __future__ import annotations

import polars as pl

from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.instruments.chosen import ANSWERS, Instruments
from understudy.instruments.language import languages_of
from understudy.instruments.text import Titles
from understudy.rows import humans
from understudy.rows.played import load_instruments


def with_reactions(store: Store, turns: pl.DataFrame, *, dataset: str, profile_key: str) -> tuple[pl.DataFrame, str]:
    """`turns` with the column `reaction`, and why it is empty where none was read.

    A reaction is that of a seeker's turn to the recommender's turn before it, if that one names an item.
    """
    ordered = turns.sort("dialogue_id", "turn_index")
    before = pl.all().shift(1).over("dialogue_id").name.suffix("_before")
    answered = pl.concat([ordered, ordered.select("role", "text", "item_ids", "dialogue_id").select(before)], how="horizontal")
    places = answered.filter(
        pl.col("role").eq("seeker") & pl.col("role_before").eq("recommender") & pl.col("item_ids_before").list.len().gt(0)
    )
    instruments, reason = _instruments(store, profile_key, ordered)
    if instruments is None or places.is_empty():
        return turns.with_columns(reaction=pl.lit(None, pl.String)), reason or "no turn answers a recommendation"
    asked = pl.DataFrame(places.select("text_before", "text").rows(), schema=ANSWERS, orient="row")
    labels = instruments.reactions(asked, Titles.of(humans.load_items(store, dataset)))
    known = places.select("dialogue_id", "turn_index").with_columns(reaction=pl.Series(labels.to_list(), dtype=pl.String))
    return turns.join(known, on=["dialogue_id", "turn_index"], how="left", maintain_order="left"), ""


def _instruments(store: Store, profile_key: str, turns: pl.DataFrame) -> tuple[Instruments | None, str]:
    """What reads the reactions, or None and why nothing does."""
    try:
        instruments = load_instruments(store, profile_key)
    except BadInput as error:
        # the batch was measured by an instrument of an earlier version, and another one would say something else
        return None, error.message
    unread = languages_of(turns.filter(pl.col("role") == "seeker")).unread_by(instruments.reads["reaction"])
    return (None, unread) if unread else (instruments, "")
