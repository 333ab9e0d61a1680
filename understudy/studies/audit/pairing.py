"""Simulated dialogues from any source and their humans: which human dialogue each of them stands for, and the frames that are measured.

What a dialogue stands for is told by its metadata alone: `scenario` (of this store), `source_dialogue_id` or `dialogue_id`. Metadata
`target` is the item that its seeker wants (id or title), `turn_index` says that only that turn is the simulator's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from understudy.measure.reference import BEHAVIOUR, FREE_DIALOGUES, FREE_TURNS, REACTIONS, Simulated
from understudy.profile.splits import seeker_of
from understudy.records import Dialogue, Item, Turn
from understudy.studies.audit.targets import Targets, words

VERSION = 1
REPLAYED = 0.9  # share of recommender turns that are the human's own, from which on a file is a replay
_SOURCES = ("source_dialogue_id", "dialogue_id")
_STATED = ("scenario", "scenario_id", *_SOURCES)


@dataclass(frozen=True, slots=True)
class HumanReaction:
    """A human reaction that a simulated turn may stand beside."""

    context_id: str
    stratum: str
    item_id: str


@dataclass(frozen=True, slots=True)
class AuditHumans:
    """What a file is paired with. `dialogues`, `scenarios` (id → dialogue id) and `targets` of the splits that may be opened.

    `points`: dialogue id → turn index → reaction; of the split that is the reference alone.
    """

    dialogues: Mapping[str, Dialogue]
    scenarios: Mapping[str, str]
    targets: Mapping[str, str]
    items: Mapping[str, Item]
    points: Mapping[str, Mapping[int, HumanReaction]]


@dataclass(frozen=True, slots=True)
class Heard:
    """One dialogue of a file. `name` is that of its human where it has one and is the first to stand for it.

    Two files that name the same scenarios or have the same ids give their dialogues the same names, and so are compared in pairs.
    `only`: the one turn that is the simulator's, None where all of the seeker's are. `n_given`: how many turns at the beginning are
    the human's, from which the simulator went on.
    """

    name: str
    dialogue: Dialogue
    human: Dialogue | None
    target: Item | None
    only: int | None
    title_in_prompt: bool | None
    n_given: int = 0


def facts_of(dialogue: Dialogue) -> dict[str, str]:
    """The metadata of a dialogue, as the reader has kept it."""
    return {one.name: one.value for one in reversed(dialogue.labels) if one.turn_index is None}


def human_of(dialogue: Dialogue, humans: AuditHumans, *, by_id: bool = False) -> Dialogue | None:
    """The human dialogue that a simulated one stands for; with `by_id` its own id says it too."""
    facts = facts_of(dialogue)
    named = [humans.scenarios.get(facts.get("scenario", facts.get("scenario_id", "")), "")]
    named += [facts.get(name, "") for name in _SOURCES] + ([dialogue.dialogue_id] if by_id else [])
    return next((humans.dialogues[name] for name in named if name in humans.dialogues), None)


def is_named(dialogue: Dialogue) -> bool:
    """Whether the metadata say whose dialogue it is, known here or not."""
    facts = facts_of(dialogue)
    return any(facts.get(name) for name in _STATED)


def heard(dialogues: Sequence[Dialogue], humans: AuditHumans, *, theirs: Iterable[Item] = (), by_id: bool = False) -> list[Heard]:
    """Every dialogue of a file with its human, its target and a name of its own, in the order of the file. `theirs`: its own items."""
    targets = Targets.of(humans.items, theirs)
    times: Counter[tuple[str, int | None]] = Counter()
    found = []
    for dialogue in dialogues:
        human, facts = human_of(dialogue, humans, by_id=by_id), facts_of(dialogue)
        only = int(facts["turn_index"]) if facts.get("turn_index", "").isdecimal() else None
        # the name of an unpaired dialogue must never be taken for a human's
        stated = next((facts[name] for name in _STATED if facts.get(name)), dialogue.dialogue_id)
        name = human.dialogue_id if human else f"simulated:{stated}"
        time = times[name, only]
        times[name, only] += 1
        given = facts.get("target", "") or (humans.targets.get(human.dialogue_id, "") if human else "")
        target = targets.named(given) if given else None
        prompt = {"true": True, "false": False}.get(facts.get("title_in_prompt", ""))
        given_turns = int(facts["n_given"]) if facts.get("n_given", "").isdecimal() else 0
        found.append(Heard(f"{name}#{time + 1}" if time else name, dialogue, human, target, only, prompt, given_turns))
    return found


def without_duplicates(pieces: Sequence[Heard]) -> list[Heard]:
    """Each dialogue once: of those with the same turns for the same human, target and place, the first, whatever their ids are."""
    found: dict[Hashable, Heard] = {}
    for one in pieces:
        said = tuple((turn.role, " ".join(turn.text.split())) for turn in one.dialogue.turns)
        place = (one.human.dialogue_id if one.human else None, one.target.item_id if one.target else None, one.only)
        found.setdefault((said, place), one)
    return list(found.values())


def replayed_share(pieces: Iterable[Heard]) -> tuple[int, int]:
    """(how many recommender turns of paired dialogues are just the human's at the same place, how many there are)."""
    same = total = 0
    for one in pieces:
        if one.human:
            for index, turn in enumerate(one.dialogue.turns):
                if turn.role == "recommender" and turn.text:
                    total += 1
                    same += _is_said(one.human, index, turn)
    return same, total


def frames(pieces: Sequence[Heard], humans: AuditHumans, *, ids: Mapping[str, str], same_setting: bool) -> Simulated:
    """The frames of `evidence`. `ids`: item ids as the file has them → ids of the data set.

    A reaction counts where the turn before it is the human recommender's own at the same place; dialogues of which only one turn
    is the simulator's are no free runs.
    """
    spoken = [_spoken(one, humans) for one in pieces]
    runs = [one for one in pieces if one.only is None]
    wanted = [one.target.item_id if one.target else None for one in runs]
    told = [
        (one.name, None, one.name, target, "complete", "", one.title_in_prompt, _n_seeker(one))
        for one, target in zip(runs, wanted, strict=True)
    ]
    turns = [
        (one.name, index, turn.role, turn.text, _items(one, index, turn, ids))
        for one in runs
        for index, turn in enumerate(one.dialogue.turns)
        if turn.role == "recommender" or index >= one.n_given
    ]
    return Simulated(
        reactions=pl.DataFrame([row for _, rows in spoken for row in rows], schema={**REACTIONS, "turn_index": pl.Int64}, orient="row"),
        behaviour=pl.DataFrame([row for rows, _ in spoken for row in rows], schema=BEHAVIOUR, orient="row"),
        free_dialogues=pl.DataFrame(told, schema=FREE_DIALOGUES, orient="row"),
        free_turns=pl.DataFrame(turns, schema=FREE_TURNS, orient="row"),
        outcomes=pl.DataFrame(schema={"status": pl.String, "reason": pl.String}),
        same_setting=same_setting,
    )


def _spoken(one: Heard, humans: AuditHumans) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """(rows of BEHAVIOUR, rows of REACTIONS with turn_index) of the simulator's turns of one dialogue."""
    seeker, recommender = _speakers(one)
    points = humans.points.get(one.human.dialogue_id, {}) if one.human else {}
    behaviour: list[tuple[Any, ...]] = []
    reactions: list[tuple[Any, ...]] = []
    previous = ""
    for index, turn in enumerate(one.dialogue.turns):
        if turn.role != "seeker" or not turn.text:
            continue
        if one.only in (None, index) and index >= one.n_given:
            behaviour.append((one.name, seeker, recommender, previous, turn.text, index))
            point = points.get(index)
            if point and one.human and _is_said(one.human, index - 1, one.dialogue.turns[index - 1]):
                said = (one.dialogue.turns[index - 1].text, turn.text)
                reactions.append((point.context_id, one.name, seeker, recommender, point.stratum, point.item_id, *said, index))
        previous = turn.text
    return behaviour, reactions


def _n_seeker(one: Heard) -> int:
    return sum(turn.role == "seeker" for turn in one.dialogue.turns[one.n_given :])


def item_ids(theirs: Iterable[Item], ours: Mapping[str, Item]) -> dict[str, str]:
    """Item id as a file has it → the data set's, by title and year; an item that the data set has not is left out."""
    known = {item.label.casefold(): item_id for item_id, item in ours.items()}
    return {item.item_id: known[item.label.casefold()] for item in theirs if item.label.casefold() in known}


def _speakers(one: Heard) -> tuple[str, str | None]:
    if one.human:
        return seeker_of(one.human), one.human.recommender_id
    return one.dialogue.seeker_id or one.name, one.dialogue.recommender_id


def _items(one: Heard, index: int, turn: Turn, ids: Mapping[str, str]) -> list[str]:
    if one.human and _is_said(one.human, index, turn):
        return list(one.human.turns[index].item_ids)
    return [ids[item_id] for item_id in turn.item_ids if item_id in ids]


def _is_said(human: Dialogue, index: int, turn: Turn) -> bool:
    """Whether the human dialogue has this very turn at this place; case, white space and punctuation aside."""
    if not 0 <= index < len(human.turns) or human.turns[index].role != turn.role:
        return False
    return human.turns[index].text == turn.text or words(human.turns[index].text) == words(turn.text)
