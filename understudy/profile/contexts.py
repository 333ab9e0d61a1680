"""Replay contexts and scenarios: the points at which a human dialogue is handed to the simulator.

- behaviour: every seeker turn with words.
- reaction: a seeker turn after a recommender turn that names exactly one item for the first time, when the seeker's form
  says that the item was suggested. Strata by the form.
- decoy: one reaction point a dialogue, with the item swapped for a random one of the catalogue.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from understudy.keys import key, rng_of, share_of
from understudy.profile.needs import need_of, targets_of
from understudy.records import DECOY, Dialogue, Item, Mention, Need, Scenario, Stratum, Turn

VERSION = 1
Kind = Literal["behaviour", "reaction", "decoy"]
_N_DRAWS = 100


@dataclass(frozen=True, slots=True)
class Point:
    """A context without its history, as it is stored."""

    context_id: str
    kind: Kind
    dialogue_id: str
    turn_index: int
    stratum: Stratum | None
    item_id: str | None
    need: Need


@dataclass(frozen=True, slots=True)
class Want:
    """What the seeker of one dialogue wants; with a target it can be played as a scenario."""

    dialogue_id: str
    need: Need
    target: str | None


def want_of(dialogue: Dialogue, items: Mapping[str, Item], *, seed: int) -> Want:
    """The need of a free run and its target, one of the dialogue's targets by seeded hash; no target's title is in the need."""
    targets = targets_of(dialogue, items)
    if not targets:
        return Want(dialogue.dialogue_id, need_of(dialogue, items), None)
    target = min(targets, key=lambda item_id: (share_of("target", VERSION, seed, dialogue.dialogue_id, item_id), item_id))
    return Want(dialogue.dialogue_id, need_of(dialogue, items, at_stake=(target,), hidden=targets), target)


def scenario_of(dialogue_id: str, content: str, need: Need, target: Item) -> Scenario:
    """The free run for a dialogue; `content` is the digest of the dialogue, so that the id says all that is played."""
    return Scenario(key("scenario", VERSION, dialogue=content, need=need, target=target), dialogue_id, need, target.item_id)


def points_of(dialogue: Dialogue, items: Mapping[str, Item], *, content: str, pool: Sequence[str], seed: int) -> Iterator[Point]:
    """Every context of one dialogue, in order of turn.

    `content` is the digest of the dialogue, a part of every id; decoys are drawn from the item ids in `pool`.
    """
    forms = {one.item_id: one for one in dialogue.mentions}
    reactions: list[tuple[int, str]] = []
    for index, turn in enumerate(dialogue.turns):
        if turn.role != "seeker" or not turn.text:
            continue
        need = need_of(dialogue, items, at_stake=_at_stake(dialogue.turns, index, forms))
        yield _point("behaviour", content, dialogue, index, None, None, need)
        item_id = reaction_item(dialogue.turns, index, forms, items)
        if item_id is not None:
            reactions.append((index, item_id))
            yield _point("reaction", content, dialogue, index, stratum_of(forms[item_id]), item_id, need)
    if reactions:
        yield from _decoy(content, dialogue, items, pool, reactions, seed)


def stratum_of(form: Mention) -> Stratum:
    """The stratum of a reaction by what the seeker's form says of the item."""
    if form.liked is False:
        return "disliked"
    if form.liked and form.seen is not None:
        return "liked_seen" if form.seen else "liked_unseen"
    return "unstated"


def newly_named(turns: Sequence[Turn], index: int) -> tuple[str, ...]:
    """The items that the turn at `index` names and no turn before it did, each once."""
    before = {item_id for turn in turns[:index] for item_id in turn.item_ids}
    return tuple(dict.fromkeys(item_id for item_id in turns[index].item_ids if item_id not in before))


def reaction_item(turns: Sequence[Turn], index: int, forms: Mapping[str, Mention], items: Mapping[str, Item]) -> str | None:
    """The one item that the seeker's turn at `index` reacts to; None where it is no reaction point."""
    if index == 0 or turns[index - 1].role != "recommender":
        return None
    new = newly_named(turns, index - 1)
    if len(new) != 1 or new[0] not in items or new[0] not in forms or not forms[new[0]].suggested:
        return None
    return new[0]


def _at_stake(turns: Sequence[Turn], index: int, forms: Mapping[str, Mention]) -> tuple[str, ...]:
    # a suggestion is at stake while it is the last thing said; an own title that the recommender repeats is not
    if index == 0:
        return ()
    return tuple(dict.fromkeys(one for one in turns[index - 1].item_ids if one in forms and forms[one].suggested))


def _decoy(
    content: str, dialogue: Dialogue, items: Mapping[str, Item], pool: Sequence[str], reactions: Sequence[tuple[int, str]], seed: int
) -> Iterator[Point]:
    rng = rng_of("decoy", VERSION, seed, dialogue.dialogue_id)
    index, real = reactions[int(rng.integers(len(reactions)))]
    known = {one.item_id for one in dialogue.mentions} | {item_id for turn in dialogue.turns for item_id in turn.item_ids}
    titles = {items[item_id].title.casefold() for item_id in known if item_id in items}
    for draw in rng.integers(len(pool), size=_N_DRAWS):
        decoy = pool[int(draw)]
        if decoy not in known and items[decoy].title.casefold() not in titles:
            forms = {one.item_id: one for one in dialogue.mentions}
            need = need_of(dialogue, items, at_stake=(*_at_stake(dialogue.turns, index, forms), real, decoy))
            yield _point("decoy", content, dialogue, index, DECOY, decoy, need)
            return


def _point(
    kind: Kind, content: str, dialogue: Dialogue, index: int, stratum: Stratum | None, item_id: str | None, need: Need
) -> Point:
    context_id = key("context", VERSION, dialogue=content, turn_index=index, point=kind, item_id=item_id, need=need)
    return Point(context_id, kind, dialogue.dialogue_id, index, stratum, item_id, need)


def swapped(turn: Turn, old: Item, new: Item) -> Turn:
    """The recommender's turn with one item's label in the place of another's."""
    ids = tuple(new.item_id if item_id == old.item_id else item_id for item_id in turn.item_ids)
    return Turn(turn.role, turn.text.replace(old.label, new.label), turn.n_messages, ids)
