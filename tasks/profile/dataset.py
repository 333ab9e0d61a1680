"""Stage profile: splits, needs, contexts, anchors, drawings and fitted instruments of a data set, in one transaction."""

from __future__ import annotations

from typing import Any, cast

import polars as pl
from prefect import get_run_logger, task
from prefect.exceptions import MissingContextError

from understudy import profile
from understudy.doors.store import Store
from understudy.instruments.language import languages_of
from understudy.keys import canonical_json, key
from understudy.measure.frequent import frequent_turns
from understudy.parameters import PanelSize
from understudy.profile import talk
from understudy.profile.hints import hints_of
from understudy.profile.rows import TalkReading, profiled
from understudy.profile.splits import OFFICIAL_TEST
from understudy.records import FigureFields, Measured
from understudy.report.figures import interval_cell, number
from understudy.report.markdown import table
from understudy.rows import humans
from understudy.rows.handle import Humans
from understudy.rows.named import require_dialogues
from understudy.statistics.rates import wilson
from understudy.tasks.artifacts import page
from understudy.tasks.profile import anchors as measured
from understudy.tasks.profile import policy as planning
from understudy.tasks.profile.anchors import measure_anchors
from understudy.tasks.profile.instruments import SUGGESTIONS_READ_BY, instrument_fields, keep_instruments, reaction_reader, version_of
from understudy.tasks.profile.parts import part_fields, part_table
from understudy.tasks.profile.results import SPLIT_COUNTS, ProfileFields, ProfileRows, SplitFields, SuggestionFields

Fields = dict[str, Any]
FITTED_ON = ("exemplar", "search")


@task(name="profile data set", task_run_name="profile {dataset}", persist_result=False)
def profile_dataset(store: Store, dataset: str, *, at: PanelSize | None = None, out: str | None = None, seed: int = 0) -> ProfileFields:
    """The fields of `understudy profile`, with `profile_key`. A profile that is there is answered from its rows.

    `at`: anchors at this size as well; `out`: the folder of the drawings.
    """
    dataset_digest = str(store.rows("ingest/dataset_digest", dataset=dataset)[0]["digest"])
    profile_key = key_of(dataset, dataset_digest, seed=seed, instruments=version_of(store, dataset))
    of = Humans(store, dataset, profile_key)
    if not of.rows("profile/profile"):
        with store.transaction():
            _write(store, profile_key, dataset, dataset_digest, seed)
            fit_rehearsal(store, of)
            keep_instruments(store, of, seed=seed)
            planning.keep_policy(store, of)
            measure_anchors(store, of, seed)
    fields = _fields(store, of)
    if at is not None:
        fields["anchors_at"] = measured.anchors_at(store, of, at, seed=seed)
    drawn = measured.drawn(store, of)
    done: ProfileFields = {**fields, "pictures": measured.keep_pictures(drawn, dataset, store_path=store.path, out=out)}
    _show(done, drawn)
    _log(f"profile {dataset}: {profile_key}, {fields['n_dialogues']} dialogues, {sum(fields['strata'].values())} reaction contexts")
    return done


def _show(fields: ProfileFields, drawn: dict[str, str]) -> None:
    """The humans' page for the UI: splits, strata, floors, instruments, drawings."""
    splits = [[name, *(str(one[column]) for column in SPLIT_COUNTS)] for name, one in fields["splits"].items()]
    strata = [[name, str(n)] for name, n in fields["strata"].items()]
    anchors = [[name, *_cells(one), *_cells(one.get("floor"))] for name, one in fields["anchors"].items()]
    instruments = [
        [name, one.get("kind", ""), ", ".join(one["fitted_on"]) or "nothing", *_cells(one["macro_f1"]), one["digest"][:12]]
        for name, one in fields["instruments"].items()
    ]
    text = "\n\n".join(
        (
            table(["split", "dialogues", "seekers", "shared targets"], splits),
            table(["stratum", "reaction contexts"], strata),
            part_table(fields["parts"]),
            table(["anchor", "human", "95 %", "floor", "95 %"], anchors),
            table(["instrument", "kind", "fitted on", "macro-F1", "95 %", "digest"], instruments),
        )
    )
    page(text, key="profile", description=f"The humans of {fields['dataset']}", svgs=drawn)


def _cells(figure: FigureFields | None) -> tuple[str, str]:
    """A figure and its interval, for a column each."""
    one = Measured(None) if figure is None else Measured.from_json(figure)
    return number(one.value, missing=""), interval_cell(one.lo, one.hi)


def key_of(dataset: str, dataset_digest: str, *, seed: int, instruments: Fields) -> str:
    """The key of a profile: the data and every version and parameter that shapes it."""
    from understudy import objectives, rehearsal
    from understudy.profile import anchors, distributions

    return key(
        "profile",
        profile.VERSION,
        dataset=dataset,
        digest=dataset_digest,
        seed=seed,
        parts=profile.VERSIONS,
        objectives=objectives.VERSIONS,
        rehearsal=[rehearsal.VERSION, rehearsal.PARAMETERS_DIGEST],
        instruments=instruments,
        policy=planning.VERSIONS,
        anchors=anchors.VERSION,
        distributions=distributions.VERSION,
    )


def fit_rehearsal(store: Store, of: Humans) -> None:
    """Keeps the embedded model, fitted on the exemplar and search splits and on nothing else."""
    from understudy import rehearsal

    turns = pl.concat([of.turns(split) for split in FITTED_ON]).filter("lends_text")
    reactions = pl.concat([of.reactions(split) for split in FITTED_ON])
    named = set(turns["item_ids"].explode().drop_nulls())
    # an item without facts is known from a dialogue alone: one of another split would carry something of it into the fit
    items = {item_id: item for item_id, item in of.items.items() if item_id in named or item.genres}
    fitted = rehearsal.fit(turns, reactions, items)
    quality = {"kind": "embedded model", "n_dialogues": turns["dialogue_id"].n_unique(), "n_reactions": reactions.height}
    _keep(store, of.profile_key, "rehearsal", fitted.digest, fitted_on=FITTED_ON, quality=quality, parameters=fitted.as_json())


def _write(store: Store, profile_key: str, dataset: str, dataset_digest: str, seed: int) -> None:
    require_dialogues(store, dataset)
    dialogues = humans.load_dialogues(store, dataset)
    contents = {row["dialogue_id"]: row["content_sha256"] for row in store.rows("ingest/dialogue_digests", dataset=dataset)}
    items = humans.load_items(store, dataset)
    reading = TalkReading(hints_of(_annotated(store, dataset)), reaction_reader(items, dialogues))
    frames = profiled(dialogues, items, contents=contents, profile_key=profile_key, seed=seed, reading=reading)
    licences = [row["licence"] for row in store.rows("ingest/licences", dataset=dataset)]
    row = {
        "profile_key": profile_key,
        "dataset": dataset,
        "dataset_digest": dataset_digest,
        "version": profile.VERSION,
        "licence": " AND ".join(licences),
        "has_official_split": any(one.official_split == OFFICIAL_TEST for one in dialogues),
        "n_dialogues": len(dialogues),
        "has_forms": frames.has_forms,
    }
    store.add("profile.profiles", [row])
    store.add("profile.suggestions", frames.suggestions)
    store.add("profile.splits", frames.splits)
    store.add("profile.seekers", frames.seekers)
    store.add("profile.contexts", frames.contexts)
    store.add("profile.distributions", store.frame("profile/log_distributions", profile_key=profile_key))


def _annotated(store: Store, dataset: str) -> list[tuple[str, int, str, str]]:
    """Dialogue, turn, name and value of the labels that tag names in seekers' turns."""
    rows = store.rows("profile/annotated_names", dataset=dataset)
    return [(row["dialogue_id"], row["turn_index"], row["name"], row["value"]) for row in rows]


def _keep(
    store: Store, profile_key: str, name: str, digest: str, *, fitted_on: tuple[str, ...], quality: Fields, parameters: Any
) -> None:
    columns: dict[str, Any] = {"profile_key": pl.String, "name": pl.String, "digest": pl.String, "fitted_on": pl.List(pl.String)}
    row = {"profile_key": profile_key, "name": name, "digest": digest, "fitted_on": sorted(fitted_on)}
    texts = {"quality": canonical_json(quality), "parameters": canonical_json(parameters)}
    schema = {**columns, "quality": pl.String, "parameters": pl.String}
    store.add("profile.instruments", pl.DataFrame([{**row, **texts}], schema=schema))


def _fields(store: Store, of: Humans) -> ProfileRows:
    row = of.rows("profile/profile")[0]
    by_split: dict[str, dict[str, int]] = {}
    for one in of.rows("profile/strata"):
        by_split.setdefault(one["split"], {})[one["stratum"]] = one["n"]
    turns = humans.load_human_turns(store, of.profile_key)
    names = sorted({name for strata in by_split.values() for name in strata})
    return {
        "dataset": of.dataset,
        "profile_key": of.profile_key,
        "licence": row["licence"],
        "n_dialogues": row["n_dialogues"],
        "has_official_split": row["has_official_split"],
        "n_moved_to_test": of.rows("profile/n_moved")[0]["n"],
        "has_forms": row["has_forms"],
        "suggestions": _suggestions(of) if row["has_forms"] is False else None,
        "splits": {one.pop("split"): cast(SplitFields, one) for one in of.rows("profile/splits")},
        "strata": {name: sum(strata.get(name, 0) for strata in by_split.values()) for name in names},
        "strata_by_split": by_split,
        "parts": part_fields(of),
        "human": store.rows("profile/human_figures", dataset=of.dataset)[0],
        "history_leak": _history_leak(of),
        "disclosed": {one.pop("kind"): one for one in of.rows("profile/disclosed")},
        "anchors": measured.kept(of),
        "instruments": instrument_fields(store, of),
        "languages": dict(languages_of(turns.filter(pl.col("role") == "seeker")).shares),
        "frequent_turns": frequent_turns(turns),
    }


def _suggestions(of: Humans) -> SuggestionFields:
    """How the suggestions of a data set without forms were read, and what such a log cannot tell."""
    counts = of.rows("profile/suggestions")[0]
    return cast(SuggestionFields, {**counts, "instrument": SUGGESTIONS_READ_BY, "unknown": dict(talk.UNKNOWN)})


def _history_leak(of: Humans) -> Fields:
    """What was flagged because its item is named before its turn comes: it is neither played nor counted as a human reaction."""
    found = {one.pop("what"): one for one in of.rows("profile/history_leak")}
    none = dict.fromkeys(("n", "n_flagged", "n_id", "n_title", "n_need"), 0)
    counted = {what: found.get(what, none) for what in ("reactions", "scenarios")}
    return {what: {**one, "share": wilson(one["n_flagged"], one["n"], nothing=f"no {what}").as_json()} for what, one in counted.items()}


def _log(text: str) -> None:
    try:
        get_run_logger().info(text)
    except MissingContextError:  # called as a plain function, outside a flow run
        return
