"""Somebody's simulated dialogues read from a file and measured. The file is read only: nothing of it is kept as human logs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import polars as pl

from understudy import readers
from understudy.completion import engines_in
from understudy.doors import files, folders
from understudy.errors import BadInput
from understudy.ingest import personal
from understudy.measure.reference import Human, Reference
from understudy.readers import Options
from understudy.records import Dialogue, Item, Reject
from understudy.rows import played
from understudy.rows.handle import Humans
from understudy.studies.audit import measurement, pairing
from understudy.studies.audit.findings import findings, worst
from understudy.studies.audit.page import page
from understudy.studies.audit.pairing import AuditHumans, Heard, HumanReaction
from understudy.tasks.play.opened import store_open
from understudy.tasks.profile.splits import OPEN, REPORTED, checked_split
from understudy.tasks.studies.results.audits import AuditFields

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Read:
    """What a file holds."""

    dialogues: list[Dialogue]
    items: list[Item]
    rejects: Counter[str]
    sha256: str


def audit_file(
    store_path: str, dataset: str, *, simulated: str, reader: str, roles: Mapping[str, str] | None = None, same_setting: bool = False,
    by_id: bool = False, split: str | None = None, html: str | None = None, seed: int = 0,
    n_halvings: int = measurement.N_HALVINGS,
) -> AuditFields:  # fmt: skip
    """The fields of `understudy audit`. Raises BadInput for an unknown data set, a file that cannot be read, and the wrong reader."""
    if split is not None:
        checked_split(split)
    with store_open(Path(store_path)) as store:
        humans = Humans.of(store, dataset)
        read = read_simulated(reader, Path(simulated), roles)
        side, splits = _audit_humans(humans)
        chosen = split or _split_of(read.dialogues, side, splits, by_id=by_id)
        human = played.load_human(store, humans.profile_key, chosen, dataset)
        side = replace(side, points=_points(humans, chosen))
    if human.behaviour.is_empty():
        raise BadInput(
            f"the split {chosen!r} of {dataset!r} holds no dialogues", hint="choose another --split; `understudy profile` shows their sizes"
        )
    pieces = pairing.heard(read.dialogues, side, by_id=by_id)
    reference = Reference.build(human, seed=seed)
    ids = pairing.item_ids(read.items, side.items)
    found = measurement.audit(
        pieces, side, human, reference, split=chosen, ids=ids, same_setting=same_setting, seed=seed, n_halvings=n_halvings
    )  # fmt: skip
    fields = {**_about(read, pieces, splits, chosen, human), **measurement.as_json(found), "findings": findings(found, reference)}
    fields |= {"dataset": dataset, "split": chosen, "reader": reader, "same_setting": same_setting, "seed": seed}
    fields["worst"] = worst(found, pieces)
    if html is not None:
        folders.written(Path(html).parent, {Path(html).name: page(fields, found, reference, pieces)})
        fields["html"] = html
    return cast(AuditFields, fields)


def read_simulated(reader: str, path: Path, roles: Mapping[str, str] | None) -> Read:
    """The dialogues of a file, personal data masked as in human logs. Raises BadInput where there are none, with the first reason."""
    module = readers.load(reader)
    found = readers.find(reader, path)
    dialogues: list[Dialogue] = []
    items: list[Item] = []
    rejects: Counter[str] = Counter()
    for record in module.read(found, Options(roles)):
        if isinstance(record, Dialogue):
            dialogues.append(record)
        elif isinstance(record, Item):
            items.append(record)
        elif isinstance(record, Reject):
            rejects[record.reason] += 1
    spoken = [one for one in dialogues if any(turn.role == "seeker" and turn.text for turn in one.turns)]
    rejects["the seeker says nothing in the dialogue"] += len(dialogues) - len(spoken)
    if not spoken:
        why = f": {rejects.most_common(1)[0][0]}" if rejects.total() else ""
        raise BadInput(
            f"{path} holds no dialogue that can be measured{why}", hint="give dialogues in which a seeker talks to a recommender"
        )
    return Read(_masked(spoken), items, +rejects, files.sha256(found))


def _masked(dialogues: Sequence[Dialogue]) -> list[Dialogue]:
    texts = iter(personal.masked(pl.Series([turn.text for one in dialogues for turn in one.turns], dtype=pl.String)).to_list())
    return [replace(one, turns=tuple(replace(turn, text=next(texts)) for turn in one.turns)) for one in dialogues]


def _audit_humans(humans: Humans) -> tuple[AuditHumans, dict[str, str]]:
    """The humans of the splits that may be opened, and the split of each dialogue."""
    splits, scenarios, targets = dict[str, str](), dict[str, str](), dict[str, str]()
    for name in OPEN:
        splits |= dict.fromkeys(humans.turns(name)["dialogue_id"].unique(), name)
        scenarios |= {one.scenario_id: one.dialogue_id for one in humans.scenarios(name).values()}
        targets |= humans.targets(name)
    dialogues = {one.dialogue_id: one for one in humans.dialogues() if one.dialogue_id in splits}
    return AuditHumans(dialogues, scenarios, targets, humans.items, {}), splits


def _split_of(dialogues: Sequence[Dialogue], side: AuditHumans, splits: Mapping[str, str], *, by_id: bool) -> str:
    """The split that most of the file's humans are of; that of reports where it has none."""
    humans = (pairing.human_of(one, side, by_id=by_id) for one in dialogues)
    counted = Counter(splits[one.dialogue_id] for one in humans if one)
    return max(OPEN, key=lambda name: (counted[name], name == REPORTED)) if counted else REPORTED


def _points(humans: Humans, split: str) -> dict[str, dict[int, HumanReaction]]:
    found: dict[str, dict[int, HumanReaction]] = {}
    for row in humans.rows("profile/contexts", split=split):
        if row["kind"] == "reaction":
            point = HumanReaction(row["context_id"], row["stratum"], row["item_id"])
            found.setdefault(row["dialogue_id"], {})[row["turn_index"]] = point
    return found


def _about(read: Read, pieces: Sequence[Heard], splits: Mapping[str, str], split: str, human: Human) -> Fields:
    paired = Counter(splits[one.human.dialogue_id] for one in pieces if one.human)
    return {
        "source_sha256": read.sha256,
        "n_dialogues": len(pieces),
        "n_turns": sum(turn.role == "seeker" and bool(turn.text) for one in pieces for turn in one.dialogue.turns),
        "n_paired": paired[split],
        "n_paired_elsewhere": paired.total() - paired[split],
        "n_unknown": sum(pairing.is_named(one.dialogue) and one.human is None for one in pieces),
        "engines": engines_in(facts["engine"] for one in pieces if (facts := pairing.facts_of(one.dialogue)).get("engine")),
        "n_targets": sum(one.target is not None for one in pieces),
        "n_rejects": read.rejects.total(),
        "rejects_by_reason": dict(sorted(read.rejects.items())),
        "n_human_dialogues": human.behaviour["dialogue_id"].n_unique(),
        "instrument": human.instruments.kinds,
    }
