"""Stage profile: splits, needs, contexts, anchors and fitted instruments of a data set, in one transaction."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
from prefect import get_run_logger, task
from prefect.exceptions import MissingContextError

from tasks.artifacts import page, table
from understudy import profile, rows, stock
from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.keys import canonical_json, key
from understudy.profile.rows import profiled
from understudy.records import Item

Fields = dict[str, Any]
FITTED_ON = ("exemplar", "search")
# what reports are made on; `test` is opened by `compare --final` alone
ANCHORED = ("select",)


@task(name="profile data set", persist_result=False)
def profile_dataset(store_path: str, dataset: str, *, seed: int = 0) -> Fields:
    """The fields of `understudy profile`, with `profile_key`. A profile that is there is answered from its rows."""
    with Store.open(store_path) as store:
        dataset_digest = str(store.rows("ingest/dataset_digest", dataset=dataset)[0]["digest"])
        profile_key = key_of(dataset, dataset_digest, seed=seed)
        if not store.rows("profile/profile", profile_key=profile_key):
            with store.transaction():
                _write(store, profile_key, dataset, dataset_digest, seed)
                fit_rehearsal(store, profile_key, dataset)
                keep_lexicon(store, profile_key)
                measure_anchors(store, profile_key, dataset, seed)
        fields = _fields(store, profile_key, dataset)
    _show(fields)
    _log(f"profile {dataset}: {profile_key}, {fields['n_dialogues']} dialogues, {sum(fields['strata'].values())} reaction contexts")
    return fields


def _show(fields: Fields) -> None:
    """The humans' page for the UI: splits, strata, floors."""
    columns = ("n_dialogues", "n_seekers", "n_shared_targets")
    splits = [[name, *(str(one[column]) for column in columns)] for name, one in fields["splits"].items()]
    strata = [[name, str(n)] for name, n in fields["strata"].items()]
    anchors = [[name, *_told(one), *_told(one.get("floor"))] for name, one in fields["anchors"].items()]
    text = "\n".join(
        (
            table(["split", "dialogues", "seekers", "shared targets"], splits),
            table(["stratum", "reaction contexts"], strata),
            table(["anchor", "human", "95 %", "floor", "95 %"], anchors),
        )
    )
    page(text, key="profile", description=f"The humans of {fields['dataset']}")


def _told(figure: Fields | None) -> tuple[str, str]:
    if figure is None or figure["value"] is None:
        return "", ""
    low, high = figure["ci"]
    return f"{figure['value']:.3f}", "" if low is None or high is None else f"{low:.3f} to {high:.3f}"


def key_of(dataset: str, dataset_digest: str, *, seed: int) -> str:
    """The key of a profile: the data and every version and parameter that shapes it."""
    from understudy import anchors, rehearsal
    from understudy.instruments import reaction

    return key(
        "profile",
        profile.VERSION,
        dataset=dataset,
        digest=dataset_digest,
        seed=seed,
        splits=profile.SPLITS_VERSION,
        contexts=profile.CONTEXTS_VERSION,
        rehearsal=[rehearsal.VERSION, rehearsal.PARAMETERS_DIGEST],
        lexicon=reaction.DIGEST,
        anchors=anchors.VERSION,
    )


def fit_rehearsal(store: Store, profile_key: str, dataset: str) -> None:
    """Keeps the embedded model, fitted on the exemplar and search splits and on nothing else."""
    from understudy import rehearsal

    turns = pl.concat([stock.load_human_turns(store, profile_key, split) for split in FITTED_ON])
    reactions = pl.concat([stock.load_human_reactions(store, profile_key, split) for split in FITTED_ON])
    named = set(turns["item_ids"].explode().drop_nulls())
    # an item without facts is known from a dialogue alone: one of another split would carry something of it into the fit
    items = {item_id: item for item_id, item in _catalogue(store, dataset).items() if item_id in named or item.genres}
    fitted = rehearsal.fit(turns, reactions, items)
    quality = {"kind": "embedded model", "n_dialogues": turns["dialogue_id"].n_unique(), "n_reactions": reactions.height}
    _keep(store, profile_key, "rehearsal", fitted.digest, fitted_on=FITTED_ON, quality=quality, parameters=fitted.as_json())


def keep_lexicon(store: Store, profile_key: str) -> None:
    """Keeps which reaction lexicon measures; it is fitted on nothing."""
    from understudy.instruments import reaction

    quality = {"kind": "lexicon", "macro_f1": None, "reason": "measured on gold acts only, which this data set has not"}
    _keep(store, profile_key, "reaction", reaction.DIGEST, fitted_on=(), quality=quality, parameters={})


def measure_anchors(store: Store, profile_key: str, dataset: str, seed: int) -> None:
    """Keeps the human figures and floors of the split that reports are made on."""
    from understudy.anchors import human_anchors
    from understudy.evidence import Reference

    for split in ANCHORED:
        human = rows.load_human(store, profile_key, split, dataset)
        found = human_anchors(Reference.build(human, seed=seed), split=split, seed=seed)
        store.add("profile.anchors", rows.anchor_frame(found, profile_key=profile_key))


def _write(store: Store, profile_key: str, dataset: str, dataset_digest: str, seed: int) -> None:
    dialogues = stock.load_dialogues(store, dataset)
    if not dialogues:
        raise BadInput(f"there are no dialogues of the data set {dataset!r}", hint=_datasets(store))
    contents = {row["dialogue_id"]: row["content_sha256"] for row in store.rows("ingest/dialogue_digests", dataset=dataset)}
    frames = profiled(dialogues, _catalogue(store, dataset), contents=contents, profile_key=profile_key, seed=seed)
    licences = [row["licence"] for row in store.rows("ingest/licences", dataset=dataset)]
    row = {
        "profile_key": profile_key,
        "dataset": dataset,
        "dataset_digest": dataset_digest,
        "version": profile.VERSION,
        "licence": " AND ".join(licences),
        "has_official_split": any(one.official_split == profile.OFFICIAL_TEST for one in dialogues),
        "n_dialogues": len(dialogues),
    }
    store.add("profile.profiles", [row])
    store.add("profile.splits", frames.splits)
    store.add("profile.seekers", frames.seekers)
    store.add("profile.contexts", frames.contexts)


def _keep(
    store: Store, profile_key: str, name: str, digest: str, *, fitted_on: tuple[str, ...], quality: Fields, parameters: Any
) -> None:
    columns = {"profile_key": pl.String, "name": pl.String, "digest": pl.String, "fitted_on": pl.List(pl.String)}
    row = {"profile_key": profile_key, "name": name, "digest": digest, "fitted_on": sorted(fitted_on)}
    texts = {"quality": canonical_json(quality), "parameters": canonical_json(parameters)}
    schema = {**columns, "quality": pl.String, "parameters": pl.String}
    store.add("profile.instruments", pl.DataFrame([{**row, **texts}], schema=schema))


def _fields(store: Store, profile_key: str, dataset: str) -> Fields:
    row = store.rows("profile/profile", profile_key=profile_key)[0]
    by_split: dict[str, dict[str, int]] = {}
    for one in store.rows("profile/strata", profile_key=profile_key):
        by_split.setdefault(one["split"], {})[one["stratum"]] = one["n"]
    names = sorted({name for strata in by_split.values() for name in strata})
    return {
        "dataset": dataset,
        "profile_key": profile_key,
        "licence": row["licence"],
        "n_dialogues": row["n_dialogues"],
        "has_official_split": row["has_official_split"],
        "n_moved_to_test": store.rows("profile/n_moved", profile_key=profile_key)[0]["n"],
        "splits": {one.pop("split"): one for one in store.rows("profile/splits", profile_key=profile_key)},
        "strata": {name: sum(strata.get(name, 0) for strata in by_split.values()) for name in names},
        "strata_by_split": by_split,
        "human": store.rows("profile/human_figures", dataset=dataset)[0],
        "anchors": {one["name"]: _anchor(one) for split in ANCHORED for one in _anchors(store, profile_key, split)},
        "instruments": {one["name"]: _instrument(one) for one in store.rows("profile/instruments", profile_key=profile_key)},
    }


def _anchors(store: Store, profile_key: str, split: str) -> list[Fields]:
    return store.rows("profile/anchors", profile_key=profile_key, split=split)


def _anchor(row: Fields) -> Fields:
    """The contract's form of a statistic, with its floor where one was measured."""
    told = {"split": row["split"], "n": row["n"]}
    if row["value"] is None:
        told |= {"value": None, "reason": row["reason"]}
    else:
        told |= {"value": row["value"], "ci": [row["lo"], row["hi"]]}
    if row["floor"] is not None:
        told["floor"] = {"value": row["floor"], "ci": [row["floor_lo"], row["floor_hi"]], "n": row["n_floor"]}
    return told


def _instrument(row: Fields) -> Fields:
    unmeasured = {"macro_f1": None, "per_class": None, "confusion_by_register": None}
    return {"digest": row["digest"], "fitted_on": row["fitted_on"], **unmeasured, **json.loads(row["quality"])}


def _catalogue(store: Store, dataset: str) -> dict[str, Item]:
    return stock.load_items(store, dataset)


def _datasets(store: Store) -> str:
    there = ", ".join(row["dataset"] for row in store.rows("ingest/datasets"))
    return f"the store holds: {there}" if there else "run `understudy ingest` first"


def _log(text: str) -> None:
    try:
        get_run_logger().info(text)
    except MissingContextError:  # called as a plain function, outside a flow run
        return
