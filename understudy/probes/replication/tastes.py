"""A user's taste in two or three sentences, summed up by the model from a few titles, so that no history stands in a prompt.

The paper's guard against leaks holds only if no title survives: a summary that names one is asked for once more, and a second one that
does is not used; the user's places are then missing, with that reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from understudy.completion import Complete, Message, MissingReply, Request
from understudy.instruments.naming import Ordinary, names, title_of
from understudy.keys import rng_of, seed_of
from understudy.probes.asking.calls import DATA
from understudy.probes.replication.people import HistoryUser, RatedRow
from understudy.prompt import template

VERSION = 1
# the paper's five titles, and the ten rows that its setting PAG sums up
FEW, MANY = 5, 10
MAX_TOKENS = 160
TEMPERATURE = 0.7
ATTEMPTS = 2
LEAKED = "the summary of the taste names a title of the history, twice"


@dataclass(frozen=True, slots=True)
class TasteSummary:
    """A summary, or the reason why there is none; `n_leaks`: how many of the attempts named a title."""

    text: str
    reason: str = ""
    n_leaks: int = 0
    is_missing: bool = False


def rows_to_sum_up(user: HistoryUser, *, n: int, seed: int) -> list[RatedRow]:
    """At most `n` known rows, drawn by seed."""
    rng = rng_of("replicate taste", VERSION, seed, user.user_id, n)
    order = rng.permutation(len(user.known))[:n]
    return [user.known[int(at)] for at in order]


async def summed_up(complete: Complete, user: HistoryUser, *, n: int, model: str, seed: int) -> TasteSummary:
    """The summary of a user's taste from `n` rows; the same for every task and setting, and asked for once by its key."""
    rows = rows_to_sum_up(user, n=n, seed=seed)
    n_leaks = 0
    for attempt in range(ATTEMPTS):
        try:
            reply = await complete(request_of(user, rows, model=model, seed=seed, attempt=attempt))
        except MissingReply as error:
            return TasteSummary("", f"the taste could not be summed up: {error.message}", n_leaks, is_missing=True)
        text = " ".join(reply.text.split())
        if not named_titles(text, rows):
            return TasteSummary(text, "" if text else "the summary of the taste is empty", n_leaks)
        n_leaks += 1
    return TasteSummary("", LEAKED, n_leaks)


def request_of(user: HistoryUser, rows: Sequence[RatedRow], *, model: str, seed: int, attempt: int = 0) -> Request:
    """The question for a summary."""
    listed = "\n".join(row_in_words(row) for row in rows)
    system = (
        "You describe people's taste. Between the tags stand titles with the stars, of five, that one person gave them. "
        f"{DATA}\n"
        "Say in two or three sentences what this person likes and dislikes: genres, moods, periods, themes. Name no title, no series and "
        "no character."
    )
    return Request(
        role="seeker", model=model, messages=(Message("system", system), Message("user", f"<ratings>\n{listed}\n</ratings>")),
        temperature=TEMPERATURE, top_p=1.0, max_tokens=MAX_TOKENS,
        seed=seed_of("replicate taste", VERSION, seed, user.user_id, len(rows), attempt),
    )  # fmt: skip


def named_titles(text: str, rows: Sequence[RatedRow]) -> list[str]:
    """The titles of the rows that a text names."""
    return [row.item.label for row in rows if names(title_of(row.item.title, _ordinary()), row.item.year, text, ordinary=_ordinary())]


def row_in_words(row: RatedRow) -> str:
    """One rated title on a line, escaped."""
    genres = f", {', '.join(row.item.genres)}" if row.item.genres else ""
    return template.inline(f"{row.item.label}{genres}: {row.rating:g} of 5")


@cache
def _ordinary() -> Ordinary:
    return Ordinary.of(())
