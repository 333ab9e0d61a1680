"""The humans that audited files are held against: which of them, and the use of the split `test` written down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.keys import key
from understudy.measure.reference import Human
from understudy.rows import played
from understudy.rows.handle import Humans
from understudy.statistics.confusion import Confusion
from understudy.studies.audit import pairing
from understudy.studies.audit.pairing import AuditHumans, HumanReaction
from understudy.tasks.profile.instruments import NAMES, instrument_fields
from understudy.tasks.profile.results import InstrumentFields
from understudy.tasks.profile.splits import OPEN, REPORTED, TEST, audited_splits
from understudy.tasks.studies.audit_reading import Read
from understudy.tasks.validate.corrected import known_confusions

VERSION = 1
PURPOSE = "audit"


@dataclass(frozen=True, slots=True)
class AuditGround:
    """The humans of `split`, which is one of the splits or `open`; `splits`: dialogue → its split, of all that may be opened.

    `confusions`: author or `human` → how the reaction instrument reads that text, where labelled turns tell it.
    """

    split: str
    humans: AuditHumans
    splits: Mapping[str, str]
    human: Human
    n_test_uses: int
    instruments: Mapping[str, InstrumentFields]
    confusions: Mapping[str, Confusion]

    @property
    def held(self) -> frozenset[str]:
        """The splits whose humans the files are held against."""
        return frozenset(audited_splits(self.split))


def ground_of(store: Store, dataset: str, read: Sequence[Read], *, split: str | None, by_id: bool) -> AuditGround:
    """The humans for these files: of the split that is asked for, else of that of most humans of the files.

    Each file that is held against `test` is written down as a use of it before anything is measured. Raises BadInput.
    """
    humans = Humans.of(store, dataset)
    side, splits = _audit_humans(humans, (*OPEN, TEST) if split == TEST else OPEN)
    chosen = split or _split_of(read, side, splits, by_id=by_id)
    if chosen == TEST:
        _open_test(store, humans.profile_key, read)
    held = audited_splits(chosen)
    human = _joined([played.load_human(store, humans.profile_key, one, dataset) for one in held])
    if human.behaviour.is_empty():
        raise BadInput(
            f"the split {chosen!r} of {dataset!r} holds no dialogues", hint="choose another --split; `understudy profile` shows their sizes"
        )
    points = {name: at for one in held for name, at in _points(humans, one).items()}
    known = humans.instruments.described()
    read_by: dict[str, InstrumentFields] = {
        name: {**one, "languages": known[name]["languages"], "macro_f1_by_register": known[name]["macro_f1"]}
        for name, one in instrument_fields(store, humans).items()
        if name in NAMES
    }
    n_uses, confusions = store.rows("optimize/n_test_uses")[0]["n"], known_confusions(store, humans)
    return AuditGround(chosen, replace(side, points=points), splits, human, n_uses, read_by, confusions)


def _open_test(store: Store, profile_key: str, read: Sequence[Read]) -> None:
    # what is measured is a file and no prompt: its digest stands in the place of the genome's
    uses = [
        {
            "use_key": key("test use", VERSION, file=one.sha256, profile=profile_key, purpose=PURPOSE),
            "profile_key": profile_key, "genome_digest": one.sha256, "purpose": PURPOSE,
        }
        for one in read
    ]  # fmt: skip
    with store.transaction():
        store.add("optimize.test_uses", uses)


def _joined(humans: Sequence[Human]) -> Human:
    """The humans of several splits as one."""
    first = humans[0]
    frames = {name: pl.concat([getattr(one, name) for one in humans]) for name in ("reactions", "behaviour", "targets")}
    return first if len(humans) == 1 else replace(first, **frames)


def _audit_humans(humans: Humans, opened: Sequence[str]) -> tuple[AuditHumans, dict[str, str]]:
    """The humans of the splits that are opened, and the split of each dialogue."""
    splits, scenarios, targets = dict[str, str](), dict[str, str](), dict[str, str]()
    for name in opened:
        splits |= dict.fromkeys(humans.turns(name)["dialogue_id"].unique(), name)
        scenarios |= {one.scenario_id: one.dialogue_id for one in humans.scenarios(name).values()}
        targets |= humans.targets(name)
    dialogues = {one.dialogue_id: one for one in humans.dialogues() if one.dialogue_id in splits}
    return AuditHumans(dialogues, scenarios, targets, humans.items, {}), splits


def _split_of(read: Sequence[Read], side: AuditHumans, splits: Mapping[str, str], *, by_id: bool) -> str:
    """The split that most of the files' humans are of; that of reports where they have none."""
    humans = (pairing.human_of(one, side, by_id=by_id) for file in read for one in file.dialogues)
    counted = Counter(splits[one.dialogue_id] for one in humans if one)
    return max(OPEN, key=lambda name: (counted[name], name == REPORTED)) if counted else REPORTED


def _points(humans: Humans, split: str) -> dict[str, dict[int, HumanReaction]]:
    found: dict[str, dict[int, HumanReaction]] = {}
    for row in humans.rows("profile/contexts", split=split):
        if row["kind"] == "reaction":
            point = HumanReaction(row["context_id"], row["stratum"], row["item_id"])
            found.setdefault(row["dialogue_id"], {})[row["turn_index"]] = point
    return found
