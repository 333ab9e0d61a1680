"""What is learned and asked: which item comes next, and which act the seeker's next turn is. Nothing after the cut is in the signs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

from understudy.instruments.disclosure import ItemIndex
from understudy.profile.leaks import leak_of
from understudy.records import Need, Turn
from understudy.studies.usefulness.conversations import ACCEPTED, REJECTED, HeardDialogue, SpokenTurn

VERSION = 1
START = "start"
_LATEST_PLACE = 5
_NOTHING_KNOWN = Need()


@dataclass(frozen=True, slots=True)
class ItemExample:
    """A recommender's turn that suggests `items`, which nobody named before; `words` and `named` are of the turns before it."""

    dialogue_id: str
    words: tuple[str, ...]
    named: tuple[str, ...]
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ActExample:
    """A turn of the seeker, which is an `act`; `signs` are of the turns before it."""

    dialogue_id: str
    signs: tuple[str, ...]
    act: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one dialogue has to learn from, or to be asked about."""

    items: tuple[ItemExample, ...]
    acts: tuple[ActExample, ...]


def lesson(conversation: HeardDialogue, catalogue: ItemIndex) -> Lesson:
    """What a model learns from a dialogue: every suggestion that the seeker does not reject, and every act."""
    return Lesson(_items(conversation, catalogue, is_test=False), acts_of(conversation))


def questions(conversation: HeardDialogue, catalogue: ItemIndex) -> Lesson:
    """What a model is asked about a dialogue: the suggestions that the seeker takes, and every act.

    A suggestion is taken where the seeker's form calls it suggested, unseen and liked, and in a log without forms where the seeker's next
    turn accepts it.
    """
    return Lesson(_items(conversation, catalogue, is_test=True), acts_of(conversation))


def acts_of(conversation: HeardDialogue) -> tuple[ActExample, ...]:
    """The seeker's turns that have words, each with what was said before it."""
    examples, before, earlier = list[ActExample](), START, SpokenTurn("seeker", "", (), ())
    for at, turn in enumerate(conversation.turns):
        if turn.role != "seeker" or not turn.text.strip():
            continue
        heard = conversation.turns[at - 1] if at else None
        examples.append(ActExample(conversation.dialogue_id, _signs(heard, earlier, before, at), turn.act))
        before, earlier = turn.act, turn
    return tuple(examples)


def _signs(heard: SpokenTurn | None, earlier: SpokenTurn, act: str, at: int) -> tuple[str, ...]:
    """Words and pairs of words of the recommender's turn, words and act of the seeker's last turn, and how far the dialogue has come."""
    words = heard.words if heard is not None and heard.role == "recommender" else ()
    pairs = (f"r:{one} {two}" for one, two in pairwise(words))
    of_turns = chain((f"r:{one}" for one in words), pairs, (f"s:{one}" for one in earlier.words))
    names = "names" if heard is not None and heard.item_ids else "names nothing"
    return (*of_turns, f"act:{act}", f"place:{min(at // 2, _LATEST_PLACE)}", names)


def _items(conversation: HeardDialogue, catalogue: ItemIndex, *, is_test: bool) -> tuple[ItemExample, ...]:
    examples = list[ItemExample]()
    for at, turn in enumerate(conversation.turns):
        before = conversation.turns[:at]
        suggested = [one for one in turn.fresh if _counts(one, turn.answer, conversation.liked, is_test=is_test)]
        unknown = tuple(one for one in suggested if not _is_named(one, before, catalogue))
        if unknown:
            words = tuple(chain.from_iterable(one.words for one in before))
            named = tuple(dict.fromkeys(chain.from_iterable(one.item_ids for one in before)))
            examples.append(ItemExample(conversation.dialogue_id, words, named, unknown))
    return tuple(examples)


def _counts(item_id: str, answer: str, liked: Collection[str] | None, *, is_test: bool) -> bool:
    if not is_test:
        return answer != REJECTED
    return answer == ACCEPTED if liked is None else item_id in liked


def _is_named(item_id: str, before: Sequence[SpokenTurn], catalogue: ItemIndex) -> bool:
    """Whether the item was named before the cut, linked or in words: then it is nothing that a model could predict."""
    turns = [Turn(one.role, one.text, 1, one.item_ids) for one in before]
    return bool(leak_of(item_id, turns, _NOTHING_KNOWN, catalogue))
