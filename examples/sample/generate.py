"""Writes the bundled sample: SAMPLE, NOT HUMAN dialogues about invented films, in ReDial's own format.

Stand-alone: `python generate.py FOLDER`. The same seed gives the same bytes; a test holds the committed files to that.
The words stand in grammar.toml; what a seeker does in each stratum follows the rates in STRATA and ACTS.
"""

from __future__ import annotations

import json
import random
import re
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SEED = 20261
N_TRAIN, N_TEST, N_FILMS = 660, 80, 240
N_SEEKERS, N_RECOMMENDERS, N_TEST_WORKERS = 90, 120, 14
WORDS = tomllib.loads(Path(__file__).with_name("grammar.toml").read_text(encoding="utf-8"))

# what the seeker's form says of a recommended film: share, seen, liked (2: not said)
STRATA = {
    "liked_seen": (0.24, 1, 1),
    "liked_unseen": (0.32, 0, 1),
    "disliked": (0.22, None, 0),
    "unstated": (0.22, 2, 2),
}
# what the seeker then says, and how often
ACTS = {
    "liked_seen": {"seen": 0.82, "chat": 0.08, "accept": 0.1},
    "liked_unseen": {"accept": 0.43, "ask": 0.27, "shrug": 0.27, "turn_down": 0.03},
    "disliked": {"turn_down": 0.34, "shrug": 0.4, "ask": 0.17, "accept": 0.09},
    "unstated": {"shrug": 0.45, "accept": 0.21, "turn_down": 0.05, "ask": 0.19, "seen": 0.1},
}
P_NAMED_FIRST = 0.012
# what seekers say more about than they need to
ASIDES = ("want", "answer", "accept", "ask", "seen", "turn_down", "shrug", "chat")


@dataclass
class Worker:
    """How one worker writes, and what this worker likes."""

    number: int
    likes: list[str]
    avoids: list[str]
    lower: bool
    bare: bool
    eager: float
    typos: float
    extra: float


@dataclass
class Talk:
    """A dialogue while it is being written."""

    seeker: Worker
    recommender: Worker
    messages: list[tuple[int, str]] = field(default_factory=list)
    forms: dict[str, tuple[int, int, int]] = field(default_factory=dict)


class Sample:
    """The generator; all that is random comes from one seeded source."""

    def __init__(self, seed: int = SEED) -> None:
        self.rng = random.Random(seed)
        self.films = self.make_films()
        self.popularity = {film: 1 / (rank + 6) for rank, film in enumerate(self.films)}

    def dialogues(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The train and the test dialogues; no worker is in both."""
        n_workers = N_SEEKERS + N_RECOMMENDERS // 2
        workers = [self.make_worker(number) for number in range(1, n_workers + 1)]
        tested, trained = workers[:N_TEST_WORKERS * 2], workers[N_TEST_WORKERS * 2 :]
        train = [self.dialogue(number, self.pair(trained)) for number in range(1, N_TRAIN + 1)]
        test = [self.dialogue(number, self.pair(tested)) for number in range(N_TRAIN + 1, N_TRAIN + N_TEST + 1)]
        return train, test

    def pair(self, workers: list[Worker]) -> tuple[Worker, Worker]:
        """A seeker and a recommender: the first part of the list seeks, the last part recommends, those between do both."""
        n_seekers = len(workers) * N_SEEKERS // (N_SEEKERS + N_RECOMMENDERS // 2)
        seeker = self.rng.choice(workers[:n_seekers])
        others = workers[len(workers) - len(workers) * 4 // 5 :]
        return seeker, self.rng.choice([one for one in others if one is not seeker])

    def make_worker(self, number: int) -> Worker:
        """A worker with a manner of writing."""
        genres = self.rng.sample(WORDS["genres"]["names"], 5)
        return Worker(
            number=number,
            likes=genres[:3],
            avoids=genres[3:],
            lower=self.rng.random() < 0.35,
            bare=self.rng.random() < 0.35,
            eager=self.rng.choice([0.0, 0.0, 0.1, 0.4]),
            typos=self.rng.choice([0.0, 0.0, 0.004, 0.012, 0.03]),
            extra=self.rng.uniform(0.05, 0.45),
        )

    def make_films(self) -> dict[str, dict[str, Any]]:
        """The invented catalogue by id; the first are the most popular."""
        films: dict[str, dict[str, Any]] = {}
        titles: set[str] = set()
        while len(films) < N_FILMS:
            title = self.title()
            if title in titles:
                continue
            titles.add(title)
            films[str(300001 + len(films))] = self.film(title)
        return films

    def title(self) -> str:
        """An invented title."""
        words = WORDS["titles"]
        noun, noun2 = self.rng.sample(words["nouns"], 2)
        slots = {"adjective": words["adjectives"], "place": words["places"], "first": WORDS["people"]["first"]}
        chosen = {name: self.rng.choice(values) for name, values in slots.items()}
        return str(self.rng.choice(words["patterns"])).format(noun=noun, noun2=noun2, **chosen)

    def film(self, title: str) -> dict[str, Any]:
        """One entry of movies.json."""
        people = [f"{first} {last}" for first in WORDS["people"]["first"] for last in WORDS["people"]["last"]]
        cast = self.rng.sample(people, 5)
        year = min(2024, 1958 + int(66 * self.rng.random() ** 0.6))
        dated = self.rng.choices([f"{title} ({year})", f"{title}  ({year})", title], [0.9, 0.06, 0.04])[0]
        places = {"job": WORDS["plots"]["jobs"], "thing": WORDS["plots"]["things"], "place": WORDS["titles"]["places"]}
        slots = {name: self.rng.choice(values) for name, values in places.items()}
        return {
            "name": dated,
            "genre": sorted(self.rng.sample(WORDS["genres"]["names"], self.rng.choice([1, 2, 2, 3]))),
            "plot": self.expand(self.rng.choice(WORDS["plots"]["patterns"]), slots),
            "director": cast[:1],
            "writer": cast[1:2],
            "star": cast[2:],
        }

    def dialogue(self, number: int, pair: tuple[Worker, Worker]) -> dict[str, Any]:
        """One record of a ReDial file."""
        talk = Talk(*pair)
        first = self.pick_film(talk, "liked_unseen") if self.rng.random() < P_NAMED_FIRST else None
        self.open(talk, first)
        for suggestion in range(self.rng.choices([2, 3, 4, 5, 6, 7], [4, 7, 5, 2, 1, 1])[0]):
            self.suggest(talk, first if suggestion == 0 else None)
        self.close(talk)
        forms = {film: dict(zip(("suggested", "seen", "liked"), form, strict=True)) for film, form in talk.forms.items()}
        return {
            "conversationId": str(500000 + number),
            "movieMentions": {film: self.films[film]["name"] for film in talk.forms},
            "initiatorWorkerId": talk.seeker.number,
            "respondentWorkerId": talk.recommender.number,
            "initiatorQuestions": forms,
            "respondentQuestions": forms,
            "messages": [{"text": text, "senderWorkerId": sender} for sender, text in talk.messages],
        }

    def open(self, talk: Talk, first: str | None) -> None:
        """Greetings, and what the seeker is after."""
        if self.rng.random() < 0.55:
            self.say(talk, "recommender", "greet")
            self.say(talk, "seeker", self.rng.choice(["greet_back", "greet", "want"]))
        else:
            self.say(talk, "seeker", "greet")
            self.say(talk, "recommender", "greet")
        self.say(talk, "seeker", "want")
        if first is not None:
            self.say(talk, "seeker", "example", films=[first])
        for act, share, liked in (("example", 0.55, 1), ("dislike_example", 0.1, 0)):
            if self.rng.random() < share:
                film = self.pick_film(talk, "liked_seen" if liked else "disliked")
                talk.forms[film] = (0, self.rng.choices([1, 2], [9, 1])[0], self.rng.choices([liked, 2], [9, 1])[0])
                self.say(talk, "seeker", act, films=[film])
        if self.rng.random() < 0.45:
            self.say(talk, "recommender", "question")
            self.say(talk, "seeker", "answer")

    def suggest(self, talk: Talk, film: str | None) -> None:
        """A recommendation and what follows from it."""
        names = list(STRATA)
        stratum = "liked_unseen" if film else self.rng.choices(names, [STRATA[name][0] for name in names])[0]
        film = film or self.pick_film(talk, stratum)
        several = self.rng.random() < 0.08
        films = [film, self.pick_film(talk, stratum, film)] if several else [film]
        for one in films:
            seen, liked = STRATA[stratum][1:]
            talk.forms[one] = (1, self.rng.choice([0, 1]) if seen is None else seen, liked)
        if talk.messages[-1][0] == talk.recommender.number:
            self.say(talk, "seeker", "chat")
        if self.rng.random() < 0.12:
            self.say(talk, "recommender", "chat")
        self.say(talk, "recommender", "several" if several else "recommend", films=films)
        acts = ACTS[stratum]
        act = self.rng.choices(list(acts), list(acts.values()))[0]
        self.say(talk, "seeker", act)
        if act == "ask":
            self.say(talk, "recommender", "info", about=film)
            self.say(talk, "seeker", {"disliked": "turn_down", "liked_unseen": "accept"}.get(stratum, "chat"))
        elif self.rng.random() < 0.12:
            self.say(talk, "recommender", "chat")
            self.say(talk, "seeker", "chat")

    def close(self, talk: Talk) -> None:
        """Goodbyes, by one or both."""
        if self.rng.random() < 0.85:
            self.say(talk, "seeker", "bye")
        self.say(talk, "recommender", "bye")
        if self.rng.random() < 0.25:
            self.say(talk, "seeker", "bye")

    def pick_film(self, talk: Talk, stratum: str, other: str = "") -> str:
        """A film that was not named yet; likely one whose genres the seeker likes, or avoids when it will be disliked."""
        wanted = talk.seeker.avoids if stratum == "disliked" else talk.seeker.likes
        free = [film for film in self.films if film not in talk.forms and film != other]
        weights = [self.popularity[film] * (6 if set(wanted) & set(self.films[film]["genre"]) else 1) for film in free]
        return self.rng.choices(free, weights)[0]

    def say(self, talk: Talk, role: str, act: str, *, films: list[str] | None = None, about: str = "") -> None:
        """One message, in the manner of its worker; sometimes with a second sentence."""
        worker = talk.seeker if role == "seeker" else talk.recommender
        facts = self.films[(films or [about or next(iter(self.films))])[0]]
        sentences = [self.sentence(talk, role, act, facts)]
        if role == "seeker" and act in ASIDES and self.rng.random() < worker.extra * 0.75:
            sentences.insert(self.rng.choice([0, 1, 1]), self.sentence(talk, role, "aside", facts))
        if role == "seeker" and act in ASIDES and self.rng.random() < worker.extra:
            lead = self.rng.choice(WORDS["seeker"]["lead"])
            sentences[0] = f"{lead[:1].upper()}{lead[1:]}, {sentences[0] if sentences[0].startswith('I') else _small(sentences[0])}"
        if role == "recommender" and act == "recommend" and self.rng.random() < worker.extra:
            sentences.append(self.sentence(talk, role, "chat", facts))
        names = iter(films or [])
        text = re.sub("@", lambda _: f"@{next(names)}", " ".join(sentences))
        talk.messages.append((worker.number, self.manner(text, worker)))

    def sentence(self, talk: Talk, role: str, act: str, facts: dict[str, Any]) -> str:
        """One sentence of an act with its slots filled."""
        spoken = WORDS["genres"]["spoken"]
        genres = facts["genre"] if role == "recommender" else talk.seeker.likes
        slots = {name: self.rng.choice(WORDS["seeker"][name]) for name in ("who", "when", "past", "past2")}
        slots |= {name: self.rng.choice(spoken[self.rng.choice(genres)]) for name in ("genre", "genre2")}
        slots["avoid"] = self.rng.choice(spoken[self.rng.choice(talk.seeker.avoids)])
        slots |= {"person": self.rng.choice(facts["star"]), "person2": facts["director"][0]}
        slots |= {name: self.rng.choice(WORDS["plots"][f"{name}s"]) for name in ("job", "thing")}
        text = self.expand(self.rng.choice(WORDS[role][act]), slots)
        return text[:1].upper() + text[1:]

    def expand(self, pattern: str, slots: dict[str, str]) -> str:
        """The pattern with one of each alternatives and the slots filled in."""
        text = re.sub(r"\[([^\]]*)\]", lambda match: self.rng.choice(match.group(1).split("|")), pattern)
        return text.format(**slots)

    def manner(self, text: str, worker: Worker) -> str:
        """The text as this worker types it; mentions of films stay as they are."""
        if worker.lower:
            text = text.lower()
        if worker.bare:
            text = text.rstrip(".").replace("'", "")
        if text.endswith(".") and self.rng.random() < worker.eager:
            text = text[:-1] + "!"
        return " ".join(self.typed(word, worker.typos) for word in text.split())

    def typed(self, word: str, rate: float) -> str:
        """The word, now and then with two letters swapped."""
        if word.isalpha() and len(word) > 4 and self.rng.random() < rate * 4:
            at = self.rng.randrange(1, len(word) - 2)
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        return word


def _small(text: str) -> str:
    return text[:1].lower() + text[1:]


def write(folder: Path, seed: int = SEED) -> None:
    """Writes the three data files of the sample into `folder`."""
    sample = Sample(seed)
    train, test = sample.dialogues()
    folder.mkdir(parents=True, exist_ok=True)
    for name, dialogues in (("train_data.jsonl", train), ("test_data.jsonl", test)):
        lines = "".join(json.dumps(one, separators=(",", ":")) + "\n" for one in dialogues)
        (folder / name).write_text(lines, encoding="utf-8", newline="\n")
    films = ",\n".join(f"{json.dumps(film)}: {json.dumps(facts)}" for film, facts in sample.films.items())
    (folder / "movies.json").write_text("{" + films + "}\n", encoding="utf-8", newline="\n")
    (folder / "LICENCE").write_text("CC0-1.0\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
