"""The embedded recommender: BM25 over what is known of each item, plus popularity; asks when it has nothing to go by.

It recommends one item a turn. What the seeker names is known to the seeker and is not recommended; what the seeker turns
down lowers the items that are like it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import bm25s
import numpy as np
from numpy.typing import NDArray

from understudy.keys import rng_of
from understudy.recommenders import MAX_RANKED, Recommendation, RecommenderAct
from understudy.records import Item

VERSION = 1

# popularity is added in units of the best match, so it orders near-ties and carries the ranking when nothing matches
_POPULARITY_WEIGHT = 0.25
# how much of earlier wishes is left after a new one, and after a new one that comes with a refusal
_FADE, _FADE_AFTER_REFUSAL = 0.6, 0.3
_REJECTED_WEIGHT = 0.5

_QUESTIONS = (
    "What sort of thing are you in the mood for? A genre or a title you enjoyed is a good start.",
    "Could you tell me a film you liked lately, or an actor you like to watch?",
    "Do you lean towards something light or something darker tonight?",
    "Is there a genre you always come back to?",
)
_GREETINGS = ("Hello! ", "Hi there! ", "Good to meet you. ", "")
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
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
# what people say in every request; BM25 would otherwise match it to titles such as "Something Good"
_EMPTY = """
a about all already also am an and any anything are as ask at be been but by can could did do does don't film films for from get give good
great had hard has have haven't hello help hey hi how i i'd i'll i'm i've if in into is it it's just kind know like liked looking
love loved me mean might mood more most movie movies my need new nice no not of ok on one or other please really recommend
recommendation recommendations saw see seen show so some something sort suggest suggestion suggestions sure thank thanks that
that's the them then there they thing things think this those to today tonight too try up very want was watch watched watching we
well were what when which who will with would yes you your
"""
_EMPTY_WORDS = frozenset(_EMPTY.split())
# everyday words for what catalogues call by other names
_MEANS = {
    "funny": "comedy", "laugh": "comedy", "hilarious": "comedy", "scary": "horror", "creepy": "horror", "scared": "horror",
    "romantic": "romance", "romcom": "romance", "animated": "animation", "cartoon": "animation", "scifi": "sci",
    "futuristic": "sci", "suspense": "thriller", "suspenseful": "thriller", "kids": "family", "historical": "history",
    "superhero": "action", "documentaries": "documentary", "comedies": "comedy", "mysteries": "mystery",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Index:
    """What all sessions share. Arrays are in the order of `items`."""

    items: tuple[Item, ...]
    bm25: Any
    vocabulary: Mapping[str, int]
    popularity: NDArray[np.float64]
    by_title: Mapping[str, tuple[int, ...]]


class Retrieval:
    """The recommender over one catalogue."""

    def __init__(self, index: _Index) -> None:
        self._index = index

    def start(self, seed: int) -> Conversation:
        """A new conversation; the seed chooses wordings alone."""
        return Conversation(self._index, seed)


class Conversation:
    """One conversation: what was asked for, what the seeker knows and what was turned down."""

    def __init__(self, index: _Index, seed: int) -> None:
        self._index, self._seed, self._n_turns = index, seed, 0
        self._wanted: NDArray[np.float64] = np.zeros(len(index.items))
        self._closed: NDArray[np.bool_] = np.zeros(len(index.items), dtype=bool)
        self._asked: list[str] = []
        self._last: int | None = None
        self._sure = False

    async def reply(self, utterance: str) -> Recommendation:
        """The next turn."""
        self._n_turns += 1
        if _FAREWELL.search(utterance):
            return self._say("goodbye", self._pick(_FAREWELLS), None)
        self._listen(utterance)
        if not self._sure and len(self._asked) < 2:
            return self._ask()
        best = self._ranking()
        if not best.size:
            return self._say("goodbye", self._pick(_NOTHING_LEFT), None)
        chosen = int(best[0])
        self._closed[chosen], self._last = True, chosen
        item = self._index.items[chosen]
        text = self._pick(_OFFERS).format(label=item.label, reason=_reason(item)).strip()
        return self._say("recommend", text, item.item_id, tuple(self._index.items[place].item_id for place in best[:MAX_RANKED]))

    def _listen(self, utterance: str) -> None:
        named = [place for place in _named(self._index, utterance) if place != self._last]
        turned_down = self._last is not None and _DISLIKE.search(utterance) is not None
        if turned_down and self._last is not None:
            self._wanted -= _REJECTED_WEIGHT * _unit(self._scores(_content(self._index.items[self._last])))
        if _THANKS.match(utterance):
            return
        said = self._scores(self._query(utterance))
        for place in named:
            said += self._scores(_content(self._index.items[place]))
        if said.any():
            self._sure = True
            # a wish counts the same however many words it takes
            said = _unit(said)
            self._wanted = self._wanted * (_FADE_AFTER_REFUSAL if turned_down else _FADE) + said
        self._closed[named] = True

    def _ask(self) -> Recommendation:
        left = [question for question in _QUESTIONS if question not in self._asked]
        question = self._pick(left)
        self._asked.append(question)
        greeting = self._pick(_GREETINGS) if self._n_turns == 1 else ""
        ranked = tuple(self._index.items[place].item_id for place in self._ranking()[:MAX_RANKED])
        return self._say("ask", greeting + question, None, ranked)

    def _ranking(self) -> NDArray[np.intp]:
        """Places of the items still open, best first; ties in catalogue order."""
        scale = max(float(self._wanted.max(initial=0.0)), 1.0)
        score = self._wanted / scale + _POPULARITY_WEIGHT * self._index.popularity
        order = np.argsort(-score, kind="stable")[: MAX_RANKED + int(self._closed.sum())]
        return order[~self._closed[order]]

    def _query(self, utterance: str) -> list[str]:
        """The words of an utterance that may mean something to the catalogue; plurals it does not know as singulars."""
        meant = [_MEANS.get(word, word) for word in _tokens(utterance, without_empty=True)]
        return [word if word in self._index.vocabulary or len(word) < 4 else word.removesuffix("s") for word in meant]

    def _scores(self, tokens: Sequence[str]) -> NDArray[np.float64]:
        known = [self._index.vocabulary[token] for token in dict.fromkeys(tokens) if token in self._index.vocabulary]
        if not known:
            return np.zeros(len(self._index.items))
        scores: NDArray[np.float64] = self._index.bm25.get_scores_from_ids(known).astype(np.float64)
        return scores

    def _pick(self, options: Sequence[str]) -> str:
        return options[int(rng_of("retrieval", VERSION, self._seed, self._n_turns, len(options)).integers(len(options)))]

    def _say(self, act: RecommenderAct, text: str, named: str | None, ranked: tuple[str, ...] = ()) -> Recommendation:
        return Recommendation(text, ranked, (named,) if named else (), act)


def build(items: Mapping[str, Item], popularity: Mapping[str, int]) -> Retrieval:
    """The recommender over `items`; popularity is log-scaled to [0, 1]."""
    ordered = tuple(items[item_id] for item_id in sorted(items))
    corpus = [[*_tokens(item.label), *_content(item), *_tokens(item.plot, without_empty=True)] for item in ordered]
    vocabulary = {token: place for place, token in enumerate(sorted({token for tokens in corpus for token in tokens}))}
    model = bm25s.BM25(k1=1.5, b=0.75)
    if vocabulary:
        # the index writes into the vocabulary it is given
        ids = [[vocabulary[token] for token in tokens] for tokens in corpus]
        model.index((ids, dict(vocabulary)), create_empty_token=False, show_progress=False)
    counts = np.log1p(np.array([popularity.get(item.item_id, 0) for item in ordered], dtype=np.float64))
    by_title: dict[str, list[int]] = {}
    for place, item in enumerate(ordered):
        for name in {item.title, *item.aliases}:
            by_title.setdefault(name.casefold(), []).append(place)
    return Retrieval(
        _Index(
            items=ordered,
            bm25=model,
            vocabulary=vocabulary,
            popularity=counts / max(float(counts.max(initial=0.0)), 1.0),
            by_title={title: tuple(places) for title, places in by_title.items()},
        )
    )


def _unit(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scores with the best at 1; all zero where nothing matches."""
    return scores / max(float(scores.max(initial=0.0)), 1e-9)


def _content(item: Item) -> list[str]:
    """Genres and people count twice: they are what seekers ask for."""
    return [token for _ in range(2) for value in (*item.genres, *item.people) for token in _tokens(value)]


def _tokens(text: str, *, without_empty: bool = False) -> list[str]:
    words = [word.casefold() for word in _WORD.findall(text)]
    return [word for word in words if word not in _EMPTY_WORDS] if without_empty else words


def _reason(item: Item) -> str:
    # the second name, where there is one: readers put makers before performers
    person = item.people[:2][-1] if item.people else ""
    genres = " and ".join(item.genres[:2])
    if genres and person:
        return f"It is {genres}, with {person}."
    return f"It is {genres}." if genres else ""


def _named(index: _Index, utterance: str) -> list[int]:
    """Places of the items whose title the utterance names: word runs looked up, those of one word only as the seeker capitalised it."""
    words = [(found.start(), found.end()) for found in re.finditer(r"[^\s]+", utterance)]
    found: list[int] = []
    for first in range(len(words)):
        for last in range(min(len(words), first + 8) - 1, first - 1, -1):
            run = utterance[words[first][0] : words[last][1]].strip(" ,.!?;:\"'()")
            if first == last and (first == 0 or not run[:1].isupper() or run.casefold() in _EMPTY_WORDS):
                continue
            places = index.by_title.get(run.casefold(), ())
            found.extend(place for place in places if _year_fits(index.items[place], utterance[words[last][1] :][:8]))
    return sorted(set(found))


def _year_fits(item: Item, following: str) -> bool:
    year = re.match(r"\s*\((\d{4})\)", following)
    return year is None or item.year is None or item.year == int(year.group(1))
