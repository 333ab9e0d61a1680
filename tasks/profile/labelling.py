"""Labels by people: a blind sheet out, labels in, how far annotators agree, and the confusion that they give an engine's register."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from understudy.doors import folders
from understudy.errors import BadInput
from understudy.profile import labelling
from understudy.rows import humans
from understudy.rows.handle import Humans
from understudy.tasks.play.opened import store_open
from understudy.tasks.profile.instruments import NAMES, instrument_fields
from understudy.tasks.profile.results import LabelsFields, SheetFields

Fields = dict[str, Any]
_ROW = ("label_id", "profile_key", "dataset", "engine", "dialogue_id", "play_key", "context_id", "before", "text")


def write_sheet(store_path: str, dataset: str, out: str, *, n: int, engine: str | None, seed: int) -> SheetFields:
    """`n_rows, path`. The same store, seed and number give the same sheet. Raises BadInput, also where the file is there already."""
    path = Path(out)
    if path.exists():
        raise BadInput(f"{out} already exists and may hold labels, so it is not replaced", hint="choose another name with --out")
    with store_open(Path(store_path)) as store:
        profile_key = humans.current_profile(store, dataset)
        candidates = store.frame("play/labelable", profile_key=profile_key)
        rows = labelling.drawn(candidates, n=n, engine=engine, profile_key=profile_key, seed=seed)
        kept = rows.with_columns(profile_key=pl.lit(profile_key), dataset=pl.lit(dataset))
        with store.transaction():
            store.add("play.label_rows", kept.select(_ROW))
    folders.written(path.parent, {path.name: labelling.sheet(rows)})
    return {"dataset": dataset, "n_rows": len(rows), "path": str(path)}


def read_labels(store_path: str, dataset: str, sheets: list[str], *, seed: int = 0) -> LabelsFields:
    """`n_labels, n_annotators, alpha, confusion_by_register`. Each file is one annotator's, named by the file. Raises BadInput."""
    if repeated := [name for name in sheets if sum(Path(one).stem == Path(name).stem for one in sheets) > 1]:
        raise BadInput(f"two sheets have the same name: {repeated[0]}", hint="name each file after its annotator")
    with store_open(Path(store_path)) as store:
        of = Humans.of(store, dataset)
        known = [row["label_id"] for row in store.rows("play/label_rows", dataset=dataset)]
        read = [row for name in sheets for row in _rows(name, known)]
        schema = dict.fromkeys(("label_id", "annotator", "sheet_sha256", *labelling.WORDS), pl.String)
        with store.transaction():
            n_new = store.add("play.human_labels", pl.DataFrame(read, schema=schema, orient="row"))
        labels = store.frame("play/human_labels", dataset=dataset)
        instruments = instrument_fields(store, of)
    return {
        "dataset": dataset,
        "n_labels": labels.height,
        "n_new": n_new,
        "n_annotators": labels["annotator"].n_unique(),
        "alpha": {name: labelling.agreement(labels, name, seed=seed).as_json() for name in labelling.WORDS},
        "confusion_by_register": {name: instruments[name]["confusion_by_register"] or {} for name in NAMES},
    }


def _rows(sheet: str, known: list[str]) -> list[tuple[str, str, str, str | None, str | None]]:
    try:
        text = Path(sheet).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"the sheet {sheet} cannot be read: {error}") from error
    name, sha256 = Path(sheet).stem, labelling.sheet_sha256(text)
    return [(one.label_id, name, sha256, one.reaction, one.act) for one in labelling.labels(text, name=Path(sheet).name, known=known)]
