"""From messages to turns, the same for all readers: what one speaker says in a row is one turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from understudy.readers._kit import Broken
from understudy.records import Role, Turn
from understudy.text import is_blank


@dataclass(slots=True)
class _Saying:
    """What one speaker says in a row."""

    role: Role
    texts: list[str] = field(default_factory=list)
    item_ids: list[str] = field(default_factory=list)
    n_messages: int = 0

    def add(self, text: str, item_ids: Sequence[str]) -> None:
        """Counts a message; of one in which nothing can be seen the text is not kept."""
        self.n_messages += 1
        self.item_ids.extend(item_ids)
        if not is_blank(text):
            self.texts.append(text)


class Turns:
    """Messages, merged into turns as they are said. A message in which nothing can be seen makes no turn, and ends nobody's."""

    def __init__(self) -> None:
        self._said: list[_Saying] = []
        self._waiting: dict[Role, _Saying] = {}

    def say(self, role: Role, text: str, item_ids: Sequence[str] = ()) -> int | None:
        """Adds a message; the index of the turn that it belongs to.

        A blank message belongs to its speaker's turn before it, or, where there is none, to the one that comes: then the index is None.
        """
        index = self._place(role, blank=is_blank(text))
        (self._said[index] if index is not None else self._waiting.setdefault(role, _Saying(role))).add(text, item_ids)
        return index

    def _place(self, role: Role, *, blank: bool) -> int | None:
        last = len(self._said) - 1
        if self._said and self._said[last].role == role:
            return last
        if blank:
            return next((at for at in range(last, -1, -1) if self._said[at].role == role), None)
        self._said.append(self._waiting.pop(role, _Saying(role)))
        return last + 1

    def __len__(self) -> int:
        return len(self._said)

    def done(self) -> tuple[Turn, ...]:
        """The turns, called once. Raises Broken where nothing was said."""
        if not self._said:
            raise Broken("a dialogue in which every message is empty" if self._waiting else "a dialogue without messages")
        for silent in self._waiting.values():  # this speaker has no turn, and every message is counted somewhere
            self._said[-1].n_messages += silent.n_messages
        return tuple(Turn(one.role, " ".join(" ".join(one.texts).split()), one.n_messages, tuple(one.item_ids)) for one in self._said)
