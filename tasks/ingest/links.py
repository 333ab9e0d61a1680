"""Titles in turns that no log has tagged: found anew whenever texts or catalogue have grown, so the order of ingesting does not matter."""

from __future__ import annotations

import polars as pl

from understudy.doors.store import Store
from understudy.ingest.linking import linked
from understudy.rows import humans


def link_titles(store: Store, dataset: str) -> int:
    """How many turns of the data set name an item by its title alone; their links stand in ingest.links."""
    turns = store.frame("ingest/untagged_turns", dataset=dataset)
    if turns.is_empty():
        return 0
    popularity = {row["item_id"]: row["n"] for row in store.rows("ingest/popularity", dataset=dataset)}
    found = linked(turns, list(humans.load_items(store, dataset).values()), popularity=popularity)
    store.apply("ingest/drop_links", dataset=dataset)
    store.add("ingest.links", found.select(pl.lit(dataset).alias("dataset"), pl.all()))
    return found.height
