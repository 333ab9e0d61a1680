"""Stage validate: a batch is held against the suites of expectations/; failing dialogues go to quarantine, failing bounds stop it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import polars as pl
from prefect import task

from understudy.doors import checks, data_docs, telemetry
from understudy.doors.events import emit
from understudy.doors.store import Store
from understudy.errors import BadInput, GateFailed
from understudy.instruments.disclosure import ItemIndex
from understudy.measure.privacy import exposed
from understudy.records import Item, Measured
from understudy.release import gates, licences
from understudy.release.verdicts import Verdict, VerdictFields, table_verdict, verdicts_on
from understudy.rows import humans
from understudy.rows.played import load_instruments
from understudy.tasks.simulate.report import overlap_of
from understudy.tasks.validate.canaries import canaries_of
from understudy.tasks.validate.corrected import corrected_batch, corrected_size, n_labelled_of_a_class
from understudy.tasks.validate.data import facts_of_data
from understudy.tasks.validate.floors import anchors_at_hand
from understudy.tasks.validate.pages import keep_pages, show
from understudy.tasks.validate.results import N_WORST, NOT_JUDGED, GateFields, Judgement

Fields = dict[str, Any]
Pages = dict[str, str]
TABLE_SUITES = ("synthetic_dialogues", "synthetic_turns")


class ValidateFields(GateFields):
    """The fields of `understudy validate`; `calls` made in this run for a report that was not there."""

    calls: dict[str, int]


@task(name="validate batch", task_run_name="validate batch {batch_key:.12}", persist_result=False)
def validate_batch(store: Store, batch_key: str, *, again: bool = False) -> GateFields:
    """The fields of `understudy validate`, with `passed` and the `worst` dialogues; a batch that was judged is served from its rows.

    `again`: a batch that other suites judged is judged by those of today; what they said before stays in the store.
    """
    batch = _batch(store, batch_key)
    last = judgement_of(store, batch_key)
    if last is None or (again and last["suites_digest"] != checks.suites_digest()):
        _judge(store, batch, judgement=1 if last is None else last["number"] + 1)
    fields = _fields(store, batch_key)
    for suite in dict.fromkeys(verdict["suite"] for verdict in fields["verdicts"]):
        passed = not any(verdict["outcome"] == "failed" for verdict in fields["verdicts"] if verdict["suite"] == suite)
        telemetry.verdict(suite, passed=passed)
        emit("validate", "verdict", f"{batch_key}/{suite}/{'passed' if passed else 'failed'}")
    show(fields, batch_key)
    return fields


@contextmanager
def answering(fields: Mapping[str, Any]) -> Iterator[None]:
    """A gate that fails in the block answers with `fields` as well: what the night measured is told whether or not it is published."""
    try:
        yield
    except GateFailed as error:
        # what the night says of itself stands
        error.fields = {**error.fields, **fields}
        raise


def require_passed(fields: GateFields) -> GateFields:
    """The fields of a validated batch as they are. Raises GateFailed, which carries them, when a gate said no."""
    failed = [verdict for verdict in fields["verdicts"] if verdict["outcome"] == "failed"]
    if failed:
        first = next((one for one in failed if one["subject"]), failed[0])
        told = f"`understudy dialogues BATCH --failing {first['suite']}/{first['expectation']}` shows the dialogues behind a bound"
        raise GateFailed(failures_in_words(failed), hint=f"the dialogues stay in the store; {told}", fields=fields)
    return fields


def failures_in_words(failed: Sequence[VerdictFields]) -> str:
    """The failed bounds in one line, each with its value; what guards the evidence only where no bound of its suite says the same."""
    told = {verdict["suite"] for verdict in failed if verdict["subject"]}
    shown = [verdict for verdict in failed if verdict["subject"] or verdict["suite"] not in told]
    return "; ".join(f"{verdict['suite']}/{verdict['expectation']}: {verdict['detail']}" for verdict in shown)


def _batch(store: Store, batch_key: str) -> Fields:
    rows = store.rows("validate/batch", batch_key=batch_key)
    if not rows:
        raise BadInput(f"there is no batch {batch_key}", hint="run `understudy simulate` to play one")
    row = rows[0]
    return {**row, **{part: json.loads(row[part]) for part in ("objectives", "leakage", "diagnostics")}}


def judgement_of(store: Store, batch_key: str) -> Judgement | None:
    """The judgement of a batch that stands; None where it was not judged."""
    found = store.rows("validate/judgements", batch_key=batch_key)
    return {"number": found[0]["judgement"], "suites_digest": found[0]["suites_digest"]} if found else None


def _judge(store: Store, batch: Fields, *, judgement: int) -> None:
    dialogues, turns = _synthetic(store, batch)
    reasons, pages = _quarantine(dialogues, turns), Pages()
    kept = dialogues.filter(~pl.col("play_key").is_in(list(reasons)))
    kept_turns = turns.filter(~pl.col("play_key").is_in(list(reasons)))
    verdicts = [
        *_table("human_dialogues", store.frame("validate/humans", profile_key=batch["profile_key"]), pages, key="dialogue_id"),
        *_table("synthetic_dialogues", kept, pages, key="play_key"),
        *_table("synthetic_turns", kept_turns, pages, key="play_key"),
        *_gates(store, batch, pages, turns=turns, n_kept=kept.height, n_quarantined=len(reasons)),
    ]
    batch_key, numbered = batch["batch_key"], pl.lit(judgement, pl.Int32).alias("judgement")
    rows = {"quarantine": _quarantine_rows(batch_key, reasons), "verdicts": _verdict_rows(batch_key, verdicts)}
    with store.transaction():
        for table, frame in rows.items():
            # what was said first stays where it stands
            later = judgement > 1
            store.add(f"validate.later_{table}" if later else f"validate.{table}", frame.with_columns(numbered) if later else frame)
        row = {"batch_key": batch_key, "judgement": judgement, "suites_digest": checks.suites_digest()}
        store.add("validate.judgements", [row])
    keep_pages(store.path, batch_key, pages, judgement=judgement, batch=batch["batch"])


def _synthetic(store: Store, batch: Fields) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The batch's dialogues and turns as the table suites read them."""
    dialogues = store.frame("validate/dialogues", batch_key=batch["batch_key"])
    turns = store.frame("validate/turns", batch_key=batch["batch_key"])
    leaking = _given_away(dialogues, turns, humans.load_items(store, batch["dataset"]))
    return dialogues.with_columns(pl.col("play_key").is_in(list(leaking)).alias("title_given_away")), turns


def _given_away(dialogues: pl.DataFrame, turns: pl.DataFrame, items: Mapping[str, Item]) -> set[str]:
    """The dialogues that tell their target's title before the recommender names it, by the instrument of the objective."""
    catalogue = ItemIndex(items)
    spoken = {str(key): part for (key,), part in turns.partition_by("play_key", as_dict=True).items()}
    known = [(key, target) for key, target in dialogues.select("play_key", "target").iter_rows() if key in spoken and target in items]
    return {
        key for key, target in known if catalogue.disclosure_of(target, spoken[key].select("role", "text", "item_ids").iter_rows()).title
    }


def _quarantine(dialogues: pl.DataFrame, turns: pl.DataFrame) -> dict[str, list[str]]:
    """play_key → reasons, of every dialogue that breaks an expectation on rows."""
    reasons: dict[str, list[str]] = {}
    for suite, frame in zip(TABLE_SUITES, (dialogues, turns), strict=True):
        for check in checks.run_suite(suite, frame, key="play_key"):
            for play_key in check.unexpected:
                kept = reasons.setdefault(play_key, [])
                kept.extend({check.expectation.meta["reason"]} - set(kept))
    return reasons


def _table(suite: str, frame: pl.DataFrame, pages: Pages, *, key: str) -> list[Verdict]:
    return [table_verdict(suite, check) for check in checks.run_suite(suite, frame, key=key, pages=pages)]


def _gates(store: Store, batch: Fields, pages: Pages, *, turns: pl.DataFrame, n_kept: int, n_quarantined: int) -> list[Verdict]:
    corrected, canaries = corrected_batch(store, batch), canaries_of(store, batch["dataset"])
    facts = {**_facts(store, batch, n_kept=n_kept, n_quarantined=n_quarantined), "corrected_acceptance": corrected_size(corrected)}
    # a canary that came back stops the batch, whether or not its dialogue is in quarantine
    facts["canaries"] = exposed(canaries, turns["text"].drop_nulls())
    planted = Measured(float(len(canaries)), n=len(canaries))
    data = {**facts_of_data(store, batch), "labelled_of_a_class": n_labelled_of_a_class(corrected), "canaries": planted}
    figures = gates.figures(batch, anchors_at_hand(store, batch), facts, data)
    suites = checks.suites()
    figures["facts.unmeasured"] = gates.unmeasured(suites, figures)
    verdicts: list[Verdict] = []
    for name in gates.batch_gates(suites):
        rows = gates.evidence(checks.suite(name), figures)
        found = checks.run_suite(name, gates.frame(rows), gates.parameters(rows), key="subject", pages=pages)
        verdicts += verdicts_on(name, found, rows)
    return verdicts


def _facts(store: Store, batch: Fields, *, n_kept: int, n_quarantined: int) -> dict[str, Measured]:
    """What the rows say of the batch itself: counts and shares without sampling error, hence without interval."""
    lineage = store.rows("validate/lineage", batch_key=batch["batch_key"])[0]
    cut = store.rows("validate/cut", batch_key=batch["batch_key"])[0]
    given = [row["licence"] for row in store.rows("validate/licences", batch_key=batch["batch_key"])]
    n = n_kept + n_quarantined
    return {
        "dialogues": Measured(float(n_kept), n=n),
        "quarantined": Measured(n_quarantined / n, n=n) if n else Measured(None, reason="the batch is empty"),
        "missing": Measured(batch["n_missing"] / batch["n_dialogues"], n=batch["n_dialogues"])
        if batch["n_dialogues"]
        else Measured(None, reason="the batch is empty"),
        "cut": _share_cut(cut["n_cut"], cut["n_dialogues"]),
        "unlicensed_sources": Measured(float(len(licences.unknown(given))), n=len(given))
        if given
        else Measured(None, reason="the batch has no source"),
        "history": Measured(lineage["n_told"] / lineage["n_scenarios"], n=lineage["n_scenarios"])
        if lineage["n_scenarios"]
        else Measured(None, reason="the batch is empty"),
        "foreign_scenarios": Measured(float(lineage["n_foreign_scenarios"]), n=lineage["n_scenarios"]),
        "foreign_exemplars": Measured(float(lineage["n_foreign_exemplars"]), n=lineage["n_exemplars"])
        if lineage["n_genomes"]
        else Measured(None, reason="the genome of the batch is not in the store"),
    }


def _share_cut(n_cut: int | None, n: int) -> Measured:
    """The share of dialogues with a turn that a limit on length has cut."""
    if not n:
        return Measured(None, reason="the batch is empty")
    if n_cut is None:
        return Measured(None, reason="some dialogues were played before cut turns were counted")
    return Measured(n_cut / n, n=n)


def _quarantine_rows(batch_key: str, reasons: dict[str, list[str]]) -> pl.DataFrame:
    rows = [(batch_key, play_key, sorted(told)) for play_key, told in sorted(reasons.items())]
    return pl.DataFrame(rows, schema={"batch_key": pl.String, "play_key": pl.String, "reasons": pl.List(pl.String)}, orient="row")


def _verdict_rows(batch_key: str, verdicts: list[Verdict]) -> pl.DataFrame:
    columns = ("suite", "expectation", "subject", "observed", "lo", "hi", "n", "bound", "passed", "detail", "at_least", "applies")
    numbers = dict.fromkeys(("observed", "lo", "hi", "bound"), pl.Float64)
    types = {"passed": pl.Boolean, "at_least": pl.Boolean, "applies": pl.Boolean, "n": pl.Int64, **numbers}
    rows = [(batch_key, *(getattr(verdict, column) for column in columns)) for verdict in verdicts]
    return pl.DataFrame(rows, schema={"batch_key": pl.String, **{c: types.get(c, pl.String) for c in columns}}, orient="row")


def _fields(store: Store, batch_key: str) -> GateFields:
    batch = _batch(store, batch_key)
    verdicts = [Verdict(**row).as_json() for row in store.rows("validate/verdicts", batch_key=batch_key)]
    judgement = judgement_of(store, batch_key) or NOT_JUDGED
    docs = data_docs.kept(store.path, batch_key, judgement["number"])
    quarantined = store.rows("validate/quarantine", batch_key=batch_key)
    counts = pl.Series([reason for row in quarantined for reason in row["reasons"]], dtype=pl.String).value_counts(name="n")
    return {
        "verdicts": verdicts,
        "judgement": judgement,
        "data_docs": None if docs is None else str(docs),
        "passed": not any(verdict["outcome"] == "failed" for verdict in verdicts),
        "n_quarantined": len(quarantined),
        "quarantined_by_reason": dict(sorted(counts.rows())),
        "overlap": overlap_of(store, batch_key),
        "underpowered": gates.underpowered_strata(batch["objectives"]),
        "instruments": load_instruments(store, batch["profile_key"]).described(),
        "corrected": corrected_batch(store, batch),
        "worst": [{"dialogue": row["play_key"], "reasons": row["reasons"]} for row in quarantined[:N_WORST]],
    }
