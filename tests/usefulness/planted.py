"""Hand-made dialogues: a seeker asks for a kind of film, the recommender suggests one of that kind, the seeker takes or rejects it."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from understudy.instruments.disclosure import ItemIndex
from understudy.records import Item
from understudy.studies.usefulness.conversations import HeardDialogue, Origin, SpokenTurn

KINDS = ("noir", "western", "musical", "heist")
N_OF_A_KIND = 6
# a film of each kind that all like best, so that popularity is worth something too
ITEMS = {
    f"{kind}{at}": Item(f"{kind}{at}", f"Quiet {kind.title()} Number {at}", 1990 + at) for kind in KINDS for at in range(N_OF_A_KIND)
}
INDEX = ItemIndex(ITEMS)


def conversation(name: str, kind: str, *, suggested: str | None = None, likes: bool = True, form: bool = False) -> HeardDialogue:
    """A dialogue of six turns; `suggested` is another film than one of the kind."""
    rng = Random(name)
    item = suggested or f"{kind}{rng.randrange(2)}"
    answer, act = ("accept", "accept") if likes else ("reject", "reject")
    turns = (
        SpokenTurn("seeker", f"hello, a {kind} please", ("hello", "a", kind, "please"), (), "request"),
        SpokenTurn("recommender", "what else do you like?", ("what", "else", "do", "you", "like", "?"), ()),
        SpokenTurn("seeker", f"any {kind} is fine", ("any", kind, "is", "fine"), (), "prefer"),
        SpokenTurn("recommender", f"try {ITEMS[item].label}", ("try", "xtitlex"), (item,), "", (item,), answer),
        SpokenTurn("seeker", "great" if likes else "no", ("great",) if likes else ("no",), (), act),
        SpokenTurn("seeker", "bye", ("bye",), (), "close"),
    )
    liked = frozenset([item] if likes else []) if form else None
    return HeardDialogue(name, Origin(name, f"seeker of {name}"), turns, liked)


def humans(prefix: str, n: int, *, form: bool = False) -> list[HeardDialogue]:
    """`n` dialogues over all kinds."""
    return [conversation(f"{prefix}{at}", KINDS[at % len(KINDS)], form=form) for at in range(n)]


def permuted(conversations: Sequence[HeardDialogue], *, seed: int = 0) -> list[HeardDialogue]:
    """The same dialogues with their suggestions and acts changed about: what is learned from them has nothing to do with what was said."""
    rng = Random(seed)
    items = [one.turns[3].item_ids[0] for one in conversations]
    acts = [turn.act for one in conversations for turn in one.turns if turn.role == "seeker"]
    rng.shuffle(items)
    rng.shuffle(acts)
    drawn = iter(acts)
    return [_with(one, item, drawn) for one, item in zip(conversations, items, strict=True)]


def _with(one: HeardDialogue, item: str, acts: object) -> HeardDialogue:
    turns = []
    for turn in one.turns:
        named = ((item,), (item,)) if turn.fresh else (turn.item_ids, turn.fresh)
        act = next(acts) if turn.role == "seeker" else ""  # type: ignore[call-overload]
        turns.append(SpokenTurn(turn.role, turn.text, turn.words, named[0], act, named[1], turn.answer))
    return HeardDialogue(one.dialogue_id, one.origin, tuple(turns), one.liked)
