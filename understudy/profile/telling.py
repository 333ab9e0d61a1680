"""What seekers told and how they talk, per dialogue: when each wish was first disclosed, and the style of their turns.

Turns are read by the instruments that measure simulators; wishes are looked up with titles masked, so that a word of a title
is no wish.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from understudy.instruments import features, text
from understudy.instruments.disclosure import ItemIndex, says
from understudy.instruments.text import MASK, Titles
from understudy.profile.needs import need_of, references_of
from understudy.profile.talk import DialogueTold
from understudy.records import Dialogue, Item

VERSION = 1
Wish = Literal["genre", "person", "era", "item"]


@dataclass(frozen=True, slots=True)
class Disclosed:
    """A wish and the seeker turn that told it first. `value` is as the need has it: a genre, a person, a decade, a label."""

    turn_index: int
    kind: Wish
    value: str


def masked_turns(dialogues: Sequence[Dialogue], items: Mapping[str, Item]) -> pl.DataFrame:
    """Every seeker turn with words: dialogue_id, turn_index, masked, n_tokens and the columns of the feature instrument."""
    rows = [
        (one.dialogue_id, index, turn.text)
        for one in dialogues
        for index, turn in enumerate(one.turns)
        if turn.role == "seeker" and turn.text
    ]
    schema = {"dialogue_id": pl.String, "turn_index": pl.Int64, "text": pl.String}
    spoken = pl.DataFrame(rows, schema=schema, orient="row").with_columns(masked=Titles.of(items).masked("text"))
    words = spoken.with_columns(plain=text.plain("masked")).with_columns(n_tokens=text.tokens("plain").list.len().cast(pl.Int64))
    return words.with_columns(features.features("masked", "n_tokens")).drop("text", "plain")


def styles(turns: pl.DataFrame) -> dict[str, dict[str, float | None]]:
    """Dialogue id → talk style over the seeker's turns, from `masked_turns`; shares in [0, 1], lower-case starts None without a start.

    A turn that begins with a title says nothing of how its speaker begins a sentence and does not count there.
    """
    starts = pl.when(~pl.col("masked").str.strip_chars_start().str.starts_with(MASK)).then(pl.col("f_capital_start"))
    found = turns.group_by("dialogue_id").agg(
        n_turns=pl.len().cast(pl.Float64),
        tokens_per_turn=pl.col("n_tokens").mean(),
        questions=(pl.col("f_mark_0") > 0).mean(),
        exclamations=(pl.col("f_mark_1") > 0).mean(),
        lower_case_starts=1 - starts.mean(),
        small_i=pl.col("f_small_i").mean(),
        full_stops=pl.col("f_full_stop").mean(),
        titles_per_turn=pl.col("f_titles").mean(),
    )
    rounded = found.with_columns(pl.col(pl.Float64).round(4)).sort("dialogue_id")
    return {row.pop("dialogue_id"): row for row in rounded.iter_rows(named=True)}


def disclosed(dialogue: Dialogue, masked: Mapping[int, str], catalogue: ItemIndex) -> tuple[Disclosed, ...]:
    """What the seeker told of the wishes, in order of turn; a wish that was never told is not there.

    `masked`: turn index → the seeker's words with titles masked. A reference item is told by id or by its title.
    """
    need = need_of(dialogue, catalogue.items)
    wishes: list[tuple[Wish, str]] = [
        *(("genre", name) for name in (*need.genres, *need.disliked_genres)),
        *(("person", name) for name in (*need.people, *need.disliked_people)),
        *(("era", name) for name in (*need.eras, *need.disliked_eras)),
    ]
    found = [
        Disclosed(index, kind, value)
        for kind, value in wishes
        if (index := next((at for at, words in masked.items() if says(kind, value, words)), None)) is not None
    ]
    for item in references_of(dialogue, catalogue.items):
        told = (
            at for at in masked if item.item_id in dialogue.turns[at].item_ids or catalogue.names(item.item_id, dialogue.turns[at].text)
        )
        if (index := next(told, None)) is not None:
            found.append(Disclosed(index, "item", item.label))
    return tuple(sorted(found, key=lambda one: (one.turn_index, one.kind, one.value)))


def told_in(talk: DialogueTold, items: Mapping[str, Item]) -> tuple[Disclosed, ...]:
    """The same of a dialogue without a form: what its turns say is wished for or not, and the titles that they name."""
    found: dict[tuple[Wish, str], int] = {}
    for index, wish in talk.wishes:
        found.setdefault((wish.kind, wish.value), index)
    for index, item_id, _ in talk.titles:
        found.setdefault(("item", items[item_id].label), index)
    told = (Disclosed(index, kind, value) for (kind, value), index in found.items())
    return tuple(sorted(told, key=lambda one: (one.turn_index, one.kind, one.value)))


def told_before(disclosures: Sequence[Disclosed], turn_index: int) -> tuple[Disclosed, ...]:
    """What counts as disclosed at a replay context: what was told before it."""
    return tuple(one for one in disclosures if one.turn_index < turn_index)
