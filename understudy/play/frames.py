"""Played dialogues in the frames that the objectives read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from understudy.measure.reference import Simulated
from understudy.play.dialogue import Played


def free_frames(played: Iterable[Played]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """FREE_DIALOGUES and FREE_TURNS of the free runs among `played`."""
    runs = [one for one in played if one.mode == "free"]
    columns = ("play_key", "scenario_id", "dialogue_id", "target", "status", "reason", "title_in_prompt", "n_turns")
    types: dict[str, Any] = {"title_in_prompt": pl.Boolean, "n_turns": pl.Int64}
    dialogues = pl.DataFrame(
        [tuple(getattr(one, name) for name in columns) for one in runs],
        schema={name: types.get(name, pl.String) for name in columns},
        orient="row",
    )
    rows = [(one.play_key, i, turn.role, turn.text, list(turn.item_ids)) for one in runs for i, turn in enumerate(one.turns)]
    schema: dict[str, Any] = {
        "play_key": pl.String, "turn_index": pl.Int64, "role": pl.String, "text": pl.String, "item_ids": pl.List(pl.String),
    }  # fmt: skip
    return dialogues, pl.DataFrame(rows, schema=schema, orient="row")


def replies(played: Iterable[Played]) -> pl.DataFrame:
    """context_id, stratum, item_id, text: the usable replays among `played`, to be joined to the humans' rows."""
    rows = [(one.scenario_id, one.stratum, one.item_id, one.turns[0].text) for one in played if one.mode == "replay" and one.turns]
    schema = {"context_id": pl.String, "stratum": pl.String, "item_id": pl.String, "text": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def simulated(played: Sequence[Played], context_turns: pl.DataFrame) -> Simulated:
    """The played dialogues in the frames of the objectives; `previous` is what the human seeker had said before.

    `context_turns`: per context of the split context_id, dialogue_id, seeker_id, recommender_id, turn_index, previous, answered.
    """
    said = replies(played).join(context_turns, on="context_id", how="left", maintain_order="left")
    reactions, behaviour = said.filter(pl.col("stratum").is_not_null()), said.filter(pl.col("stratum").is_null())
    dialogues, turns = free_frames(played)
    return Simulated(
        reactions=reactions.select("context_id", "dialogue_id", "seeker_id", "recommender_id", "stratum", "item_id", "answered", "text"),
        behaviour=behaviour.select("dialogue_id", "seeker_id", "recommender_id", "turn_index", "previous", "text"),
        free_dialogues=dialogues,
        free_turns=turns,
        outcomes=pl.DataFrame({"status": [one.status for one in played], "reason": [one.reason for one in played]}),
    )
