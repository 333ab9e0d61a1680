"""What rehearsal learns from human dialogues: an interaction model (which kinds of turn follow which state) and clauses to word it.

A turn is kept as a plan (the acts, lengths and end marks of its clauses); the words of a turn are never kept together,
except those of short turns that several seekers share ("thank you").
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import polars as pl

from understudy.errors import BadInput
from understudy.keys import digest
from understudy.records import STRATA, Item
from understudy.rehearsal import acts
from understudy.rehearsal.masking import Masking, slotted
from understudy.rehearsal.parameters import read
from understudy.rehearsal.plans import end_of, plan_of

VERSION = 1
SHORT = 8  # words below which a turn counts as short; copying of short turns is common among humans
GRAM = 8
_N_PEOPLE = 300
_PLAIN = re.compile(r"[^a-z0-9{} ]+")


@dataclass(frozen=True)
class Fitted:
    """The fitted interaction model and phrasing. Not slotted: the index over it is computed once and kept.

    `catalogue`: label → (genres, how often recommended). `strata`: how often a single new title met each stratum.
    `cells`: `state|previous act|position` → plans. `bank`: `act|end|first` → clause → count. `rare`: hashes of the
    short turns that one seeker alone said, `grams` of all runs of GRAM words that a seeker said: neither is to be said again.
    """

    catalogue: Mapping[str, tuple[tuple[str, ...], int]]
    people: tuple[str, ...]
    strata: Mapping[str, int]
    cells: Mapping[str, tuple[str, ...]]
    bank: Mapping[str, Mapping[str, int]]
    rare: tuple[str, ...]
    grams: tuple[str, ...]
    n_turns: int
    kept: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def digest(self) -> str:
        """64 hex digits over the content."""
        return digest(self.as_json())

    @cached_property
    def avoided(self) -> frozenset[str]:
        """The hashes of `rare` and `grams`, for lookups."""
        return frozenset((*self.rare, *self.grams))

    def copies(self, text: str) -> bool:
        """Whether a slotted turn is a short one that one human alone said, or half of its runs of GRAM words are a human's."""
        words = plain(text).split()
        if len(words) < SHORT:
            return hash_of(" ".join(words)) in self.avoided
        runs = grams_of(words)
        return 2 * sum(run in self.avoided for run in runs) >= len(runs)

    def as_json(self) -> dict[str, Any]:
        """Plain JSON from which `from_json` makes an equal value."""
        return {
            "version": VERSION,
            "catalogue": {label: [list(genres), n] for label, (genres, n) in self.catalogue.items()},
            "people": list(self.people),
            "strata": dict(self.strata),
            "cells": {cell: list(plans) for cell, plans in self.cells.items()},
            "bank": {name: dict(texts) for name, texts in self.bank.items()},
            "rare": list(self.rare),
            "grams": list(self.grams),
            "n_turns": self.n_turns,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Fitted:
        """What `as_json` described. Raises BadInput for anything else."""
        try:
            if value["version"] != VERSION:
                raise BadInput(f"fitted rehearsal of version {value['version']}, expected {VERSION}", hint="profile again")
            return cls(
                catalogue={label: (tuple(genres), int(n)) for label, (genres, n) in value["catalogue"].items()},
                people=tuple(value["people"]),
                strata={name: int(n) for name, n in value["strata"].items()},
                cells={cell: tuple(plans) for cell, plans in value["cells"].items()},
                bank={name: {text: int(n) for text, n in texts.items()} for name, texts in value["bank"].items()},
                rare=tuple(value["rare"]),
                grams=tuple(value["grams"]),
                n_turns=int(value["n_turns"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadInput(f"not a fitted rehearsal: {error}") from error


def fit(turns: pl.DataFrame, reactions: pl.DataFrame, items: Mapping[str, Item]) -> Fitted:
    """The model of the seekers in `turns` (HUMAN_TURNS), with the strata of their `reactions` (REACTIONS).

    What is passed is all it sees: pass the exemplar and search splits only. Raises BadInput where no seeker speaks.
    """
    masking = Masking.of(items.values())
    strata = _strata(reactions)
    said = [turn for dialogue in _dialogues(turns) for turn in _seeker_turns(dialogue, masking, strata)]
    if not said:
        raise BadInput("rehearsal cannot be fitted: no seeker's turn in the exemplar and search splits")
    common, rare = _shared([(turn["seeker"], turn["text"]) for turn in said])
    cells: dict[str, list[str]] = defaultdict(list)
    bank: dict[str, Counter[str]] = defaultdict(Counter)
    for turn in said:
        whole = plain(turn["text"]) in common
        cells[turn["cell"]].append("=" + turn["text"] if whole else plan_of(turn["text"]))
        for name, clause in keyed_clauses(turn["text"]):
            bank[name][clause] += 1
    recommended = Counter(label for turn in said for label in turn["new"])
    return Fitted(
        catalogue={label: (item.genres, recommended[label]) for label, item in sorted(masking.items.items())},
        people=_known_people(masking, recommended),
        strata={name: int((reactions["stratum"] == name).sum()) for name in STRATA},
        cells={cell: tuple(cells[cell]) for cell in sorted(cells)},
        bank={name: dict(sorted(bank[name].items())) for name in sorted(bank)},
        rare=tuple(sorted(rare)),
        grams=tuple(sorted({run for turn in said for run in grams_of(plain(turn["text"]).split())})),
        n_turns=len(said),
    )


def plain(text: str) -> str:
    """`text` in lower case without punctuation: what makes two short turns the same."""
    return " ".join(_PLAIN.sub("", text.lower()).split())


def hash_of(text: str) -> str:
    """10 hex digits of a plain text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:10]


def grams_of(words: Sequence[str]) -> list[str]:
    """The hashes of the runs of GRAM words."""
    return [hash_of(" ".join(words[at : at + GRAM])) for at in range(len(words) - GRAM + 1)]


def keyed_clauses(text: str) -> Iterator[tuple[str, str]]:
    """(`act|end|first`, clause) of each clause of a slotted turn."""
    for at, clause in enumerate(acts.clauses(text)):
        yield f"{acts.act_of(clause)}|{end_of(clause)}|{int(at == 0)}", clause


def _dialogues(turns: pl.DataFrame) -> Iterator[list[dict[str, Any]]]:
    ordered = turns.sort("dialogue_id", "turn_index").select("dialogue_id", "seeker_id", "role", "text")
    for part in ordered.partition_by("dialogue_id", maintain_order=True):
        yield part.to_dicts()


def _strata(reactions: pl.DataFrame) -> dict[tuple[str, str], str]:
    return {(row["dialogue_id"], row["text"]): row["stratum"] for row in reactions.iter_rows(named=True)}


def _seeker_turns(dialogue: list[dict[str, Any]], masking: Masking, strata: Mapping[tuple[str, str], str]) -> Iterator[dict[str, Any]]:
    """One record for each seeker's turn: who, the slotted text, the cell it belongs to, titles new before it."""
    named: set[str] = set()
    state, last, new, previous, n_said = acts.START, set[str](), list[str](), "none", 0
    for turn in dialogue:
        if turn["role"] == "recommender":
            labels = [label for *_, label in acts.labels_in(turn["text"], masking.items)]
            new = list(dict.fromkeys(label for label in labels if label not in named))
            state, last = acts.recommender_state(turn["text"], len(new)), set(labels)
            named |= last
            continue
        if not turn["text"].strip():
            continue
        if state == acts.ONE:
            state = f"one:{strata.get((turn['dialogue_id'], turn['text']), 'unstated')}"
        text = slotted(turn["text"], masking, {label: "last" if label in last else "old" for label in named})
        own = acts.main_act(acts.act_of(clause) for clause in acts.clauses(text))
        yield {"seeker": turn["seeker_id"], "text": text, "cell": f"{state}|{previous}|{acts.position(n_said)}", "new": new}
        named |= {label for *_, label in acts.labels_in(turn["text"], masking.items)}
        previous, n_said, new = own, n_said + 1, []


def _shared(said: list[tuple[str, str]]) -> tuple[set[str], set[str]]:
    """Plain short turns that several seekers said, and the hashes of those that one alone said."""
    speakers: dict[str, set[str]] = defaultdict(set)
    for seeker, text in said:
        if len(text.split()) < SHORT:
            speakers[plain(text)].add(seeker)
    common = {text for text, who in speakers.items() if len(who) > 1}
    return common, {hash_of(text) for text, who in speakers.items() if len(who) == 1}


def _known_people(masking: Masking, recommended: Mapping[str, int]) -> tuple[str, ...]:
    fame: Counter[str] = Counter()
    for label, item in masking.items.items():
        for person in item.people:
            fame[person] += recommended.get(label, 0)
    return tuple(name for name, n in sorted(fame.items(), key=lambda pair: (-pair[1], pair[0]))[:_N_PEOPLE] if n)


@cache
def unfitted() -> Fitted:
    """The committed model in our own words, for use without logs; ordinary, but no likeness of any humans."""
    spec = read("unfitted.toml")
    bank: dict[str, dict[str, int]] = defaultdict(dict)
    for act, texts in spec["clauses"].items():
        for text in texts:
            for first in "01":
                bank[f"{act}|{end_of(text)}|{first}"][text] = 1
    cells = {
        f"{state}|none|0": tuple(_open_plan(acts_, style) for acts_, n in plans.items() for style in ("c", "c", "l") for _ in range(n))
        for state, plans in spec["states"].items()
    }
    return Fitted({}, (), dict(spec["strata"]), cells, bank, (), (), 0)


def _open_plan(acts_: str, style: str) -> str:
    case = "l" if style == "l" else "C"
    return "|".join([style, *(f"{act} * {int(at == 0)} {case} 0" for at, act in enumerate(acts_.split("+")))])
