"""From the turns of either side to the tables that objectives count in: words, acts, reactions, copies, lengths and what was told."""

from __future__ import annotations

import polars as pl

from understudy.instruments import acts, features, text
from understudy.instruments.chosen import Instruments
from understudy.instruments.copying import CopyIndex
from understudy.instruments.disclosure import ItemIndex
from understudy.instruments.near import NearIndex
from understudy.instruments.text import Titles


def read(texts: list[pl.Series], titles: Titles, instruments: Instruments) -> pl.DataFrame:
    """Every different text once: text, tokens, n_tokens, act and the feature columns.

    One pass for all sources, because matching the catalogue's titles costs more than the texts of one evaluation.
    """
    unique = pl.concat([one.alias("text") for one in texts]).unique().sort().to_frame()
    masked = unique.with_columns(masked=titles.masked("text")).with_columns(plain=text.plain("masked"))
    worded = masked.with_columns(act=instruments.acts(masked["masked"])).with_columns(tokens=text.tokens("plain"))
    counted = worded.with_columns(n_tokens=pl.col("tokens").list.len().cast(pl.Int64))
    return counted.with_columns(features.features("masked", "n_tokens")).drop("masked", "plain")


def with_text(turns: pl.DataFrame, texts: pl.DataFrame) -> pl.DataFrame:
    """Turns with what was read of their text."""
    return turns.join(texts, on="text", how="left", maintain_order="left")


def with_before(behaviour: pl.DataFrame, texts: pl.DataFrame) -> pl.DataFrame:
    """BEHAVIOUR as read, with `before`: the act of the same seeker's previous turn."""
    earlier = with_text(behaviour.select(text="previous"), texts)["act"]
    started = pl.when(pl.col("previous") != "").then(earlier).otherwise(pl.lit(acts.START))
    return with_text(behaviour, texts).with_columns(before=started)


def labelled(reactions: pl.DataFrame, titles: Titles, instruments: Instruments) -> pl.DataFrame:
    """Reactions with their label, without the texts that it was read from."""
    label = instruments.reactions(reactions, titles)
    return reactions.with_columns(label=label).drop("answered", "text")


def flagged(turns: pl.DataFrame, copies: CopyIndex, nearly: NearIndex) -> pl.DataFrame:
    """Per turn: whether it is copied, common or nearly somebody else's."""
    flags = copies.flags(turns)
    return flags.select("dialogue_id", "n_tokens", "copied", "shared", near=nearly.flags(turns), source="source")


def spoken(turns: pl.DataFrame, titles: Titles) -> pl.DataFrame:
    """All turns as tokens, by who says them."""
    # a recommender without an id is a stranger to every other dialogue
    unknown = pl.concat_str(pl.lit("recommender of "), pl.col("dialogue_id"))
    worker = pl.when(pl.col("role") == "seeker").then(pl.col("seeker_id")).otherwise(pl.coalesce("recommender_id", unknown))
    split = pl.col("split") if "split" in turns.columns else pl.lit("")
    masked = turns.select("dialogue_id", "role", split=split, worker=worker, masked=titles.masked("text"))
    worded = masked.with_columns(plain=text.plain("masked"))
    return worded.select("dialogue_id", "role", "split", "worker", tokens=text.tokens("plain"))


def of_seekers(spoken: pl.DataFrame) -> pl.DataFrame:
    """The seekers' turns outside of the test split."""
    return spoken.filter((pl.col("role") == "seeker") & (pl.col("split") != "test")).select("dialogue_id", "worker", "split", "tokens")


def speakers(turns: pl.DataFrame) -> pl.DataFrame:
    """Who takes part in each dialogue, and its split."""
    columns = [name for name in ("dialogue_id", "seeker_id", "recommender_id", "split") if name in turns.columns]
    return turns.select(columns).unique(subset="dialogue_id", keep="first", maintain_order=True)


def lengths(turns: pl.DataFrame) -> pl.DataFrame:
    """Per dialogue: n_turns and n_tokens."""
    return turns.group_by("play_key").agg(n_turns=pl.len(), n_tokens=pl.col("n_tokens").sum()).sort("play_key")


def disclosures(targets: pl.DataFrame | None, turns: pl.DataFrame, catalogue: ItemIndex) -> pl.DataFrame:
    """Per dialogue with a target: dialogue_id, title, attributes (whether each was given away)."""
    rows = []
    if targets is not None and len(targets):
        key = "play_key" if "play_key" in targets.columns else "dialogue_id"
        wanted = turns.filter(pl.col("play_key").is_in(targets[key].to_list())).sort("play_key", "turn_index")
        # plain rows by key: a frame a dialogue costs more than reading its turns
        spoken: dict[str, list[tuple[str, str, list[str]]]] = {}
        for name, *turn in wanted.select("play_key", "role", "text", "item_ids").iter_rows():
            spoken.setdefault(name, []).append((turn[0], turn[1], turn[2]))
        for row in targets.sort(key).iter_rows(named=True):
            said = spoken.get(row[key])
            if said is not None and row["target"] in catalogue.items:
                told = catalogue.disclosure_of(row["target"], said)
                rows.append((row[key], row["dialogue_id"], told.title, told.attributes))
    schema = {"play_key": pl.String, "dialogue_id": pl.String, "title": pl.Boolean, "attributes": pl.Boolean}
    return pl.DataFrame(rows, schema=schema, orient="row")
