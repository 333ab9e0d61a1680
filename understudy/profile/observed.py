"""Human turns as a policy is fitted on them: what each seeker knew, and what it did, as the instruments of both sides read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from understudy.policy.fitting import Observation
from understudy.policy.moments import Moment, moment_of, own_turns, suggested
from understudy.policy.suits import Suits
from understudy.records import DECOY, Context, Item

VERSION = 1
_NONE = "none"
Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class SaidTurn:
    """A human seeker's turn as it was read: its act, its words, and the wishes that it tells."""

    act: str
    n_words: int
    n_told: int


@dataclass(frozen=True, slots=True)
class ReadTurns:
    """The turns of one split: place → what was said there; text → its act; reaction context → accept, reject or neither."""

    said: Mapping[Place, SaidTurn]
    acts: Mapping[str, str]
    reactions: Mapping[str, str]


def observations(
    contexts: Sequence[Context], turns: ReadTurns, *, suits: Suits, items: Mapping[str, Item], is_exemplar: bool
) -> Iterator[Observation]:
    """An observation for each seeker turn that has words, in the order of `contexts`. A stratum is not looked at: it holds a label.

    A turn that answers a suggestion counts with the need of its reaction context, which is cut without what is known of that item.
    """
    last: dict[str, int] = {}
    for dialogue_id, turn_index in turns.said:
        last[dialogue_id] = max(last.get(dialogue_id, -1), turn_index)
    for place, context in _one_a_turn(contexts).items():
        found = turns.said.get(place)
        if found is None:
            continue
        moment = moment_at(context, turns.acts, suits=suits, items=items)
        reaction = turns.reactions.get(context.context_id) if moment.setting == "one" else _NONE
        if reaction is None:  # nobody knows whether it was a suggestion: what was made of it is not read
            moment, reaction = replace(moment, setting="offers"), _NONE
        is_last = place[1] == last[place[0]]
        yield Observation(moment, found.act, reaction, found.n_words, found.n_told, is_last, is_exemplar)


def moment_at(context: Context, acts: Mapping[str, str], *, suits: Suits, items: Mapping[str, Item]) -> Moment:
    """The moment before the human's turn at a context."""
    labels = [items[one].label for one in suggested(context.history) if one in items]
    said = [acts[text] for text in own_turns(context.history) if text in acts]
    return moment_of(context.history, context.need, labels=labels, suits=suits, acts=said)


def _one_a_turn(contexts: Sequence[Context]) -> dict[Place, Context]:
    """Place → its context, a reaction before a plain one; decoys are no human turns."""
    chosen: dict[Place, Context] = {}
    for context in contexts:
        place = (context.dialogue_id, context.turn_index)
        if context.stratum == DECOY or (place in chosen and context.stratum is None):
            continue
        chosen[place] = context
    return chosen
