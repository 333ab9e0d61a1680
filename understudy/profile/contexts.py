"""Replay contexts and scenarios: the points at which a human dialogue is handed to the simulator.

- behaviour: every seeker turn with words.
- reaction: a seeker turn after a recommender turn that recommends exactly one item, when the seeker's form says that the item
  was suggested. Strata by the form. Where the item was named before, the point is flagged and left out (`leaks`).
- decoy: one reaction point a dialogue, with the item swapped for a random one of the catalogue.

In a log without forms the dialogue itself says what was suggested and what is wanted (`talk`): every reaction is of the stratum
`unstated`, and a need holds only what was told before the point.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from understudy.instruments.disclosure import ItemIndex
from understudy.keys import key, rng_of, share_of
from understudy.profile.leaks import Leak, before_suggestion, leak_of
from understudy.profile.needs import need_of, targets_of
from understudy.profile.talk import DialogueTold, need_before
from understudy.records import DECOY, Dialogue, Item, Mention, Need, Role, Scenario, Stratum, Turn

VERSION = 2
Kind = Literal["behaviour", "reaction", "decoy"]
_N_DRAWS = 100


@dataclass(frozen=True, slots=True)
class Point:
    """A context without its history, as it is stored; `leak` says how its item was named before, empty where it was not."""

    context_id: str
    kind: Kind
    dialogue_id: str
    turn_index: int
    stratum: Stratum | None
    item_id: str | None
    need: Need
    leak: Leak = ""


@dataclass(frozen=True, slots=True)
class Want:
    """What the seeker of one dialogue wants; with a target that does not leak it can be played as a scenario."""

    dialogue_id: str
    need: Need
    target: str | None
    leak: Leak = ""


def want_of(dialogue: Dialogue, catalogue: ItemIndex, *, seed: int, talk: DialogueTold | None = None) -> Want:
    """The need of a free run and its target, one of the dialogue's targets by seeded hash; no target's title is in the need.

    `talk`: what a dialogue of a log without forms says; then the need is what was told before the target was suggested.
    """
    source = _source(dialogue, catalogue.items, talk)
    targets = source.targets()
    if not targets:
        return Want(dialogue.dialogue_id, source.whole_need(), None)
    target = min(targets, key=lambda item_id: (share_of("target", VERSION, seed, dialogue.dialogue_id, item_id), item_id))
    need = source.need_for(target, targets)
    before = before_suggestion(target, dialogue.turns, catalogue)
    return Want(dialogue.dialogue_id, need, target, leak_of(target, before, need, catalogue, seen=True))


def scenario_of(dialogue_id: str, content: str, need: Need, target: Item, *, opener: Role) -> Scenario:
    """The free run for a dialogue; `content` is the digest of the dialogue, so that the id says all that is played."""
    return Scenario(key("scenario", VERSION, dialogue=content, need=need, target=target), dialogue_id, need, target.item_id, opener)


def points_of(
    dialogue: Dialogue, catalogue: ItemIndex, *, content: str, pool: Sequence[str], seed: int, talk: DialogueTold | None = None
) -> Iterator[Point]:
    """Every context of one dialogue, in order of turn; those that leak too, flagged.

    `content` is the digest of the dialogue, a part of every id; decoys are drawn from the item ids in `pool`. `talk`: what a dialogue of
    a log without forms says.
    """
    cut = _source(dialogue, catalogue.items, talk)
    reactions: list[tuple[int, str]] = []
    for index, turn in enumerate(dialogue.turns):
        if turn.role != "seeker" or not turn.text:
            continue
        need = cut.need(index, cut.at_stake(index))
        yield _point("behaviour", content, dialogue, index, None, None, need)
        item_id = reaction_item(dialogue.turns, index, cut.forms, catalogue.items)
        if item_id is not None:
            leak = leak_of(item_id, dialogue.turns[: index - 1], need, catalogue)
            yield _point("reaction", content, dialogue, index, stratum_of(cut.forms[item_id]), item_id, need, leak)
            if not leak:
                reactions.append((index, item_id))
    if reactions:
        yield from _decoy(content, cut, catalogue, pool, reactions, seed)


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
    """The one item that the seeker's turn at `index` reacts to; None where it is no reaction point.

    It is the one that the turn before names for the first time, or the only one that it names; the latter is a repetition.
    """
    if index == 0 or turns[index - 1].role != "recommender":
        return None
    named = newly_named(turns, index - 1) or tuple(dict.fromkeys(turns[index - 1].item_ids))
    if len(named) != 1 or named[0] not in items or named[0] not in forms or not forms[named[0]].suggested:
        return None
    return named[0]


class _Source:
    """Where the needs of one dialogue come from: the seeker's form."""

    def __init__(self, dialogue: Dialogue, items: Mapping[str, Item]) -> None:
        self.dialogue, self._items = dialogue, items
        self.forms: Mapping[str, Mention] = {one.item_id: one for one in dialogue.mentions}
        self._needs: dict[tuple[str, ...], Need] = {}

    def at_stake(self, index: int) -> tuple[str, ...]:
        # a suggestion is at stake while it is the last thing said; an own title that the recommender repeats is not
        named = self.dialogue.turns[index - 1].item_ids if index else ()
        return tuple(dict.fromkeys(one for one in named if one in self.forms and self.forms[one].suggested))

    def need(self, index: int, at_stake: tuple[str, ...]) -> Need:  # noqa: ARG002
        """The need at a turn; most turns share theirs with another."""
        if at_stake not in self._needs:
            self._needs[at_stake] = need_of(self.dialogue, self._items, at_stake=at_stake)
        return self._needs[at_stake]

    def targets(self) -> tuple[str, ...]:
        """The ids of the items that the seeker can be taken to look for."""
        return targets_of(self.dialogue, self._items)

    def whole_need(self) -> Need:
        """The need of a dialogue without a target."""
        return need_of(self.dialogue, self._items)

    def need_for(self, target: str, targets: tuple[str, ...]) -> Need:
        """The need of a free run with this target."""
        return need_of(self.dialogue, self._items, at_stake=(target,), hidden=targets)


class _TalkSource(_Source):
    """Where they come from in a log without forms: what the dialogue says, and of that only what stands before the point."""

    def __init__(self, dialogue: Dialogue, items: Mapping[str, Item], talk: DialogueTold) -> None:
        super().__init__(dialogue, items)
        self._talk, self.forms = talk, talk.forms
        self._suggested_at = {one.item_id: one.turn_index for one in talk.suggestions}

    def need(self, index: int, at_stake: tuple[str, ...]) -> Need:
        return need_before(self._talk, index, self._items, at_stake=at_stake)

    def targets(self) -> tuple[str, ...]:
        return tuple(sorted(one.item_id for one in self._talk.accepted))

    def whole_need(self) -> Need:
        return need_before(self._talk, len(self.dialogue.turns), self._items)

    def need_for(self, target: str, targets: tuple[str, ...]) -> Need:
        return need_before(self._talk, self._suggested_at[target], self._items, hidden=targets)


def _source(dialogue: Dialogue, items: Mapping[str, Item], talk: DialogueTold | None) -> _Source:
    return _Source(dialogue, items) if talk is None else _TalkSource(dialogue, items, talk)


def _decoy(
    content: str, cut: _Source, catalogue: ItemIndex, pool: Sequence[str], reactions: Sequence[tuple[int, str]], seed: int
) -> Iterator[Point]:
    dialogue, items = cut.dialogue, catalogue.items
    rng = rng_of("decoy", VERSION, seed, dialogue.dialogue_id)
    index, real = reactions[int(rng.integers(len(reactions)))]
    known = {one.item_id for one in dialogue.mentions} | {item_id for turn in dialogue.turns for item_id in turn.item_ids}
    titles = {items[item_id].title.casefold() for item_id in known if item_id in items}
    for draw in rng.integers(len(pool), size=_N_DRAWS):
        decoy = pool[int(draw)]
        if decoy not in known and items[decoy].title.casefold() not in titles:
            need = cut.need(index, (*cut.at_stake(index), real, decoy))
            if not leak_of(decoy, dialogue.turns[: index - 1], need, catalogue):
                yield _point("decoy", content, dialogue, index, DECOY, decoy, need)
                return


def _point(
    kind: Kind,
    content: str,
    dialogue: Dialogue,
    index: int,
    stratum: Stratum | None,
    item_id: str | None,
    need: Need,
    leak: Leak = "",
) -> Point:
    context_id = key("context", VERSION, dialogue=content, turn_index=index, point=kind, item_id=item_id, need=need)
    return Point(context_id, kind, dialogue.dialogue_id, index, stratum, item_id, need, leak)


def swapped(turn: Turn, old: Item, new: Item) -> Turn:
    """The recommender's turn with one item's label in the place of another's."""
    ids = tuple(new.item_id if item_id == old.item_id else item_id for item_id in turn.item_ids)
    return Turn(turn.role, turn.text.replace(old.label, new.label), turn.n_messages, ids)
