"""A small release for tests: four dialogues of three seekers, with texts that are traps for those who read them as anything but text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from understudy.doors import releases as shelf
from understudy.doors.bill import BILL
from understudy.doors.store import Store
from understudy.exports import Released
from understudy.release.release import PlayedTables, Release, composed

LINEAGE: dict[str, Any] = {
    "dataset": "small", "batch": "one", "setting": "few_shot", "genome_digest": "g", "model": "m", "recommender": "r", "seed": 0,
    "sources": [{"source_sha256": "f" * 64, "licence": "CC-BY-4.0"}], "code_version": "0",
    "genome": {"sections": {"role": "You look for a film.\n```\n## not a heading", "need": ""}},
}  # fmt: skip
TRAPS = (
    "=1+1", "../../etc/passwd", "'; drop table turns; --", "<script>alert(1)</script> [x](javascript:1)", "@12 is no film",
    "näh\u2028“quotes”",
)  # fmt: skip
ITEMS = pl.DataFrame(
    [("i1", "Harbour of Glass", 1999, ["drama"]), ("i2", "=cmd|' /C calc'!A1", None, []), ("i3", "../Up", 2009, ["comedy", "drama"])],
    schema={"item_id": pl.String, "title": pl.String, "year": pl.Int32, "genres": pl.List(pl.String)},
    orient="row",
)
# the second is in the part `validation` by the hash of the name, the others are in `train`
SEEKERS = ("s0", "s7", "s1")
SAID: tuple[tuple[tuple[str, str, tuple[str, ...], str | None], ...], ...] = (
    (
        ("seeker", TRAPS[0], (), None), ("recommender", "Harbour of Glass (1999)?", ("i1",), None), ("seeker", TRAPS[1], (), "reject"),
        ("recommender", "Then ../Up (2009), perhaps", ("i3",), None), ("seeker", TRAPS[2], (), "accept"),
    ),
    (("seeker", "hello", (), None), ("recommender", TRAPS[3], (), None)),
    (("recommender", "hi", (), None), ("seeker", TRAPS[4], (), None), ("recommender", "=cmd|' /C calc'!A1", ("i2",), None)),
    (("seeker", "hello", (), None), ("recommender", "line\nbreak", (), None), ("seeker", TRAPS[5], (), None)),
)  # fmt: skip


def spoken(*, engine: str = "some-model", seekers: tuple[str, ...] = (SEEKERS[0], SEEKERS[1], SEEKERS[2], SEEKERS[0])) -> PlayedTables:
    """What was played."""
    dialogues = pl.DataFrame(
        [(f"d{n}", f"s{n}", f"h{n}", "i1" if n == 0 else None, 0, engine, len(said), seekers[n]) for n, said in enumerate(SAID)],
        schema={
            "dialogue_id": pl.String, "scenario_id": pl.String, "source_dialogue_id": pl.String, "target": pl.String,
            "replicate": pl.Int32, "engine": pl.String, "n_turns": pl.Int32, "seeker_id": pl.String,
        },
        orient="row",
    )  # fmt: skip
    turns = [
        (f"d{n}", at, role, text, list(items), list(items) if role == "recommender" else [], reaction)
        for n, said in enumerate(SAID)
        for at, (role, text, items, reaction) in enumerate(said)
    ]
    schema = {
        "dialogue_id": pl.String, "turn_index": pl.Int32, "role": pl.String, "text": pl.String, "item_ids": pl.List(pl.String),
        "ranked_ids": pl.List(pl.String), "reaction": pl.String,
    }  # fmt: skip
    return PlayedTables(dialogues, pl.DataFrame(turns, schema=schema, orient="row"), ITEMS)


FIGURES: dict[str, Any] = {
    "objectives": {"positive_bias": {"value": 0.1, "ci": [0.0, 0.2], "n": 9}},
    "leakage": {"title": {"value": None, "reason": "none played"}},
    "floors": {"positive_bias": {"value": 0.05, "ci": [0.02, 0.09], "n": 40}},
}


def release(name: str = "small", *, engine: str = "some-model", waiver: str = "", **lineage: Any) -> Release:
    """The release of what was played, before it has a version."""
    whole = {**LINEAGE, **lineage}
    return composed(name, spoken(engine=engine), engine=engine, lineage=whole, verdicts=[], figures=FIGURES, waiver=waiver)


def staged(made: Release, releases: Path, version: int, store: Store) -> Path:
    """The folder of a release before it is put in its place."""
    contents = shelf.Contents({**made.texts(), BILL: "{}"}, made.parquet(), made.tables)
    folder = shelf.stage(releases / made.name, made.content_digest, contents, store=store)
    return shelf.seal(folder, made.sealed(version, shelf.listed(folder)))


def on_shelf(releases: Path, *, versions: tuple[int, ...] = (1,), made: Release | None = None) -> Path:
    """The folder of releases with versions of one release in it."""
    with Store.open(releases.parent / "any.duckdb") as store:
        for version in versions:
            shelf.put(staged(made or release(), releases, version, store), version)
    return releases


def released(made: Release | None = None) -> Released:
    """The rows of a release as exports read them."""
    tables = (made or release()).tables
    return Released(*(tables[name].lazy() for name in ("dialogues", "turns", "items", "examples")))
