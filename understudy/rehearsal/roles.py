"""Rehearsal in other roles than the seeker's: recommender, judge of a dialogue, guesser of titles. By schema, from the messages alone."""

from __future__ import annotations

import html
import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from understudy.completion import Message
from understudy.keys import rng_of
from understudy.rehearsal import acts
from understudy.rehearsal.agenda import SeekerReply
from understudy.rehearsal.fitted import Fitted
from understudy.rehearsal.masking import plural
from understudy.rehearsal.parameters import read
from understudy.rehearsal.reading import Wishes, wishes_of

SATISFACTION = frozenset({"satisfaction"})
GUESSES = frozenset({"titles"})
RECOMMENDATION = frozenset({"act", "text", "titles"})
_NEED = re.compile(r"<need>\n?(.*?)\n?</need>", re.S)
_TITLES = re.compile(r"^Titles are written as in these examples.*:\n((?:.+\n)+)", re.M)
# in which form the answer is wanted stands behind what the person wrote
_SCHEMA = re.compile(r"\s*Answer with one JSON object.*|\s*An earlier reply to this could not be used\..*", re.S)
_TURN = re.compile(r"<(seeker|recommender)>(.*?)</\1>", re.S)
_N_RANKED, _N_GUESSED = 50, 10
_CHARACTERS_PER_TOKEN = 4
Famous = Sequence[tuple[str, tuple[str, ...], int]]  # label, genres, how often it was recommended


def satisfied(messages: Sequence[Message], fitted: Fitted, seed: int) -> SeekerReply:
    """`{satisfaction}`, 1 to 5, from how well what was suggested in the fenced dialogue fits the fenced need."""
    told, spec = messages[-1].content, read("roles.toml")["satisfaction"]
    wishes = wishes_of(html.unescape("".join(_NEED.findall(told)[:1])))
    turns = [(role, html.unescape(text)) for role, text in _TURN.findall(told)]
    offers = [text for role, text in turns if role == "recommender"]
    suggested = dict.fromkeys(label for text in offers for *_, label in acts.labels_in(text, fitted.catalogue))
    said = [text for role, text in turns if role == "seeker"]
    points = [spec[_fit_of(label, wishes, said, fitted)] for label in suggested]
    best = spec["best_weight"]
    score = best * max(points) + (1 - best) * sum(points) / len(points) if points else spec["plain"] / 2
    score += spec["jitter"] * rng_of("rehearsal judge", seed).normal()
    return answered(messages, {"satisfaction": min(5, max(1, round(1 + score)))}, "judge")


def guessed(messages: Sequence[Message], fitted: Fitted) -> SeekerReply:
    """`{titles}`: the most popular titles that were not named; it knows nothing of any target."""
    told = " ".join(html.unescape(message.content) for message in messages)
    named = {label for *_, label in acts.labels_in(told, fitted.catalogue)}
    titles = [label for label, _, _ in famous(fitted, messages) if label not in named]
    return answered(messages, {"titles": titles[:_N_GUESSED]}, "guess")


def recommended(messages: Sequence[Message], fitted: Fitted, seed: int) -> SeekerReply:
    """`{act, text, titles}`: titles of the fitted catalogue by popularity and by the genres that the seeker named."""
    spec, rng = read("roles.toml")["recommender"], rng_of("rehearsal recommender", seed)
    said = [_SCHEMA.sub("", message.content) for message in messages if message.role == "user"]
    own = [message.content for message in messages if message.role == "assistant"]
    if said and any(re.search(pattern, said[-1].lower()) for pattern in spec["goodbye"]):
        return answered(messages, {"act": "goodbye", "text": _one(spec["goodbye_phrases"], rng.random()), "titles": []}, "goodbye")
    known = famous(fitted, messages)
    named = {label for text in (*said, *own) for *_, label in acts.labels_in(text, fitted.catalogue)}
    wanted = _genres_in(" ".join(said), fitted)
    left = [one for one in known if one[0] not in named]
    luck = rng.random(len(left))
    score = [
        math.log1p(n) + spec["genre_weight"] * len(wanted & set(genres)) + spec["jitter"] * chance
        for (_, genres, n), chance in zip(left, luck, strict=True)
    ]
    order = sorted(range(len(left)), key=lambda at: (-score[at], left[at][0]))[:_N_RANKED]
    titles = [left[at][0] for at in order]
    if not titles:
        return answered(messages, {"act": "chat", "text": _one(spec["lost_phrases"], 0.0), "titles": []}, "chat")
    knows_little = not wanted and not named and len(said) < spec["n_asked"]
    act, phrases = ("ask", spec["ask_phrases"]) if knows_little else ("recommend", spec["suggest_phrases"])
    text = _one(phrases, rng.random()).replace("{title}", titles[0])
    return answered(messages, {"act": act, "text": text, "titles": titles}, act)


def answered(messages: Sequence[Message], value: Mapping[str, Any], act: str) -> SeekerReply:
    """A reply in JSON."""
    text = json.dumps(value, ensure_ascii=False)
    return SeekerReply(text, act, sum(len(one.content) for one in messages) // _CHARACTERS_PER_TOKEN, len(text) // _CHARACTERS_PER_TOKEN)


def famous(fitted: Fitted, messages: Sequence[Message]) -> Famous:
    """What is known of titles, the most popular first; without a fit, the titles that the messages show as examples."""
    if fitted.catalogue:
        known: Famous | None = fitted.kept.get("by_fame")
        if known is None:
            rows = ((label, genres, n) for label, (genres, n) in fitted.catalogue.items())
            known = fitted.kept["by_fame"] = sorted(rows, key=lambda row: (-row[2], row[0]))
        return known
    shown = [text for message in messages for text in _TITLES.findall(message.content)]
    labels = list(dict.fromkeys(label for text in shown for *_, label in acts.labels_in(text, {})))
    return [(label, (), len(labels) - at) for at, label in enumerate(labels)]


def _fit_of(label: str, wishes: Wishes, said: Sequence[str], fitted: Fitted) -> str:
    """The key of [satisfaction] that a suggested title falls under; of a title without known genres, how it was taken tells."""
    if label == wishes.title:
        return "wanted"
    if label in wishes.disliked:
        return "misfits"
    if label in wishes.known or label in wishes.enjoyed:
        return "known"
    genres, _ = fitted.catalogue.get(label, ((), 0))
    if genres:
        wanted = {*wishes.suits, *wishes.genres}
        return "misfits" if set(wishes.avoided) & set(genres) - wanted else "fits" if wanted & set(genres) else "plain"
    heard = [acts.turn_act(acts.masked(text, {}, {label: "last"})) for text in said[1:]]
    if "accept" in heard:
        return "fits"
    return "misfits" if 3 * heard.count("reject") > len(heard) else "plain"


def _genres_in(text: str, fitted: Fitted) -> set[str]:
    """The catalogue's genres that a text names, in the singular or plural."""
    forms: dict[str, str] | None = fitted.kept.get("genre_forms")
    if forms is None:
        genres = {genre for genres, _ in fitted.catalogue.values() for genre in genres if len(genre) > 2}
        forms = fitted.kept["genre_forms"] = {form: genre for genre in sorted(genres) for form in (genre.lower(), plural(genre.lower()))}
    return {forms[word] for word in re.findall(r"[a-z-]+", text.lower()) if word in forms}


def _one(phrases: Sequence[str], u: float) -> str:
    return phrases[int(u * len(phrases))]
