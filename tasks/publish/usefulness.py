"""Stage publish: what small models learn from a batch's dialogues, tested on human ones (TSTR), measured once and kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

import polars as pl
from prefect import task

from understudy.doors.events import emit
from understudy.doors.store import Store
from understudy.instruments.disclosure import ItemIndex
from understudy.instruments.language import languages_of
from understudy.instruments.text import Titles
from understudy.keys import canonical_json, digest, key
from understudy.profile.needs import targets_of
from understudy.profile.splits import split_holding
from understudy.profile.talk import has_forms
from understudy.records import FigureFields, Measured
from understudy.rows.handle import Humans
from understudy.studies.usefulness import examples, measurement, models, pools
from understudy.studies.usefulness.conversations import DialogueReader, HeardDialogue, Origin
from understudy.studies.usefulness.fields import TstrFields
from understudy.studies.usefulness.measurement import usefulness
from understudy.studies.usefulness.pools import Pools, require_apart
from understudy.tasks.play.opened import OpenRun
from understudy.tasks.publish.seed_batch import SeedBatch

TRAINED_ON = "search"
TEST = "test"
PURPOSE = "tstr"
NOT_ASKED = "it was not asked for with --tstr: the dialogues of the seed prompt cost extra"
VERSIONS = (measurement.VERSION, examples.VERSION, models.VERSION, pools.VERSION)
Usefulness = TstrFields | FigureFields


@task(name="measure usefulness", task_run_name="measure usefulness of batch {batch_key:.12}", persist_result=False)
def measure_usefulness(opened: OpenRun, batch_key: str, *, genome_digest: str, seed: SeedBatch, people: str) -> None:
    """Keeps the TSTR of a batch on the humans of `people`; one that was made of the same dialogues stays as it is.

    Where `people` is the split `test`, this use of it is written down before anything is seen.
    """
    store, humans = opened.store, opened.humans
    kept = members_digest(store, batch_key)
    own = {"batch": batch_key, "members": kept, "seed": [seed.batch_key, seed.reason], "people": people}
    usefulness_key = key("tstr", 1, versions=VERSIONS, instruments=humans.instruments.digest, **own)
    rows = store.rows("publish/usefulness", batch_key=batch_key, members_digest=kept, people=people)
    if usefulness_key not in [row["usefulness_key"] for row in rows]:
        uses = _open_test(store, humans.profile_key, batch_key, genome_digest) if people == TEST else {}
        figures = {**_measured(store, humans, batch_key, seed, people=people), **uses}
        row = {"usefulness_key": usefulness_key, "batch_key": batch_key, "members_digest": kept, "people": people}
        with store.transaction():
            store.add("publish.usefulness", [{**row, "figures": canonical_json(figures)}])
    emit("publish", "usefulness_measured", usefulness_key)


def kept_usefulness(store: Store, batch_key: str, *, people: str | None = None) -> Usefulness:
    """What was measured last of a batch as it is kept now, on the humans of `people` or on any; else that it was not asked for."""
    rows = store.rows("publish/usefulness", batch_key=batch_key, members_digest=members_digest(store, batch_key), people=people)
    return cast(Usefulness, json.loads(rows[0]["figures"])) if rows else Measured(None, reason=NOT_ASKED).as_json()


def members_digest(store: Store, batch_key: str) -> str:
    """64 hex digits over the dialogues of a batch that came to an end and were not set aside."""
    return digest([row["dialogue_id"] for row in store.rows("publish/ended", batch_key=batch_key)])


def _open_test(store: Store, profile_key: str, batch_key: str, genome_digest: str) -> Mapping[str, int]:
    use_key = key("test use", 1, batch=batch_key, profile=profile_key, purpose=PURPOSE)
    row = {"use_key": use_key, "profile_key": profile_key, "genome_digest": genome_digest, "purpose": PURPOSE}
    with store.transaction():
        store.add("optimize.test_uses", [row])
    return {"n_test_uses": store.rows("optimize/n_test_uses")[0]["n"]}


def _measured(store: Store, humans: Humans, batch_key: str, seed: SeedBatch, *, people: str) -> Mapping[str, Any]:
    turns = {
        "real": humans.turns(TRAINED_ON).filter("lends_text"), "test": humans.turns(people),
        "release": store.frame("publish/turns", batch_key=batch_key), "seed_prompt": store.frame("publish/turns", batch_key=seed.batch_key),
    }  # fmt: skip
    if unread := unread_by_instruments(humans, turns):
        return Measured(None, reason=unread).as_json()
    reading = DialogueReader(humans.items, Titles.of(humans.items), humans.instruments)
    origins = _human_origins(humans, TRAINED_ON)
    of_batches = {"release": _origins(store, batch_key), "seed_prompt": _origins(store, seed.batch_key)}
    synthetic = {name: reading.conversations(turns[name], known) for name, known in of_batches.items()}
    drawn_from = Pools(
        real=reading.conversations(turns["real"], origins), **synthetic, missing={"seed_prompt": seed.reason} if seed.reason else {}
    )
    tested = _tested(humans, reading, turns["test"], people)
    training = [*drawn_from.real, *drawn_from.seed_prompt, *drawn_from.release]
    require_apart(training, tested, trainable=humans.members(TRAINED_ON))
    return usefulness(drawn_from, tested, ItemIndex(humans.items), people=people)


def unread_by_instruments(humans: Humans, turns: Mapping[str, pl.DataFrame]) -> str:
    """Why the instruments of the profile cannot read one of the sides; empty where they read all."""
    reads = humans.instruments.reads
    known = [languages_of(frame) for frame in turns.values() if not frame.is_empty()]
    return next((why for one in known for name in ("reaction", "act") if (why := one.unread_by(reads[name]))), "")


def _tested(humans: Humans, reading: DialogueReader, turns: pl.DataFrame, people: str) -> list[HeardDialogue]:
    """The human dialogues that are asked about: none in which the seeker's target is named before its turn comes."""
    leaking = {row["dialogue_id"] for row in humans.rows("publish/history_leaks", split=split_holding(people))}
    origins = {name: one for name, one in _human_origins(humans, people).items() if name not in leaking}
    dialogues = humans.dialogues()
    liked = {one.dialogue_id: frozenset(targets_of(one, humans.items)) for one in dialogues if one.dialogue_id in origins}
    return reading.conversations(turns, origins, liked=liked if has_forms(dialogues) else None)


def _human_origins(humans: Humans, people: str) -> dict[str, Origin]:
    return {name: Origin(name, seeker) for name, seeker in humans.members(people).items()}


def _origins(store: Store, batch_key: str) -> dict[str, Origin]:
    return {row["dialogue_id"]: Origin(row["source_id"], row["seeker_id"]) for row in store.rows("publish/ended", batch_key=batch_key)}
