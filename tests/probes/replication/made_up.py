"""Made-up users, titles and texts for the paper's experiment, and answerers with a planted behaviour. No text of any log is in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.probes import planted
from understudy.completion import Completion, MissingReply, Request
from understudy.keys import share_of
from understudy.probes import Refusal
from understudy.probes.replication.people import HistoryUser, HumanText, PaperHumans, RatedRow, TitleRatings, user_of
from understudy.probes.replication.playing import PlayedBy, replies_of
from understudy.probes.replication.prompting import seed_prompt
from understudy.probes.replication.settings import PaperSetting
from understudy.probes.replication.tasks import PaperReplies, PaperTask
from understudy.records import Item, Need

BY = PlayedBy("m", "", 0)
PLAIN = PaperSetting("plain", False)
ITEMS = list(planted.ITEMS.values())
Answers = Callable[[Request], str]
OPINIONS = (
    "The story was gripping and the music beautiful.", "A dull plot with wooden dialogue.", "It has a long chase in the desert.",
    "Great acting, terrible ending.", "My family watched the second half twice.", "The horrible effects ruined a fine script.",
    "A quiet village and a strange river.", "Wonderful costumes.", "Boring villain.", "The captain hides a letter.",
)  # fmt: skip
REFUSALS = (
    "no, comedies are not my thing. anything else?", "I did not like that drama, do you have something different?",
    "nah", "not a fan of westerns, can you suggest a thriller?", "I hated it, what else is there?", "no thanks, too slow for me",
)  # fmt: skip


def rating_of(user: int, item: int) -> float:
    """Most titles are liked or disliked by most people."""
    taste = 1 + 4 * share_of("rating", item)
    return min(5.0, max(0.5, round(2 * (taste + 1.2 * (share_of("own", user, item) - 0.5))) / 2))


def users(n: int = 120) -> list[HistoryUser]:
    """Users with 30 rated titles each, drawn evenly over the catalogue."""
    found = []
    for user in range(n):
        chosen = sorted(range(len(ITEMS)), key=lambda item: share_of("has", user, item))[:30]
        found.append(user_of(f"u{user}", [RatedRow(ITEMS[item], rating_of(user, item)) for item in chosen]))
    return found


def write_ratings(folder: Path, *, n_users: int, n_films: int) -> None:
    """Writes half of the films' ratings by people, in the files of MovieLens."""
    films = [f'{at},"{one.title} ({one.year})",{"|".join(one.genres)}' for at, one in enumerate(ITEMS[:n_films], 1)]
    (folder / "movies.csv").write_text("\n".join(["movieId,title,genres", *films]) + "\n")
    given = [
        f"{user},{film},{rating_of(user, film - 1)},{1000 + user}"
        for user in range(1, n_users + 1)
        for film in range(1, n_films + 1)
        if (user + film) % 2
    ]
    (folder / "ratings.csv").write_text("\n".join(["userId,movieId,rating,timestamp", *given]) + "\n")


def humans() -> PaperHumans:
    """A world in which every task has a human side."""
    titles = [
        TitleRatings(one, (tuple(rating_of(k, at) for k in range(20)), tuple(rating_of(k, at) for k in range(20, 40))))
        for at, one in enumerate(ITEMS)
    ]
    opinions = [HumanText(f"o{k}", f"w{k % 150}", f"{OPINIONS[k % len(OPINIONS)]} {_words('o', k)}", ITEMS[k % 240]) for k in range(300)]
    requests = [HumanText(f"r{k}", f"w{k % 150}", f"hi, I want a {_words('r', k)} like {ITEMS[k % 240].label} please") for k in range(300)]
    refusals = [
        Refusal(f"n{k}", f"w{k % 150}", ITEMS[k % 240].item_id, Need(genres=("comedy", "drama", "western", "thriller")), "How about it?",
                REFUSALS[k % len(REFUSALS)])
        for k in range(300)
    ]  # fmt: skip
    return PaperHumans(users(), titles, opinions, requests, refusals, planted.ITEMS, texts_from="made up", ratings_from="made up")


def answered(task: PaperTask, world: PaperHumans, answers: Answers, *, n: int = 40, setting: PaperSetting = PLAIN) -> PaperReplies:
    """The replies of an answerer at the places of a task."""
    places = task.places(world, "test", n=n, seed=0).places
    return planted_run(replies_of(completing(answers), task, places, setting, seed_prompt(task.NAME), by=BY))


def completing(answers: Answers, asked: list[Request] | None = None) -> Callable[[Request], object]:
    """A model that answers by `answers`; "" is a missing reply."""

    async def complete(request: Request) -> Completion:
        if asked is not None:
            asked.append(request)
        text = answers(request)
        if text == "missing":
            raise MissingReply("timed out")
        return Completion(text, "planted", "planted", "stop", "", 10, 5)

    return complete


def planted_run(work: object) -> PaperReplies:
    """The result of a coroutine."""
    import asyncio

    found: PaperReplies = asyncio.run(work)  # type: ignore[arg-type]
    return found


def title_in(request: Request) -> Item:
    """The item that the question is about."""
    found = re.search(r"<title>\n(.*?)\n", request.messages[1].content)
    assert found
    return next(item for item in ITEMS if item.label == found[1])


def likes_as_people_do(request: Request) -> str:
    """Yes to what people rate above 3.5."""
    return "Yes." if 1 + 4 * share_of("rating", ITEMS.index(title_in(request))) > 3.5 else "No."


def in_the_same_words(_: Request) -> str:
    """The same praise for everything."""
    return "I loved it, it was great!"


def draws(request: Request, texts: Sequence[str]) -> str:
    """One of the texts, by the request's seed."""
    return texts[request.seed % len(texts)]


def _words(kind: str, k: int) -> str:
    return " ".join(planted.WORDS[int(12 * share_of(kind, k, at))].lower() for at in range(4))
