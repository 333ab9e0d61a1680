"""Conversations that offer one item a turn, the best still open; what differs between recommenders is how they score the items.

What the seeker names is known to the seeker and is not offered, and nothing is offered twice.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from understudy.keys import rng_of
from understudy.recommenders import Recommendation, RecommenderAct
from understudy.recommenders._catalogue import Catalogue, Scores, unit
from understudy.records import MAX_RANKED, Item, Turn

VERSION = 1
MAX_QUESTIONS = 2

# how much of earlier wishes is left after a new one, and after a new one that comes with a refusal; set on the splits that
# fitting may see, by the rank of what the humans of ReDial recommended next (docs/recommenders.md)
_FADE, _FADE_AFTER_REFUSAL = 0.8, 0.6
_REJECTED_WEIGHT = 0.5

_QUESTIONS = (
    "What sort of thing are you in the mood for? A genre or a title you enjoyed is a good start.",
    "Could you tell me a film you liked lately, or an actor you like to watch?",
    "Do you lean towards something light or something darker tonight?",
    "Is there a genre you always come back to?",
)
_GREETINGS = ("Hello! ", "Hi there! ", "Good to meet you. ", "")
# a greeting alone, as most recommenders of ReDial begin, is answered by small models as an assistant answers it; a question is not
OPENINGS = (
    "Hi, what are you looking for?", "Hello! What are you looking for today?", "Hi there, what do you feel like today?",
    "Hello, what kind of thing would you like?",
)  # fmt: skip
_OFFERS = (
    "How about {label}? {reason}",
    "I would suggest {label}. {reason}",
    "You could try {label}. {reason}",
    "{label} comes to mind. {reason}",
    "Have you seen {label}? {reason}",
    "Then maybe {label}. {reason}",
)
_FAREWELLS = ("You are welcome, enjoy it! Bye.", "Glad I could help. Goodbye!", "Have a good time watching. Bye!")
_NOTHING_LEFT = ("I am afraid I have nothing else that fits. Goodbye!",)

_FAREWELL = re.compile(r"\b(?:bye|goodbye|good night|see you|take care)\b", re.IGNORECASE)
_DISLIKE = re.compile(
    r"\b(?:no|nope|nah|not|don'?t|didn'?t|do not|did not|hate|hated|dislike|boring|another|else|different|instead|rather|pass)\b",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"^\W*(?:ok(?:ay)?|thanks?|thank you|great|cool|sure|hi|hello|hey|yes|no|nope)(?:\W+(?:there|you|so much|a lot))?\W*$",
    re.IGNORECASE,
)


class ItemWishes:
    """The wishes of a conversation as a score per item: newer wishes count more, and rejected items count against."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self.scores: Scores = catalogue.nothing()
        self.known = False

    def hear(self, utterance: str, named: Sequence[int], last: int | None) -> None:
        """Takes in what the seeker said after `last` was offered; `named` are the places of the items it names."""
        turned_down = last is not None and says_no(utterance)
        if turned_down and last is not None:
            self.scores = self.scores - _REJECTED_WEIGHT * unit(self._catalogue.like(last))
        if _THANKS.match(utterance):
            return
        said = self._catalogue.asked(utterance)
        for place in named:
            said = said + self._catalogue.like(place)
        if said.any():
            self.known = True
            # a wish counts the same however many words it takes
            self.scores = self.scores * (_FADE_AFTER_REFUSAL if turned_down else _FADE) + unit(said)

    def scaled(self) -> Scores:
        """The scores in units of the best match."""
        return self.scores / max(float(self.scores.max(initial=0.0)), 1.0)


class Talk(ABC):
    """One conversation. The seed chooses wordings, and no item unless a recommender says so."""

    name: str

    def __init__(self, catalogue: Catalogue, seed: int) -> None:
        self._catalogue, self._seed, self._n_turns = catalogue, seed, 0
        self._closed: NDArray[np.bool_] = np.zeros(len(catalogue.items), dtype=bool)
        self._asked: list[str] = []
        self._last: int | None = None
        self._greeted = False

    @abstractmethod
    def scores(self) -> Scores:
        """A score per item; the highest is offered next."""

    def listen(self, utterance: str, named: Sequence[int]) -> None:  # noqa: B027  not every recommender listens
        """Takes in what the seeker said and which items it named."""

    def wants_to_ask(self) -> bool:
        """Whether nothing is known of the wishes yet."""
        return False

    def greet(self) -> Recommendation:
        """The first turn where the recommender opens; it does not greet a second time."""
        self._greeted = True
        return self._say("chat", self._pick(OPENINGS), None)

    async def reply(self, utterance: str) -> Recommendation:
        """The next turn."""
        self._n_turns += 1
        if says_farewell(utterance):
            return self._say("goodbye", self._pick(_FAREWELLS), None)
        self._hear(utterance, [place for place in self._catalogue.named(utterance) if place != self._last])
        if len(self._asked) < MAX_QUESTIONS and self.wants_to_ask():
            return self._ask()
        best = self._ranking()
        if not best.size:
            return self._say("goodbye", self._pick(_NOTHING_LEFT), None)
        chosen = int(best[0])
        self._closed[chosen], self._last = True, chosen
        item = self._catalogue.items[chosen]
        text = self._pick(_OFFERS).format(label=item.label, reason=_reason(item)).strip()
        return self._say("recommend", text, item.item_id, self._ids(best))

    def follow(self, history: Sequence[Turn]) -> tuple[str, ...]:
        """The ranking after a dialogue that somebody else led as recommender."""
        for turn in history:
            places = [place for place in (self._catalogue.place(item_id) for item_id in turn.item_ids) if place is not None]
            if turn.role == "seeker":
                self._hear(turn.text, [*places, *self._catalogue.named(turn.text)])
            else:
                self._closed[places] = True
                self._last = places[-1] if places else self._last
        return self._ids(self._ranking())

    def _hear(self, utterance: str, named: Sequence[int]) -> None:
        self.listen(utterance, list(dict.fromkeys(named)))
        self._closed[named] = True

    def _ask(self) -> Recommendation:
        left = [question for question in _QUESTIONS if question not in self._asked]
        question = self._pick(left)
        self._asked.append(question)
        greeting = self._pick(_GREETINGS) if self._n_turns == 1 and not self._greeted else ""
        return self._say("ask", greeting + question, None, self._ids(self._ranking()))

    def _ranking(self) -> NDArray[np.intp]:
        """Places of the items still open, best first; ties in catalogue order."""
        order = np.argsort(-self.scores(), kind="stable")[: MAX_RANKED + int(self._closed.sum())]
        return order[~self._closed[order]]

    def _ids(self, places: NDArray[np.intp]) -> tuple[str, ...]:
        return tuple(self._catalogue.items[place].item_id for place in places[:MAX_RANKED])

    def _pick(self, options: Sequence[str]) -> str:
        return options[int(rng_of(self.name, VERSION, self._seed, self._n_turns, len(options)).integers(len(options)))]

    def _say(self, act: RecommenderAct, text: str, named: str | None, ranked: tuple[str, ...] = ()) -> Recommendation:
        return Recommendation(text, ranked, (named,) if named else (), act)


class Offering:
    """A recommender that holds one kind of Talk over one catalogue."""

    def __init__(self, catalogue: Catalogue, talk: type[Talk]) -> None:
        self._catalogue, self._talk = catalogue, talk

    def start(self, seed: int) -> Talk:
        """A new conversation."""
        return self._talk(self._catalogue, seed)

    def rank(self, history: Sequence[Turn], seed: int) -> tuple[str, ...]:
        """At most MAX_RANKED item ids, best first, none that the history names."""
        return self._talk(self._catalogue, seed).follow(history)


def says_farewell(utterance: str) -> bool:
    """Whether an utterance says goodbye."""
    return _FAREWELL.search(utterance) is not None


def says_no(utterance: str) -> bool:
    """Whether an utterance rejects something, by its words."""
    return _DISLIKE.search(utterance) is not None


def _reason(item: Item) -> str:
    # the second name, where there is one: readers put makers before performers
    person = item.people[:2][-1] if item.people else ""
    genres = " and ".join(item.genres[:2])
    if genres and person:
        return f"It is {genres}, with {person}."
    return f"It is {genres}." if genres else ""
