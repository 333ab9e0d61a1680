"""Somebody's simulated dialogues measured against humans: one file, or several and their ranking. Nothing of a file is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from understudy.completion import engines_in
from understudy.doors import folders
from understudy.measure.frequent import frequent_turns, turns_of
from understudy.measure.reference import Reference
from understudy.readers import Options
from understudy.records import Dialogue
from understudy.studies.audit import measurement, pairing
from understudy.studies.audit.findings import beside_humans, findings, worst
from understudy.studies.audit.page import AuditShown, page
from understudy.studies.audit.pairing import Heard
from understudy.studies.audit.ranking import Ranked, standings
from understudy.studies.audit.sources import AuditedFile
from understudy.studies.audit.tables import as_csv, as_latex
from understudy.studies.audit.telling import standings_fields
from understudy.tasks.play.opened import store_open
from understudy.tasks.profile.splits import audited_splits
from understudy.tasks.studies.audit_ground import AuditGround, ground_of
from understudy.tasks.studies.audit_reading import Read, read_simulated
from understudy.tasks.studies.results.audits import AuditAnswer, AuditFields, AuditsFields
from understudy.tasks.validate.corrected import corrected_fields

Fields = dict[str, Any]


AS_KNOWN = Options()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditOptions:
    """What is stated of the files, and how they are measured. `split`: one of the splits, `open`, or None for that of their humans.

    `drop`: patterns of seekers' turns that are taken out.
    """

    layout: Options = AS_KNOWN
    drop: tuple[str, ...] = ()
    same_setting: bool = False
    by_id: bool = False
    split: str | None = None
    seed: int = 0
    n_halvings: int = measurement.N_HALVINGS


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditOutputs:
    """The files that are written beside the answer, by what they hold."""

    html: str | None = None
    latex: str | None = None
    csv: str | None = None


NO_OUTPUTS = AuditOutputs()


def audit_files(
    store_path: str, dataset: str, *, files: Sequence[AuditedFile], options: AuditOptions, outputs: AuditOutputs = NO_OUTPUTS
) -> AuditAnswer:
    """The fields of `understudy audit`: of one file its own, of several also their ranking.

    Raises BadInput for an unknown data set or split, a file that cannot be read, and the wrong reader.
    """
    if options.split is not None:
        audited_splits(options.split)
    with store_open(Path(store_path)) as store:
        readers = [one.reader for one in files]
        read = [read_simulated(one, options.layout.concerning(one.reader, readers), drop=options.drop) for one in files]
        ground = ground_of(store, dataset, read, split=options.split, by_id=options.by_id)
    reference = Reference.build(ground.human, seed=options.seed)
    shown = [_shown(one, ground, reference, options) for one in read]
    common = {
        "dataset": dataset, "split": ground.split, "seed": options.seed, "n_test_uses": ground.n_test_uses,
        "instruments": dict(ground.instruments),
    }  # fmt: skip
    each = [{**one.fields, **common} for one in shown]
    fields = each[0] if len(each) == 1 else {**common, "files": each, **standings_fields(standings([_ranked(one) for one in shown]))}
    return cast(AuditFields | AuditsFields, {**fields, **_written(fields, shown, reference, outputs)})


def _shown(read: Read, ground: AuditGround, reference: Reference, options: AuditOptions) -> AuditShown:
    """One file as it is measured, with the fields that are its own."""
    heard = pairing.heard(read.dialogues, ground.humans, theirs=read.items, by_id=options.by_id)
    pieces = pairing.without_duplicates(heard)
    known = measurement.with_titles(reference, pieces)
    found = measurement.audit(
        pieces, ground.humans, ground.human, known, split=ground.split, ids=pairing.item_ids(read.items, ground.humans.items),
        same_setting=options.same_setting, seed=options.seed, n_halvings=options.n_halvings,
    )  # fmt: skip
    fields = {"name": read.file.name, "reader": read.file.reader, "same_setting": options.same_setting}
    n_duplicates, frequent = len(heard) - len(pieces), frequent_turns(turns_of([_own(one) for one in pieces]))
    fields |= {"languages": dict(found.observed.languages.shares), "frequent_turns": frequent}
    engines = engines_in(facts["engine"] for one in pieces if (facts := pairing.facts_of(one.dialogue)).get("engine"))
    fields |= {**_about(read, pieces, ground), "engines": engines, "n_duplicates": n_duplicates, **measurement.as_json(found)}
    often = beside_humans(frequent, ground.human.turns)
    author = engines[0] if len(engines) == 1 else ""
    fields["corrected"] = corrected_fields(found.observed.reactions, known, ground.confusions, engine=author)
    fields |= {"findings": findings(found, reference, n_duplicates=n_duplicates, frequent=often), "worst": worst(found, pieces)}
    return AuditShown(read.file.name, fields, found, pieces)


def _own(piece: Heard) -> Dialogue:
    """The dialogue without the human's turns with which it begins."""
    return replace(piece.dialogue, turns=piece.dialogue.turns[piece.n_given :])


def _ranked(one: AuditShown) -> Ranked:
    objectives = one.audit.evaluation.objectives
    names = frozenset(piece.name for piece in one.pieces)
    return Ranked(
        one.name, objectives, {name: value.floor.hi for name, value in objectives.items()}, names,
        frozenset(piece.name for piece in one.pieces if piece.human),
    )  # fmt: skip


def _written(fields: Fields, shown: Sequence[AuditShown], reference: Reference, outputs: AuditOutputs) -> dict[str, str]:
    """Writes the files that are asked for; field → path of those that were written."""
    made = {"html": lambda: page(fields, shown, reference), "latex": lambda: as_latex(fields), "csv": lambda: as_csv(fields)}
    paths = {name: path for name in made if (path := getattr(outputs, name)) is not None}
    for name, path in paths.items():
        folders.written(Path(path).parent, {Path(path).name: made[name]()})
    return paths


def _about(read: Read, pieces: Sequence[Heard], ground: AuditGround) -> Fields:
    paired = Counter(ground.splits[one.human.dialogue_id] in ground.held for one in pieces if one.human)
    return {
        "source_sha256": read.sha256,
        **read.files.as_json(),
        "dropped_turns": dict(read.n_dropped),
        "n_dialogues": len(pieces),
        "n_turns": sum(turn.role == "seeker" and bool(turn.text) for one in pieces for turn in _own(one).turns),
        "n_paired": paired[True],
        "n_paired_elsewhere": paired[False],
        "n_unknown": sum(pairing.is_named(one.dialogue) and one.human is None for one in pieces),
        "n_targets": sum(one.target is not None for one in pieces),
        "n_targets_outside": sum(one.target is not None and one.target.item_id not in ground.humans.items for one in pieces),
        "n_rejects": read.rejects.total(),
        "rejects_by_reason": dict(sorted(read.rejects.items())),
        "n_human_dialogues": ground.human.behaviour["dialogue_id"].n_unique(),
        "instrument": ground.human.instruments.kinds,
    }
