"""Made-up seekers who take what fits and is new to them: a policy that is fitted on them has to find that again."""

from __future__ import annotations

from collections.abc import Sequence

from understudy.policy.fitted import FittedPolicy
from understudy.policy.fitting import fit
from understudy.policy.planner import Planner
from understudy.policy.suits import Suits
from understudy.profile.observed import ReadTurns, SaidTurn, observations
from understudy.records import Context, Item, Need, Turn

ITEMS = {
    one.item_id: one
    for one in (
        Item("1", "Orbit", 2015, ("space",), ("Ida Moon",), "a ship drifts"),
        Item("2", "Salt Harbour", 1994, ("drama",), ("Ada Quill",), "a town by the sea"),
        Item("3", "Tin Roof", 2004, ("comedy",), ("Bo Reed",), "neighbours quarrel"),
        Item("4", "Grey Water", 1998, ("drama",), ("Ada Quill",), "a river rises in spring"),
        Item("5", "Plum Street", 2001, ("comedy",), ("Cy Dole",), "a wedding goes wrong"),
    )
}
DRAMA = Need(genres=("drama",), people=("Ada Quill",))
HELLO = (Turn("seeker", "hello there"), Turn("recommender", "what kind do you like?"), Turn("seeker", "drama please"))


def offered(item_id: str) -> tuple[Turn, ...]:
    return (*HELLO, Turn("recommender", f"Try {ITEMS[item_id].label}", 1, (item_id,)))


def context(n: int, item_id: str | None, *, stratum: str | None = None, need: Need = DRAMA) -> Context:
    history = offered(item_id) if item_id else HELLO[:2]
    return Context(f"c{n}", f"d{n}", len(history), stratum, item_id, need, history)  # type: ignore[arg-type]


def read_turns(contexts: Sequence[Context], reactions: Sequence[str]) -> ReadTurns:
    """Seekers who accept, or turn down and ask for more; whoever accepts says no more."""
    said, found = {}, {}
    for one, reaction in zip(contexts, reactions, strict=True):
        accepted = reaction == "accept"
        said[one.dialogue_id, one.turn_index] = SaidTurn("accept" if accepted else "reject", 4 if accepted else 8, 0 if accepted else 1)
        if not accepted:
            said[one.dialogue_id, one.turn_index + 2] = SaidTurn("close", 2, 0)
        found[one.context_id] = reaction
    return ReadTurns(said, {"hello there": "greet", "drama please": "prefer"}, found)


def people(n: int = 240) -> tuple[list[Context], list[str]]:
    """Half are offered a drama, which four of five of them take, the others a comedy or one about space, which one in five takes."""
    contexts = [context(i, "2" if i % 2 else ("3", "1")[i // 2 % 2], stratum="liked_unseen") for i in range(n)]
    return contexts, ["accept" if (i // 2 % 5 != 0) == bool(i % 2) else "reject" for i in range(n)]


def fitted(n: int = 240) -> FittedPolicy:
    contexts, reactions = people(n)
    suits = Suits.of(ITEMS)
    return fit(observations(contexts, read_turns(contexts, reactions), suits=suits, items=ITEMS, is_exemplar=True))


def read_acts(said: Sequence[str]) -> list[str]:
    return ["greet" if "hello" in text else "prefer" for text in said]


def planner(policy: FittedPolicy | None = None) -> Planner:
    return Planner(policy or fitted(), Suits.of(ITEMS), ITEMS, read_acts, "words")
