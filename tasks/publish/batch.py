"""Stage publish: a batch that passed its gates becomes an immutable, versioned release, on the shelf and in the store."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NotRequired, TypedDict, cast

import polars as pl
from prefect import get_run_logger, task

import understudy
from understudy.doors import checks
from understudy.doors import releases as shelf
from understudy.doors.bill import BILL, bill_of_materials
from understudy.doors.events import emit
from understudy.doors.hub_upload import UploadFields
from understudy.doors.objects import StoredFields
from understudy.doors.store import Store
from understudy.errors import BadInput, GateFailed, UnderstudyError
from understudy.measure.values import NO_FLOOR
from understudy.profile.splits import people_fields
from understudy.records import FigureFields, Measured
from understudy.release import card, licences
from understudy.release.doomed import UNLICENSED
from understudy.release.layout import MANIFEST
from understudy.release.release import Manifest, PlayedTables, Release, composed, marked, stored_examples
from understudy.release.verification import verify
from understudy.rows.played import load_instruments
from understudy.tasks.artifacts import in_run, page
from understudy.tasks.profile.anchors import floor_of
from understudy.tasks.publish.reactions import with_reactions
from understudy.tasks.publish.retracting import renew_catalogue
from understudy.tasks.publish.usefulness import Usefulness, kept_usefulness
from understudy.tasks.simulate.behind import models_behind
from understudy.tasks.validate.batch import judgement_of
from understudy.tasks.validate.corrected import corrected_batch
from understudy.tasks.validate.floors import anchors_at_hand

Fields = dict[str, Any]


class PublishedRelease(TypedDict):
    """A release by name, and where its files are."""

    name: str
    version: int
    digest: str
    path: str


class ReleasedFigure(FigureFields):
    """An objective of the released batch, with the floor of its size: what the card says of it."""

    floor: FigureFields


class ReleaseFields(TypedDict):
    """The fields of `understudy publish`; `release` is None where a gate refuses it. `hub`, `stored`: where it
    lies on a hub or on an object store, if it was asked for.

    `tstr`: what models learn from the dialogues, or that it is not measured; `n_model_calls`: what the seed prompt took for it in this run.
    """

    release: PublishedRelease | None
    engine: str
    licence: str
    n_dialogues: int
    n_examples: int
    figures: dict[str, ReleasedFigure]
    tstr: Usefulness
    n_model_calls: int
    hub: NotRequired[UploadFields]
    stored: NotRequired[StoredFields]


@task(name="publish batch", task_run_name="publish as {name}", persist_result=False)
def publish_batch(
    store: Store, batch_key: str, *, name: str, releases_dir: str, waiver: str = "", people: str | None = None, n_model_calls: int = 0
) -> ReleaseFields:
    """The fields of `understudy publish`. The same batch again gives the same release and adds no row.

    Files are staged, flushed and renamed into place, then the rows follow in one transaction, then the catalogue is renewed: a run that
    was killed in between finds its files by their digest and writes what is missing. Raises GateFailed and publishes nothing when a gate
    failed, was not asked, or no licence allows a release. `waiver`: why a source need not state a licence. `people`: on whom the TSTR that
    the release tells was measured; None is what was measured last. `n_model_calls`: what was asked of models for it.
    """
    path, manifest = put_release(store, _composed(store, batch_key, name, waiver, people), batch_key=batch_key, folder=Path(releases_dir))
    emit("publish", "release_published", manifest["digest"])
    _show(manifest)
    return {
        "release": {"name": manifest["name"], "version": manifest["version"], "digest": manifest["digest"], "path": str(path)},
        "engine": manifest["engine"],
        "licence": manifest["licence"],
        "n_dialogues": manifest["n_dialogues"],
        "n_examples": manifest["n_examples"],
        "figures": _objectives(manifest["figures"]),
        "tstr": manifest["figures"]["tstr"],
        "n_model_calls": n_model_calls,
    }


def require_publishable(store: Store, batch_key: str, *, name: str, waiver: str = "") -> None:
    """Raises GateFailed or BadInput where the batch cannot be published under that name, before anything is paid for its release."""
    _verdicts(store, batch_key, waiver)
    batch = _batch(store, batch_key)
    marked(name, batch["engine"])
    sources = [one for one in store.rows("publish/sources", dataset=batch["dataset"]) if one["lends_text"]]
    licences.terms_of((one["licence"] for one in sources), waiver=waiver)


def put_release(store: Store, release: Release, *, batch_key: str, folder: Path) -> tuple[Path, Manifest]:
    """The folder of a release and its manifest, once files, rows and catalogue are there. Whatever is there already stays as it is."""
    path, manifest = _on_shelf(store, release, _version(store, release, folder), folder)
    with store.transaction():
        _keep(store, release, manifest, batch_key=batch_key, path=path)
    renew_catalogue(store, folder)
    return path, manifest


def _objectives(figures: Fields) -> dict[str, ReleasedFigure]:
    nothing = Measured(None, reason=NO_FLOOR).as_json()
    floors = figures["floors"]
    return {
        name: cast(ReleasedFigure, {**Measured.from_json(one).as_json(), "floor": floors.get(name, nothing)})
        for name, one in figures["objectives"].items()
    }


def _batch(store: Store, batch_key: str) -> Fields:
    rows = store.rows("publish/batch", batch_key=batch_key)
    if not rows:
        raise BadInput(f"there is no batch {batch_key}", hint="run `understudy simulate` to play one")
    return rows[0]


def _composed(store: Store, batch_key: str, name: str, waiver: str, people: str | None) -> Release:
    batch = _batch(store, batch_key)
    verdicts = _verdicts(store, batch_key, waiver)
    turns, unread = with_reactions(
        store, store.frame("publish/turns", batch_key=batch_key), dataset=batch["dataset"], profile_key=batch["profile_key"]
    )
    return composed(
        name,
        PlayedTables(store.frame("publish/dialogues", batch_key=batch_key), turns, store.frame("publish/items", batch_key=batch_key)),
        engine=batch["engine"],
        lineage={
            **_lineage(store, batch),
            **({"reactions_not_read": unread} if unread else {}),
            "judgement": judgement_of(store, batch_key),
        },
        verdicts=verdicts,
        figures={**_release_figures(store, batch), "tstr": kept_usefulness(store, batch_key, people=people)},
        waiver=waiver,
    )


def _verdicts(store: Store, batch_key: str, waiver: str) -> list[Fields]:
    """The verdicts on a batch that passed. With a `waiver` the bound on unlicensed sources may have failed, as is recorded."""
    verdicts = store.rows("validate/verdicts", batch_key=batch_key)
    waived = _on_licences() if waiver else frozenset[str]()
    failed = [
        f"{verdict['suite']}/{verdict['expectation']}" for verdict in verdicts if verdict["applies"] and not verdict["passed"]
    ]  # fmt: skip
    if not verdicts:
        raise GateFailed(f"batch {batch_key} has not been validated", hint="run `understudy validate` first", fields={"release": None})
    if stopped := [name for name in failed if name not in waived]:
        hint = "run `understudy validate` to see each bound and by how much it was missed"
        raise GateFailed(f"batch {batch_key} failed {', '.join(stopped)}", hint=hint, fields={"release": None})
    return verdicts


def _on_licences() -> frozenset[str]:
    """The bounds, as SUITE/EXPECTATION, that say that every source states a licence."""
    declared = ((name, one) for name, suite in checks.suites().items() for one in suite)
    return frozenset(f"{name}/{one.name}" for name, one in declared if one.meta.get("figure") == UNLICENSED)


def _lineage(store: Store, batch: Fields) -> Fields:
    sources = store.rows("publish/sources", dataset=batch["dataset"])
    lending = {one["source_sha256"] for one in sources if one.pop("lends_text")}
    named = ("dataset", "batch", "batch_key", "profile_key", "setting", "genome_digest", "model", "recommender", "seed", "evaluation_key")
    return {
        **{name: batch[name] for name in named},
        "genome": json.loads(batch["genome"]),
        "replies": store.rows("publish/replies", batch_key=batch["batch_key"])[0],
        "sources": [one for one in sources if one["source_sha256"] in lending],
        # they taught the instruments; none of their text is in what was played
        "annotations": [one for one in sources if one["source_sha256"] not in lending],
        "code_version": understudy.__version__,
        **_adaptations(store, batch),
        # an older batch has none, since nothing local could play it
        **({"local_models": local} if (local := json.loads(batch["local_models"] or "[]")) else {}),
    }


def _adaptations(store: Store, batch: Fields) -> Fields:
    """What was left out of the requests to the models behind a batch, which do not take it; no field where nothing was."""
    models = models_behind(store, batch)
    left_out = [one for one in store.rows("play/adaptations") if one["model"] in models]
    return {"adaptations": left_out} if left_out else {}


def _release_figures(store: Store, batch: Fields) -> Fields:
    told = {part: json.loads(batch[part]) for part in ("objectives", "leakage", "diagnostics")}
    anchors = anchors_at_hand(store, {**batch, **told})
    floors = {row["name"]: floor_of(row).as_json() for row in anchors if row["name"] in told["objectives"]}
    people = {name: one for name, one in people_fields(batch["split"]).items() if one}
    instruments = load_instruments(store, batch["profile_key"]).described()
    return {**people, **told, "floors": floors, "instruments": instruments, "corrected": corrected_batch(store, {**batch, **told})}


def _version(store: Store, release: Release, folder: Path) -> int:
    """The version that holds this content, in the store or on the shelf; else the next one that neither has."""
    known: dict[int, str] = {row["version"]: row["content_digest"] for row in store.rows("publish/known", name=release.name)}
    there = shelf.versions(folder, release.name)
    same = [version for version, digest in {**there, **known}.items() if digest == release.content_digest]
    return min(same) if same else max([0, *known, *there]) + 1


def _on_shelf(store: Store, release: Release, version: int, folder: Path) -> tuple[Path, Manifest]:
    """The release's folder and its manifest, made where it is not there; one that is there is verified, never written again."""
    place = folder / release.name
    if version in shelf.versions(folder, release.name):
        return place / f"v{version}", verify(place / f"v{version}")
    contents = shelf.Contents({**release.texts(), BILL: bill_of_materials()}, release.parquet(), release.tables)
    staged = shelf.stage(place, release.content_digest, contents, store=store)
    sealed = release.sealed(version, shelf.listed(staged))
    manifest: Manifest = json.loads(sealed[MANIFEST])
    try:
        _require_same(store, manifest)
    except UnderstudyError:
        shelf.discard(staged)
        raise
    shelf.seal(staged, sealed)
    emit("publish", "release_staged", manifest["digest"])
    return shelf.put(staged, version), manifest


def _require_same(store: Store, manifest: Manifest) -> None:
    """Raises UnderstudyError where files that were lost cannot be made again as they were: other libraries write other bytes."""
    for row in store.rows("publish/known", name=manifest["name"]):
        if row["version"] == manifest["version"] and row["digest"] != manifest["digest"]:
            raise UnderstudyError(
                f"the files of {manifest['name']} version {manifest['version']} are gone, and what is written now has the digest "
                f"{manifest['digest']} in the place of {row['digest']}: it was published with other versions of libraries",
                hint="copy the release back from a backup, or install the versions that its bill of materials names",
            )


def _keep(store: Store, release: Release, manifest: Manifest, *, batch_key: str, path: Path) -> None:
    version = manifest["version"]
    keyed = [pl.lit(release.name).alias("name"), pl.lit(version, pl.Int32).alias("version")]
    for table, frame in release.tables.items():
        kept = stored_examples(frame) if table == "examples" else frame
        store.add(f"publish.{table}", kept.with_columns(keyed))
    row = {
        "name": release.name,
        "version": version,
        "batch_key": batch_key,
        "dataset": manifest["lineage"]["dataset"],
        **{column: manifest[column] for column in ("digest", "licence", "engine", "n_dialogues", "n_turns", "n_examples")},
        # the list of files is on the shelf: DuckDB writes other bytes each time, and the same work gives the same store
        "manifest": json.dumps({name: value for name, value in manifest.items() if name != "files"}, sort_keys=True),
        "path": str(path),
        "made_at": datetime.now(UTC).replace(tzinfo=None),
    }
    store.add("publish.releases", [row])


def _show(manifest: Fields) -> None:
    if not in_run():
        return
    get_run_logger().info("published %s version %d, digest %s", manifest["name"], manifest["version"], manifest["digest"])
    page(card.text(manifest), key="release", description=f"{manifest['name']} version {manifest['version']}")
