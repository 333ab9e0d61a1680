"""Stage profile, its figures: anchors at the report's size and at any other, distributions, and their drawings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from understudy.doors import folders
from understudy.doors.store import Store
from understudy.measure.reference import MIN_CHOOSING, MIN_CONTEXTS
from understudy.parameters import FRONT_PANEL, PanelSize
from understudy.profile.splits import people_fields
from understudy.records import CHOOSING, REPORTING, Measured
from understudy.rows import played
from understudy.rows.handle import Humans
from understudy.tasks.profile.results import AnchorFields

Fields = dict[str, Any]
# the floors of reports and gates are of one seed, whatever the seed of the run
ANCHOR_SEED = 0


def measure_anchors(store: Store, humans: Humans, seed: int) -> None:
    """Keeps the human figures and floors of both parts of `select`, and the counts that the drawings of the reported humans show.

    Those who choose are measured at the size that finalists play, those who report at the size of a report.
    """
    from understudy.profile.anchors import SIZES, human_anchors
    from understudy.profile.distributions import spoken

    profile_key = humans.profile_key
    for part, sizes, least in ((CHOOSING, FRONT_PANEL.model_dump(), MIN_CHOOSING), (REPORTING, SIZES, MIN_CONTEXTS)):
        reference = humans.reference(part, seed=seed, min_contexts=least)
        found = human_anchors(reference, split=part, sizes=sizes, seed=seed)
        store.add("profile.anchors", played.anchor_frame(found, profile_key=profile_key))
    store.add("profile.distributions", spoken(humans.reference(REPORTING, seed=seed), profile_key=profile_key))


def anchors_at(store: Store, humans: Humans, size: PanelSize, *, seed: int) -> Fields:
    """The anchors at another size than the report's, `{sizes, anchors}`; measured once and then served from rows."""
    sized = anchors_of(store, humans, REPORTING, size, seed=seed)
    return {"sizes": size.model_dump(), "anchors": {one["name"]: anchor_fields(one) for one in sized}}


def anchors_of(store: Store, humans: Humans, split: str, size: PanelSize, *, seed: int) -> list[Fields]:
    """The rows of profile.sized_anchors of one split, or part of `select`, at a size; measured once."""
    from understudy.profile.anchors import human_anchors

    wanted = {"profile_key": humans.profile_key, "split": split, **size.model_dump()}
    if not store.rows("profile/sized_anchors", **wanted):
        measured = human_anchors(humans.reference(split, seed=seed), split=split, sizes=size.model_dump(), seed=seed)
        found = played.anchor_frame(measured, profile_key=humans.profile_key)
        with store.transaction():
            sizes = {name: pl.lit(n, dtype=pl.Int32) for name, n in size.model_dump().items()}
            store.add("profile.sized_anchors", found.with_columns(**sizes))
    return store.rows("profile/sized_anchors", **wanted)


def kept(humans: Humans) -> dict[str, AnchorFields]:
    """Name → anchor of the reported humans at the report's size."""
    return {name: anchor_fields(one) for name, one in humans.anchors(REPORTING).items()}


def floor_of(row: Fields) -> Measured:
    """The floor of an anchor's row: the mean over divisions of the humans, its 2.5 and 97.5 percent points, n the divisions."""
    if row["floor"] is None:
        return Measured(None, reason=row["reason"])
    return Measured(row["floor"], row["floor_lo"], row["floor_hi"], row["n_floor"])


def anchor_fields(row: Fields) -> AnchorFields:
    """The contract's form of a statistic, with its floor where one was measured."""
    people = people_fields(row["split"])
    figure: AnchorFields = {"split": people["split"], "part": people["part"], "n": row["n"], "value": row["value"]}
    if row["value"] is None:
        figure["reason"] = row["reason"]
    else:
        figure["ci"] = [row["lo"], row["hi"]]
    if row["floor"] is not None:
        figure["floor"] = {"value": row["floor"], "ci": [row["floor_lo"], row["floor_hi"]], "n": row["n_floor"]}
        if row["signed_lo"] is not None:
            figure["floor"]["signed_ci"] = [row["signed_lo"], row["signed_hi"]]
    return figure


def drawn(store: Store, humans: Humans) -> dict[str, str]:
    """Picture name → SVG, from the rows of the profile."""
    from understudy.profile.pictures import pictures

    return pictures(store.frame("profile/distributions", profile_key=humans.profile_key), dataset=humans.dataset)


def keep_pictures(svgs: dict[str, str], dataset: str, *, store_path: Path, out: str | None) -> dict[str, str]:
    """Picture name → file; `page` is the one that holds them all. Without `out` they lie in a folder beside the store."""
    from understudy.profile.pictures import page

    folder = Path(out) if out else store_path.with_name(f"{store_path.stem}-profile") / folders.folder_name(dataset)
    files = {f"{name}.svg": svg for name, svg in svgs.items()}
    where = folders.written(folder, {**files, "index.html": page(svgs, dataset=dataset)})
    return {**{name: str(where[f"{name}.svg"]) for name in svgs}, "page": str(where["index.html"])}
