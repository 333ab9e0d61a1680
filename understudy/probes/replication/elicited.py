"""What people say of a title because they are asked: texts for OpenPref from logs in which nobody fills in a form.

In CCPE-M an assistant asks what somebody likes about a film and recommends nothing. The seeker's next turn is then their opinion of the
film that the question names, or of the one that they named themselves just before ("what did you like about it?").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from understudy.probes import LoggedDialogue
from understudy.probes.replication.people import HumanText
from understudy.records import Item

VERSION = 1
# a question for an opinion: of something named, and not for a name (`can you name a film that you like`)
_ASKS = re.compile(
    r"\b(?:what|why|how|did|do|tell|describe|reason|reasons|was|were)\b.*\b(?:like|liked|love|loved|enjoy|enjoyed|think|thought|feel|felt|"
    r"dislike|disliked|hate|hated|about|favorite|favourite)\b",
    re.IGNORECASE | re.DOTALL,
)
_FOR_A_NAME = re.compile(
    r"\b(?:(?:name|title)s?\b|(?:what|which)\s+(?:kind|kinds|type|types|sort|sorts|genre|genres|movie|movies|film|films|other|else)\b|"
    r"another|example|any other)",
    re.IGNORECASE,
)
_OF_IT = re.compile(r"\b(?:it|that|this|the|those|them)\b", re.IGNORECASE)


def opinions_in(talks: Iterable[LoggedDialogue], items: Mapping[str, Item]) -> list[HumanText]:
    """The seekers' answers to questions about exactly one title that has a year, in the order of the dialogues."""
    return [one for talk in talks for one in _opinions(talk, items)]


def _opinions(talk: LoggedDialogue, items: Mapping[str, Item]) -> Iterator[HumanText]:
    before: str | None = None
    for at, turn in enumerate(talk.turns):
        dated = {one for one in turn.item_ids if (item := items.get(one)) is not None and item.year is not None}
        named = dated.pop() if len(dated) == len(set(turn.item_ids)) == 1 else None
        if turn.role == "seeker":
            before = named
            continue
        is_of_it = not turn.item_ids and _OF_IT.search(turn.text) is not None
        asked_about = named if turn.item_ids else before if is_of_it else None
        answer = talk.turns[at + 1] if at + 1 < len(talk.turns) else None
        if asked_about is not None and answer is not None and answer.role == "seeker" and asks_for_an_opinion(turn.text):
            yield HumanText(f"{talk.dialogue_id}/{at + 1}", talk.seeker_id, answer.text, items[asked_about])


def asks_for_an_opinion(text: str) -> bool:
    """Whether a turn asks what somebody thinks of something, and not for the name of something."""
    return _ASKS.search(text) is not None and _FOR_A_NAME.search(text) is None
