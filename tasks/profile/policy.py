"""Stage profile, the policy: what the human seekers of `exemplar` and `search` did next, fitted for the setting that plans its turns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from understudy import policy
from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.instruments.language import languages_of
from understudy.instruments.text import Titles
from understudy.keys import canonical_json, digest
from understudy.measure import reading
from understudy.policy import fitted, fitting, moments, suits
from understudy.policy.fitting import Observation
from understudy.policy.suits import Suits
from understudy.profile import observed
from understudy.profile.observed import ReadTurns, SaidTurn
from understudy.rows.handle import POLICY, Humans
from understudy.tasks.profile.instruments import fitting_titles

Fields = dict[str, Any]
FITTED_ON = ("exemplar", "search")
VERSIONS = [policy.VERSION, fitted.VERSION, fitting.VERSION, moments.VERSION, suits.VERSION, observed.VERSION]


def keep_policy(store: Store, of: Humans) -> None:
    """Keeps the policy, or the reason why there is none."""
    parameters: Fields = {}
    quality: Fields = {"kind": "policy", "n_turns": 0}
    try:
        made = fitting.fit(seen_in(of))
        parameters, quality = made.as_json(), {"kind": "policy", "n_turns": made.n_turns, "n_states": len(made.moves)}
    except BadInput as error:
        quality["reason"] = error.message
    row = {
        "profile_key": of.profile_key, "name": POLICY, "digest": digest(parameters), "fitted_on": list(FITTED_ON) if parameters else [],
        "quality": canonical_json(quality), "parameters": canonical_json(parameters),
    }  # fmt: skip
    schema = {column: pl.List(pl.String) if column == "fitted_on" else pl.String for column in row}
    store.add("profile.instruments", pl.DataFrame([row], schema=schema))


def seen_in(of: Humans) -> Iterator[Observation]:
    """The human turns of the splits that fitting may see. Raises BadInput where the instruments do not read their language."""
    titles, scored = fitting_titles(of), Suits.of(of.items)
    turns = {split: of.turns(split).filter((pl.col("role") == "seeker") & (pl.col("text") != "")) for split in FITTED_ON}
    spoken = pl.concat([one.select("dialogue_id", "text") for one in turns.values()])
    if unread := languages_of(spoken).unread_by(of.instruments.reads["reaction"]):
        raise BadInput(f"{unread}: no policy can be fitted on turns that are not read")
    for split, said in turns.items():
        known = read_turns(of, split, said, titles)
        contexts = list(of.contexts(split).values())
        yield from observed.observations(contexts, known, suits=scored, items=of.items, is_exemplar=split == "exemplar")


def read_turns(of: Humans, split: str, said: pl.DataFrame, titles: Titles) -> ReadTurns:
    """The seekers' turns of a split as the instruments read them."""
    texts = {row["text"]: row for row in reading.read([said["text"]], titles, of.instruments).iter_rows(named=True)}
    genres = {genre.casefold() for item in of.items.values() for genre in item.genres}
    found = {
        (dialogue_id, turn_index): SaidTurn(texts[text]["act"], texts[text]["n_tokens"], _n_told(texts[text]["tokens"], item_ids, genres))
        for dialogue_id, turn_index, text, item_ids in said.select("dialogue_id", "turn_index", "text", "item_ids").iter_rows()
    }
    return ReadTurns(found, {text: row["act"] for text, row in texts.items()}, _reactions(of, split, titles))


def _reactions(of: Humans, split: str, titles: Titles) -> dict[str, str]:
    """Reaction context → accept, reject or neither, as the instrument reads the human's turn there."""
    turns = of.reactions(split)
    if turns.is_empty():
        return {}
    labels = of.instruments.reactions(turns.select("answered", "text"), titles)
    return dict(zip(turns["context_id"].to_list(), labels.to_list(), strict=True))


def _n_told(tokens: list[str], item_ids: list[str], genres: set[str]) -> int:
    """Wishes that a turn tells: genres by their names, singular or plural, and titles."""
    words = {form for token in tokens for form in (token, token.removesuffix("s"), token.removesuffix("ies") + "y")}
    return len(genres & words) + len(set(item_ids))
