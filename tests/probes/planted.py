"""Answerers with a planted behaviour, and a small world of humans for them to be held against."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from understudy.completion import Completion, Request
from understudy.keys import share_of
from understudy.probes import (
    HumanLogs,
    JudgedItem,
    LoggedDialogue,
    Opinion,
    Persona,
    Question,
    Questions,
    Refusal,
    binary_preference,
    feedback,
    negative_feedback,
)
from understudy.probes import items_talked_about as items_task
from understudy.probes import open_preference as open_task
from understudy.probes import requests as requests_task
from understudy.records import Item, Need, Turn

N_ITEMS, N_SEEKERS = 240, 80
GENRES = ("comedy", "drama", "western", "thriller")
WORDS = ("Amber", "Salt", "Oak", "Paper", "Glass", "Iron", "Quiet", "Velvet", "Copper", "Winter", "Hollow", "Silver")
PLACES = ("Harbour", "Ferry", "Street", "Lantern", "Meadow", "Tower", "Orchard", "Canal", "Garden", "Station")
TAILS = ("", " Again")
OPINIONS = (
    "yes i loved it, the story was great",
    "i saw it last year and it was boring",
    "it was good, the acting was fine",
    "i have seen it with my kids",
    "funny one, we laughed a lot",
    "not for me, too slow and dull",
)
REFUSALS = (
    "no, i did not like that comedy. do you have anything else?", "i hated it", "not a fan of drama, what else is there?",
    "nah, too slow for me", "no thanks, i am looking for a western", "i did not like that one",
)
PRAISE = "I absolutely loved it! The acting was amazing, the story wonderful, the music beautiful and it was so much fun, a masterpiece"
Say = Callable[[Question], dict[str, Any]]


def title(n: int) -> str:
    return f"The {WORDS[n % 12]} {PLACES[n // 12 % 10]}{TAILS[n // 120]}"


ITEMS = {
    f"i{n}": Item(f"i{n}", title(n), 1950 + n % 60, (GENRES[n % 4],), (f"Ada {WORDS[n % 12]}",)) for n in range(N_ITEMS)
}  # fmt: skip
# a long tail: the lower its number, the more an item is mentioned
POPULARITY = {f"i{n}": round(400 / (1 + n)) for n in range(N_ITEMS)}


def draw(*parts: Any) -> float:
    return share_of("planted", *parts)


def drawn_item(*parts: Any) -> str:
    """An item as people name them: popular ones more often, and many others."""
    return f"i{int(N_ITEMS ** draw(*parts)) - 1}"


def human_share(n: int) -> float:
    """How many humans like item n, whatever its popularity."""
    return 0.25 + 0.7 * draw("liked", n)


def world() -> HumanLogs:
    """80 seekers with two dialogues each."""
    talks, personas, opinions, refusals = [], [], [], []
    for k in range(2 * N_SEEKERS):
        seeker = f"w{k % N_SEEKERS}"
        named = list(dict.fromkeys(drawn_item("named", k, j) for j in range(4)))
        offered = f"i{int(draw('offered', k) * N_ITEMS)}"
        genre = f"{GENRES[k % 4]} " if draw("genre", k) < 0.6 else ""
        reaction = "that sounds great, i will watch it" if draw("reaction", k) < 0.6 else "no, i did not like that one"
        ask = f"hi, i am looking for a {genre}movie like {ITEMS[named[0]].label} for tonight, can you help"
        also = " and ".join(ITEMS[one].label for one in named[1:]) or "nothing else"
        turns = (
            Turn("seeker", ask, 1, (named[0],)),
            Turn("recommender", f"you could try {ITEMS[offered].label} (number {k})", 1, (offered,)),
            Turn("seeker", reaction),
            Turn("recommender", "what else did you like?"),
            Turn("seeker", f"also {also}", 1, tuple(named[1:])),
        )
        talks.append(LoggedDialogue(f"d{k}", seeker, turns))
        personas.append(Persona(f"d{k}", seeker, Need(genres=(GENRES[k % 4],))))
        said = REFUSALS[k % len(REFUSALS)]
        need = Need(genres=("comedy", "drama"), disliked_genres=("western",))
        refusals.append(Refusal(f"n{k}", seeker, offered, need, f"how about {ITEMS[offered].label}?", said))
        opinions.append(Opinion(f"c{k}", seeker, offered, Need(genres=(GENRES[k % 4],)), OPINIONS[k % len(OPINIONS)]))
    judged = [JudgedItem(f"i{n}", ((round(20 * human_share(n)), 20), (round(20 * human_share(n)), 20))) for n in range(0, N_ITEMS, 4)]
    return HumanLogs(ITEMS, POPULARITY, talks, personas, opinions, refusals, judged, "forms")


def human_like(
    questions: Questions, shares: Callable[[str], float], items: Mapping[str, Item] = ITEMS, *, takes: float = 0.6
) -> Say:
    """Says of each place what humans said at another one, and likes what they like, as often as they do.

    `takes`: the share of the human recommenders' suggestions that it accepts.
    """
    others: dict[str, Question] = {}
    for schema in {one.schema for one in questions.asked}:
        alike = [one for one in questions.asked if one.schema is schema]
        others |= {one.request.key: alike[(i + len(alike) // 2) % len(alike)] for i, one in enumerate(alike)}

    def say(question: Question) -> dict[str, Any]:
        unit, other = question.unit, others[question.request.key].unit
        match unit:
            case items_task.TitleSequence():
                return {"more_titles": [items[one].label for one in other.others]}
            case binary_preference.OpinionQuestion():
                tilt = {"plain": 0.0, "picky": -0.3, "easy": 0.3}[unit.manner]
                yes = draw("yes", unit.item_id, unit.persona.dialogue_id) < shares(unit.item_id) + tilt
                return {"likes_it": "yes" if yes else "no"}
            case Opinion():
                return {"thoughts": other.text}
            case requests_task.HumanRequest():
                return {"request": other.text}
            case Refusal():
                return {"reply": other.text}
            case feedback.ReplyTrial():
                knows = draw("knows", unit.exchange.dialogue_id, unit.kind) < 0.85
                if unit.kind == "choose":
                    return {"better": "first" if unit.true_first == knows else "second"}
                accepts = draw("takes", unit.exchange.dialogue_id) < (takes if unit.true_shown else 0.1)
                return {"takes_it": "accept" if accepts else "reject"}
        raise AssertionError(unit)

    return say


def too_positive(fields: str) -> dict[str, Any]:
    """Likes, praises and takes everything; `fields` holds the names of the form's fields."""
    answers = {
        "likes_it": "yes", "takes_it": "accept", "better": "first", "thoughts": PRAISE,
        "request": "I would love any amazing movie you could suggest to me tonight, I am sure it is great, thank you so much in advance",
        "reply": "Thank you so much, that sounds amazing, I will watch it tonight!",
        "more_titles": [ITEMS["i0"].label], "titles": ["Some Film"],
    }  # fmt: skip
    return {name: value for name, value in answers.items() if f'"{name}"' in fields}


def popularity_bound(question: Question) -> dict[str, Any]:
    """Names, likes and chooses what is popular."""
    unit = question.unit
    match unit:
        case items_task.TitleSequence():
            return {"more_titles": [ITEMS[f"i{n}"].label for n in range(8) if f"i{n}" != unit.anchor]}
        case binary_preference.OpinionQuestion():
            return {"likes_it": "yes" if POPULARITY[unit.item_id] >= 5 else "no"}
        case feedback.ReplyTrial(kind="choose"):
            shown = (unit.exchange.reply, unit.decoy) if unit.true_first else (unit.decoy, unit.exchange.reply)
            first, second = (max(POPULARITY[one] for one in turn.item_ids) for turn in shown)
            return {"better": "first" if first >= second else "second"}
    return too_positive(json.dumps(question.schema.model_json_schema()))


def completing(questions: Questions, say: Say) -> Callable[[Request], Any]:
    """A model that answers these questions by `say`."""
    by_seed = {(one.request.seed, one.request.messages[0].content): one for one in questions.asked}

    async def complete(request: Request) -> Completion:
        question = by_seed[request.seed, request.messages[0].content]
        return Completion(json.dumps(say(question)), "planted", "planted", "stop", "", 1, 1)

    return complete


TASKS: Sequence[Any] = (items_task, binary_preference, open_task, requests_task, feedback, negative_feedback)
