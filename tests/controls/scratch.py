"""The scratch store of the controls, the humans in it, and results that are kept so that a run goes on where it stopped."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
from declared import declared

from understudy import objectives
from understudy.doors.store import Store
from understudy.keys import digest
from understudy.measure.reference import Human, Reference, Simulated, observe
from understudy.parameters import PanelSize
from understudy.profile.anchors import SIZES
from understudy.records import Dialogue
from understudy.rows import humans, played
from understudy.rows.handle import Humans
from understudy.studies.dose import doses as dose
from understudy.studies.dose import wordings
from understudy.tasks.profile.anchors import anchors_of
from understudy.tasks.studies.dose import of_split

ROOT = Path(__file__).resolve().parents[2]
REDIAL = ROOT.parent / "shared" / "data" / "redial"
FOLDER = ROOT / ".controls"
DATASET = "redial"
Place = tuple[str, int]


def opened(data: Path = REDIAL) -> str:
    """The path of a store with ReDial ingested and profiled; made where it is not there."""
    import understudy.tasks.ingest.logs
    import understudy.tasks.profile.dataset

    FOLDER.mkdir(exist_ok=True)
    store = str(FOLDER / "redial.duckdb")
    # both are answered from their rows where nothing has changed
    with Store.open(store) as opened:
        understudy.tasks.ingest.logs.ingest_logs.fn(opened, "redial", [str(data)], dataset=DATASET)
    with Store.open(store) as opened:
        understudy.tasks.profile.dataset.profile_dataset.fn(opened, DATASET, seed=declared()["profile_seed"])
    return store


@dataclass
class World:
    """The humans of the split that reports are made on, and the same with faults in them."""

    store: str
    profile_key: str
    human: Human
    reference: Reference
    anchors: list[dict[str, Any]]
    dialogues: list[Dialogue]
    ground: dose.DialogueFacts
    points: pl.DataFrame
    kept: dict[str, Reference] = field(default_factory=dict)

    def dosed(self, doses: Mapping[str, float], *, seed: int) -> Reference:
        """The humans with each of these faults in its share, one after the other, as the instruments read them."""
        name = digest([sorted(doses.items()), seed])
        if name not in self.kept:
            self.kept[name] = self._read(self._changed(doses, seed))
        return self.kept[name]

    def texts(self, doses: Mapping[str, float], *, seed: int) -> dict[str, list[str]]:
        """Dialogue → what its seeker says, titles masked."""
        spoken = simulated(self._changed(doses, seed), self.human, self.points).behaviour.sort("dialogue_id", "turn_index")
        masked = spoken.select("dialogue_id", masked=self.reference.titles.masked("text"))
        return dict(masked.group_by("dialogue_id", maintain_order=True).agg("masked").iter_rows())

    def _changed(self, doses: Mapping[str, float], seed: int) -> list[Dialogue]:
        dialogues = self.dialogues
        for kind, share in sorted(doses.items()):
            dialogues = list(dose.apply(dialogues, self.ground, kind=kind, share=share, seed=seed).dialogues)
        return dialogues

    def _read(self, dialogues: list[Dialogue]) -> Reference:
        return replaced(self.reference, dialogues, self.human, self.points)


def replaced(reference: Reference, dialogues: list[Dialogue], human: Human, points: pl.DataFrame) -> Reference:
    """The reference with these dialogues for its own, read as those of a simulator are."""
    seen = observe(simulated(dialogues, human, points), reference)
    turns = seen.turns.filter(pl.col("source") == "behaviour")
    return replace(reference, reactions=seen.reactions, corpus=seen.corpus, turns=turns, disclosures=seen.disclosures)


def simulated(dialogues: list[Dialogue], human: Human, points: pl.DataFrame) -> Simulated:
    """Dialogues in the frames of a simulator: the rows of the humans' own frames, with the words that are said now."""
    said, before, spoken = {}, {}, []
    for one in dialogues:
        last = ""
        for index, turn in enumerate(one.turns):
            spoken.append((one.dialogue_id, index, turn.role, turn.text, list(turn.item_ids)))
            if turn.role == "seeker":
                said[one.dialogue_id, index], before[one.dialogue_id, index] = turn.text, last
                last = turn.text or last
    turns = pl.DataFrame(
        spoken,
        schema={"play_key": pl.String, "turn_index": pl.Int64, "role": pl.String, "text": pl.String, "item_ids": pl.List(pl.String)},
        orient="row",
    )
    reactions = human.reactions.join(points, on=("context_id", "dialogue_id"), how="left", maintain_order="left")
    targets = human.targets if human.targets is not None else pl.DataFrame(schema={"dialogue_id": pl.String, "target": pl.String})
    free = targets.select(
        "dialogue_id", "target", play_key="dialogue_id", scenario_id="dialogue_id", status=pl.lit("complete"), reason=pl.lit(""),
        title_in_prompt=pl.lit(False), n_turns=pl.lit(0, dtype=pl.Int64),
    )  # fmt: skip
    return Simulated(
        reactions=_worded(reactions, said).select(human.reactions.columns),
        behaviour=_worded(human.behaviour, said).with_columns(previous=_texts(human.behaviour, before)).select(human.behaviour.columns),
        free_dialogues=free,
        free_turns=turns.filter(pl.col("play_key").is_in(free["play_key"].to_list())),
    )


def _worded(frame: pl.DataFrame, said: Mapping[Place, str]) -> pl.DataFrame:
    return frame.with_columns(text=_texts(frame, said))


def _texts(frame: pl.DataFrame, said: Mapping[Place, str]) -> pl.Series:
    return pl.Series([said[place] for place in frame.select("dialogue_id", "turn_index").iter_rows()], dtype=pl.String)


@cache
def world() -> World:
    """The humans of the split in the scratch store."""
    spec, path = declared(), opened()
    with Store.open(path) as store:
        profile_key = humans.current_profile(store, DATASET)
        human = played.load_human(store, profile_key, spec["split"], DATASET)
        turns = store.frame("profile/context_turns", profile_key=profile_key, split=spec["split"])
        # the profile has them of the two parts of `select`; the controls were declared for the whole of it
        anchors = anchors_of(store, Humans(store, DATASET, profile_key), spec["split"], PanelSize(**SIZES), seed=spec["profile_seed"])
        dialogues, ground = of_split(Humans(store, DATASET, profile_key), spec["split"])
    points = turns.filter(pl.col("context_id").is_in(human.reactions["context_id"].to_list()))
    reference = Reference.build(human, seed=spec["profile_seed"])
    columns = ("context_id", "dialogue_id", "turn_index")
    return World(path, profile_key, human, reference, anchors, dialogues, ground, points.select(columns))


def kept(name: str, make: Callable[[], Any], *, by: Sequence[str], on: Any) -> Any:
    """What `make` returns, as JSON; made once for what it depends `on`, the objectives' versions, and the code of this and of `by`."""
    code = [Path(file).read_text(encoding="utf-8") for file in (__file__, *by)]
    key = digest([name, on, objectives.VERSIONS, code])[:16]
    file = FOLDER / f"{name}-{key}.json"
    if not file.is_file():
        FOLDER.mkdir(exist_ok=True)
        found = json.dumps(make())
        half = file.with_suffix(".half")
        half.write_text(found, encoding="utf-8")
        half.rename(file)
    return json.loads(file.read_text(encoding="utf-8"))


def sampled() -> list[Any]:
    """What of the declaration any measurement of halves depends on."""
    return [declared()[name] for name in ("split", "profile_seed", "first_seed", "sizes")]


def dosing() -> list[Any]:
    """What a measurement with faults depends on as well."""
    return [declared()["dose"]["seed"], dose.VERSION, wordings.VERSION]
