"""From a plan to words: each clause is taken from the bank by act, end mark and length, or spliced from several.

Clauses of the bank are at most MAX_RUN words when used whole; longer ones are spliced at words that two of them share, so
that no run of words longer than MAX_RUN comes from one human turn.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence

from understudy.rehearsal.draws import Draws
from understudy.rehearsal.fitted import Fitted
from understudy.rehearsal.plans import LAST_MARKS, MARKS

MAX_RUN = 6
_TRIES = 6
_LONE_I = re.compile(r"\bi\b(?=$|[\s,.'’])")
_WEAK = frozenset(
    "a an the of to and or but in on for with that is was it i i'm my so if as at from be are because have not very really".split()  # noqa: SIM905
)
Place = tuple[int, int]  # clause, word


class Bank:
    """The clauses of a fitted model, laid out for look-ups. Built once for each model and kept with it."""

    def __init__(self, fitted: Fitted) -> None:
        self.by_length: dict[str, tuple[list[int], list[str]]] = {}
        self.words: dict[str, list[list[str]]] = defaultdict(list)
        self.places: dict[tuple[str, str], list[Place]] = defaultdict(list)
        self.starts: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for name, texts in fitted.bank.items():
            expanded = sorted((len(text.split()), text) for text, n in texts.items() for _ in range(n))
            self.by_length[name] = [n for n, _ in expanded], [text for _, text in expanded]
            act, _, first = name.split("|")
            for text in texts:
                self._index(act, first, text)
        for options in self.starts.values():
            options.sort()

    def _index(self, act: str, first: str, text: str) -> None:
        words, at = LAST_MARKS.sub("", text).split(), len(self.words[act])
        self.words[act].append(words)
        self.starts[f"{act}|{first}"].append((len(words), at))
        for i in range(1, len(words)):
            self.places[act, words[i - 1].lower() + " " + words[i].lower()].append((at, i))
            self.places[act, words[i].lower()].append((at, i))


def bank_of(fitted: Fitted) -> Bank:
    """The bank of `fitted`; the first call builds it."""
    bank = fitted.kept.get("bank")
    if bank is None:
        bank = fitted.kept["bank"] = Bank(fitted)
    return bank


def word(plan: str, fitted: Fitted, draws: Draws) -> str:
    """The slotted text of a plan."""
    if plan.startswith("="):
        return plan[1:]
    bank = bank_of(fitted)
    style, *specs = plan.split("|")
    parts, text = list[str](), ""
    for attempt in range(_TRIES):
        parts = [_clause(spec.split(" "), bank, draws, novel=attempt > 1) for spec in specs]
        text = styled(parts, style, specs)
        if not fitted.copies(text):
            return text
    # nothing new could be said at this length: say less
    for n in range(len(parts) - 1, 0, -1):
        less = styled(parts[:n], style, specs[:n])
        if less and not fitted.copies(less):
            return less.rstrip(", ")
    return text


def styled(parts: Sequence[str], style: str, specs: Sequence[str]) -> str:
    """Clauses joined in a turn's style: `l` low throughout, else each clause starts as planned and a lone i is a capital."""
    out = []
    for part, spec in zip(parts, specs, strict=True):
        if not part:
            continue
        if style == "l":
            out.append(part.lower())
            continue
        part = _LONE_I.sub("I", part) if style == "c" else part
        low = part[0].lower() if not re.match(r"I\b", part) else part[0]
        out.append((part[0].upper() if spec.split(" ")[3] == "C" else low) + part[1:])
    return " ".join(out)


def _clause(spec: Sequence[str], bank: Bank, draws: Draws, *, novel: bool) -> str:
    act, end, first, _, length = spec
    n = int(length)
    if n > MAX_RUN or (novel and n > 2):
        spliced = _spliced(act, first, n, bank, draws)
        if spliced:
            return spliced + MARKS.get(end, "")
    for name in (f"{act}|{end}|{first}", *(f"{act}|{other}|{first}" for other in MARKS), *(f"{act}|{other}|1" for other in MARKS)):
        if name in bank.by_length and (n or draws.word() < 0.5 or name.endswith("1")):
            text = _nearest(bank.by_length[name], n, draws)
            if text:
                return text if end == "*" else LAST_MARKS.sub("", text) + MARKS[end] if end_differs(text, end) else text
    return ""


def end_differs(text: str, end: str) -> bool:
    """Whether a clause does not end with the mark that `end` stands for."""
    return not text.endswith(MARKS[end]) if MARKS[end] else LAST_MARKS.search(text) is not None


def _nearest(options: tuple[list[int], list[str]], n: int, draws: Draws) -> str:
    """A clause of n words, or of the nearest length up to MAX_RUN; of any length where n is 0."""
    lengths, texts = options
    if n == 0:
        return draws.pick(texts)
    for wide in (0, 1, 2, 4):
        lo, hi = bisect_left(lengths, n - wide), bisect_left(lengths, min(n + wide, MAX_RUN) + 1)
        if hi - lo >= (4 if wide < 2 else 1):
            return texts[lo + int(draws.word() * (hi - lo))]
    return ""


def _spliced(act: str, first: str, n: int, bank: Bank, draws: Draws) -> str:
    """About `n` words of an act, no more than MAX_RUN in a row from one clause; '' where no splice was found."""
    starts = bank.starts.get(f"{act}|{first}") or bank.starts.get(f"{act}|1") or []
    best: list[str] = []
    for _ in range(_TRIES):
        if not starts:
            break
        lo = bisect_left(starts, (max(3, n - 4), 0))
        hi = bisect_left(starts, (n + 5, 0))
        if hi <= lo:
            lo, hi = 0, len(starts)
        out = _walk(act, starts[lo + int(draws.word() * (hi - lo))][1], n, bank, draws)
        if out and (not best or abs(len(out) - n) < abs(len(best) - n)):
            best = out
        if best and abs(len(best) - n) <= 1:
            break
    return " ".join(best)


def _walk(act: str, clause: int, n: int, bank: Bank, draws: Draws) -> list[str]:
    words, at, out = bank.words[act], 0, list[str]()
    for _ in range(12):
        source = words[clause]
        left = len(source) - at
        if left <= MAX_RUN and out and len(out) + left >= n - 2:
            return _done(out + source[at:])
        jump = _jump(act, clause, at, n - len(out), bank, draws)
        if jump is None:
            return _done(out + source[at:]) if left <= MAX_RUN and out else []
        run, (clause, place) = jump
        out += source[at : at + run]
        at = place + 1
        if at >= len(words[clause]):
            return _done(out)
    return []


def _jump(act: str, clause: int, at: int, wanted: int, bank: Bank, draws: Draws) -> tuple[int, Place] | None:
    """How many words to take from here, and the place in another clause to go on from, with about `wanted` words in all."""
    words = bank.words[act]
    source = words[clause]
    longest = min(MAX_RUN, len(source) - at - 1)
    runs = list(range(2, longest + 1)) or ([1] if longest == 1 else [])
    shift = int(draws.word() * len(runs)) if runs else 0
    for size in (2, 1):
        for run in runs[shift:] + runs[:shift]:
            here = at + run - 1
            if size == 2 and here == 0:
                continue
            name = " ".join(source[here - size + 1 : here + 1]).lower()
            options = [place for place in bank.places.get((act, name), ())[:400] if place[0] != clause]
            if options:
                chosen = [options[int(draws.word() * len(options))] for _ in range(6)]
                return run, min(chosen, key=lambda place: abs(run + len(words[place[0]]) - place[1] - 1 - wanted))
    return None


def _done(words: list[str]) -> list[str]:
    return [] if words and words[-1].lower() in _WEAK else words
