"""A dose of a known fault, as a file: human dialogues of one split out, in the form that the reader `messages` takes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from understudy.doors import folders
from understudy.errors import BadInput
from understudy.instruments.disclosure import ItemIndex
from understudy.instruments.text import Titles
from understudy.keys import json_line, key
from understudy.records import Dialogue
from understudy.rows.handle import Humans
from understudy.studies.dose import doses
from understudy.studies.dose.doses import Dosed
from understudy.studies.dose.words import DialogueFacts
from understudy.tasks.play.opened import store_open
from understudy.tasks.profile.splits import OPEN, REPORTED, checked_split
from understudy.tasks.studies.results.audits import DoseFields

VERSION = 1
Fields = dict[str, Any]
_SPEAKER = {"seeker": "user", "recommender": "assistant"}


def write_dose(store_path: str, dataset: str, *, kind: str, share: float, out: str, split: str = REPORTED, seed: int) -> DoseFields:
    """The fields of `understudy dose`. Raises BadInput."""
    checked_split(split)
    with store_open(Path(store_path)) as store:
        humans = Humans.of(store, dataset)
        dialogues, ground = of_split(humans, split)
        licence = str(humans.rows("profile/profile")[0]["licence"])
        scenarios = {one.dialogue_id: one.scenario_id for one in humans.scenarios(split).values()}
    dosed = doses.apply(dialogues, ground, kind=kind, share=share, seed=seed)
    path = Path(out)
    spoken = [one for one in dosed.dialogues if any(turn.text for turn in one.turns)]
    lines = [_line(one, dosed, ground, scenarios, licence=licence, seed=seed) for one in spoken]
    content = "".join(f"{line}\n" for line in lines)
    folders.written(path.parent, {path.name: content})
    return {
        "dataset": dataset, "split": split, "kind": dosed.kind, "share": share, "seed": seed, "n_changed": dosed.n_changed,
        "n_units": dosed.n_units, "unit": doses.UNITS[dosed.kind], "n_dialogues": len(lines), "path": str(path), "reader": "messages",
        "sha256": hashlib.sha256(content.encode()).hexdigest(), "licence": licence,
    }  # fmt: skip


def of_split(humans: Humans, split: str) -> tuple[list[Dialogue], DialogueFacts]:
    """The human dialogues of a split in order of id, and what a dose has to know of them. Raises BadInput where there are none."""
    every = humans.dialogues()
    inside, others = (_ids(humans, *names) for names in ((split,), [name for name in OPEN if name != split]))
    dialogues = [one for one in every if one.dialogue_id in inside]
    if not dialogues:
        raise BadInput(
            f"the split {split!r} of {humans.dataset!r} holds no dialogues",
            hint="choose another --split; `understudy profile` shows their sizes",
        )
    items, targets = humans.items, humans.targets(split)
    contexts = humans.rows("profile/contexts", split=split)
    points = frozenset((row["dialogue_id"], row["turn_index"]) for row in contexts if row["kind"] == "reaction")
    # what is copied from outside of the file does not stand in it twice
    donors = [one for one in every if one.dialogue_id in others]
    return dialogues, DialogueFacts(ItemIndex(items), Titles.of(items), targets, points, humans.instruments, donors)


def _ids(humans: Humans, *splits: str) -> set[str]:
    return {one for name in splits for one in humans.turns(name)["dialogue_id"]}


def _line(dialogue: Dialogue, dosed: Dosed, ground: DialogueFacts, scenarios: Mapping[str, str], *, licence: str, seed: int) -> str:
    """One record of the reader `messages`; turns without words are there, so that places stay what they are."""
    name = dialogue.dialogue_id
    facts = {
        "scenario": scenarios.get(name), "source_dialogue_id": name, "target": ground.targets.get(name), "dose": dosed.kind,
        "share": dosed.share,
    }  # fmt: skip
    record = {
        "dialogue_id": key("dosed", VERSION, dialogue=name, fault=dosed.kind, share=dosed.share, seed=seed),
        "messages": [{"role": _SPEAKER[turn.role], "content": turn.text} for turn in dialogue.turns],
        "licence": licence,
        "metadata": {fact: value for fact, value in facts.items() if value is not None},
    }
    return json_line(record)
