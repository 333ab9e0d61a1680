"""What a turn does: titles found in text, clauses and their acts, and what the recommender's last turn calls for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache

from understudy.rehearsal.parameters import read

_YEAR = re.compile(r"\((?:19|20)\d\d\)")
_WORD = re.compile(r"[^\s]+")
_NAME_WORD = re.compile(r"[A-Z0-9&][^\s]*$|(?:of|the|a|an|and|in|to|on|for|with|at|from|vs\.?|de|la|&|-)$")
_MAX_TITLE_WORDS = 14
START, MANY, ONE = "start", "many", "one"


def labels_in(text: str, known: Mapping[str, object]) -> list[tuple[int, int, str]]:
    """Spans and labels of the titles with a year in `text`, in order: the longest known label, else a run of capitalised words."""
    found: list[tuple[int, int, str]] = []
    floor = 0
    for year in _YEAR.finditer(text):
        words = [match.start() for match in _WORD.finditer(text, floor, year.start())][-_MAX_TITLE_WORDS:]
        start = next((at for at in words if text[at : year.end()] in known), None)
        if start is None:
            start = _capitalised(text, words, year.start())
        if start is not None:
            found.append((start, year.end(), text[start : year.end()]))
        floor = year.end()
    return found


def _capitalised(text: str, words: list[int], end: int) -> int | None:
    start = None
    for at in reversed(words):
        word = _WORD.match(text, at, end)
        if word is None or not _NAME_WORD.match(word.group()):
            break
        if word.group()[0].isupper() or word.group()[0].isdigit():
            start = at
    return start


def masked(text: str, known: Mapping[str, object], roles: Mapping[str, str]) -> str:
    """`text` with each title replaced by its role in the conversation: {last}, {old} or, for any other, {own}."""
    parts, end = [], 0
    for start, stop, label in labels_in(text, known):
        parts += [text[end:start], "{" + roles.get(label, "own") + "}"]
        end = stop
    return "".join([*parts, text[end:]])


@cache
def _splits() -> tuple[re.Pattern[str], re.Pattern[str]]:
    split = read("acts.toml")["split"]
    return re.compile(split["marks"], re.I), re.compile(split["words"], re.I)


@cache
def _rules(kind: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((rule["act"], re.compile("|".join(_braced(rule["patterns"])))) for rule in read("acts.toml")[kind])


def _braced(patterns: Iterable[str]) -> list[str]:
    return [re.sub(r"\{([a-z]+)\}", r"\\{\1\\}", pattern) for pattern in patterns]


def clauses(text: str) -> list[str]:
    """`text` cut into clauses: at punctuation, and before words that open a new one once three words have been said."""
    marks, words = _splits()
    out: list[str] = []
    for part in marks.split(text):
        for piece in words.split(part):
            if not piece.strip():
                continue
            if out and not _ends(out[-1]) and len(out[-1].split()) < 3:
                out[-1] += " " + piece.strip()
            else:
                out.append(piece.strip())
    return out


def _ends(clause: str) -> bool:
    return clause[-1] in ".!?,…"


@lru_cache(maxsize=50_000)
def act_of(clause: str) -> str:
    """The act of one masked clause; `chat` where no rule fits."""
    low = clause.lower()
    return next((act for act, rule in _rules("clause") if rule.search(low)), "chat")


def main_act(acts: Iterable[str]) -> str:
    """The act that names a whole turn; `none` where nothing was said."""
    order = read("acts.toml")["main"]["order"]
    return min(acts, key=order.index, default="none")


@lru_cache(maxsize=50_000)
def turn_act(text: str) -> str:
    """The act that names a whole masked turn."""
    return main_act(act_of(clause) for clause in clauses(text))


@lru_cache(maxsize=20_000)
def recommender_state(text: str, n_new: int) -> str:
    """What the recommender's turn calls for: `one` or `many` new titles, else bye, ask_taste, ask, greet or chat."""
    if n_new:
        return ONE if n_new == 1 else MANY
    low = text.lower()
    return next((act for act, rule in _rules("recommender") if rule.search(low)), "chat")


def position(n_said: int) -> int:
    """The bucket of a turn by how many turns the seeker has spoken before: 0, 1, 2, 3, 4 (4–5) or 5 (6 and more)."""
    return n_said if n_said < 4 else 4 if n_said < 6 else 5
