"""Stage simulate: a batch of dialogues with one prompt for the seekers of `search`, and what its rows say of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import polars as pl
from prefect import task

from understudy.completion import engine_of
from understudy.doors.events import emit
from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.play.dialogue import Played, endings_of, ends_of
from understudy.play.endings import ENDINGS, MAX_TURNS, Ending, endings
from understudy.play.panels import Panel
from understudy.prompt.genome import Genome
from understudy.prompt.setting import load_setting, seed_genome
from understudy.recommenders import max_turns_in
from understudy.records import AmountFields, Role
from understudy.report.figures import counted, overlapping
from understudy.report.markdown import table
from understudy.rows import played as rows
from understudy.tasks.artifacts import page
from understudy.tasks.play.evaluation import performed
from understudy.tasks.play.missing import require_replies
from understudy.tasks.play.opened import OpenRun
from understudy.tasks.play.work import Work
from understudy.tasks.simulate.behind import local_models_behind
from understudy.tasks.simulate.plan import BatchPlan, panel_rows
from understudy.tasks.simulate.report import batch_of, overlap_of
from understudy.tasks.simulate.results import BatchFields, CallFields, EndFields, EndingFields, Mended, PlayedFields, SimulateFields

MENDED: dict[Mended, str] = {
    "n_stripped": "labels, stage directions, quotes, template echo and stop tokens removed",
    "n_redone": "drafts rejected by the verifier",
    "n_unchecked": "turns that the verifier has not checked, since its answer could not be read or was not asked for any more",
    "n_cut": "turns cut at a limit on their length",
    "n_normalised": "characters replaced or removed, since they cannot be stored or shown",
    "n_recounted": "replies whose tokens were counted here, since the provider's report was absent or impossible",
    "n_prompts_cut": "prompts at least that a server has cut",
}
Fields = dict[str, Any]


@task(name="choose prompt", persist_result=False)
def prompt_of(opened: OpenRun, *, setting: str | None, genome_file: str | None) -> str:
    """The digest of the genome to be played, kept in the store."""
    if setting is not None:
        exemplars = sorted(opened.humans.exemplars)
        genome, name = seed_genome(load_setting(setting), exemplars, seed=opened.options.seed), Path(setting).stem
    else:
        genome, name = _read(Path(genome_file or "")), "genome file"
    with opened.store.transaction():
        rows.keep_genomes(opened.store, [genome], setting=name)
    return genome.digest


@task(name="play batch", task_run_name="play batch {plan.name} of {plan.n} dialogues", persist_result=False)
def play_batch(opened: OpenRun, *, genome_digest: str, plan: BatchPlan) -> PlayedFields:
    """What was played for a batch, without its report. A batch that is there is answered from its rows."""
    work, store, n_before = plan.work(opened, genome_digest), opened.store, opened.gateway.n_calls
    batch_key = plan.key(work)
    if not store.rows("simulate/batch", batch_key=batch_key):
        _play(opened, work, batch_key, plan)
    emit("simulate", "dialogues_played", batch_key)
    return {"batch_key": batch_key, "n_model_calls": opened.gateway.n_calls - n_before}


def batch_fields(store: Store, batch_key: str) -> BatchFields:
    """What the rows of a batch say."""
    row = batch_of(store, batch_key)
    members = [one["play_key"] for one in store.rows("simulate/members", batch_key=batch_key)]
    played = list(rows.load_played(store, members).values())
    ended = cast(EndFields, ends_of(played))
    return {
        "batch": row["batch"], "batch_key": batch_key, "dataset": row["dataset"], "engine": row["engine"],
        "n_dialogues": row["n_dialogues"], "endings": _endings(store, row, played),
        "is_reported": row["is_reported"], "overlap": overlap_of(store, batch_key), **ended,
    }  # fmt: skip


def _endings(store: Store, batch: Mapping[str, Any], played: Sequence[Played]) -> dict[Ending, EndingFields]:
    """How the dialogues of a batch end, beside the human dialogues behind them, which are read by the same rules."""
    most = max_turns_in(batch["recommender"]) or MAX_TURNS
    said: dict[str, list[tuple[Role, str]]] = {}
    for turn in store.rows("simulate/human_turns", batch_key=batch["batch_key"], dataset=batch["dataset"]):
        said.setdefault(turn["dialogue_id"], []).append((turn["role"], turn["text"]))
    ours, theirs = endings_of(played), endings(said.values(), most=most)
    return {name: {"simulated": ours[name], "human": theirs[name]} for name in ENDINGS}


def answered(
    opened: OpenRun, batch_key: str, *, planned: Mapping[str, AmountFields], made: Mapping[str, int]
) -> SimulateFields:
    """The fields of `understudy simulate`. `planned` and `made`: model calls of the dialogues and of the report."""
    fields, gateway = batch_fields(opened.store, batch_key), opened.gateway
    show(fields)
    calls: dict[str, CallFields] = {name: {"planned": planned[name], "made": n} for name, n in made.items()}
    return {**fields, "calls": calls, "n_model_calls": gateway.n_calls, "tokens": gateway.tokens, "usd": gateway.usd}


def show(fields: BatchFields) -> None:
    """The page of a batch, for the UI: how its dialogues ended, and what was mended in the seeker's replies."""
    ends = [[status, reason, str(n)] for status, reasons in fields["ends"].items() for reason, n in reasons.items()]
    mended = [[told, counted(fields[name])] for name, told in MENDED.items()]
    again = [[reason, str(n)] for reason, n in (fields["asked_again"] or {}).items()]
    beside = [[name, str(one["simulated"]), str(one["human"])] for name, one in fields["endings"].items()]
    tables = (
        table(["dialogues", "because of", "n"], ends), table(["ending", "simulated", "human"], beside),
        table(["the seeker's replies", "n"], mended), table(["asked for once more because of", "n"], again),
    )  # fmt: skip
    text = "\n\n".join((*tables, overlapping(fields["overlap"])))
    page(text, key="batch", description=f"Batch {fields['batch']}: {fields['n_dialogues']} dialogues")


def _play(opened: OpenRun, work: Work, batch_key: str, plan: BatchPlan) -> None:
    """Plays the dialogues and writes the batch; what its report is to replay is written with it."""
    store, dialogues = opened.store, replace(work, panel=Panel((), (), work.panel.free, work.panel.replicate))
    runs, fresh = performed(opened, dialogues)
    require_replies(opened, dialogues, runs, fresh)
    batch_row = {
        "batch_key": batch_key, "batch": plan.name, "dataset": work.dataset, "profile_key": work.profile_key,
        "genome_digest": work.genome_digest, "recommender": work.recommender, "model": work.model, "verifier": work.verifier,
        "engine": engine_of(one.engine for one in runs), "seed": work.seed, "evaluation_key": work.key, "n_dialogues": len(runs),
        "n_missing": sum(one.status == "missing" for one in runs), "n_tokens": sum(one.n_tokens for one in runs),
    }  # fmt: skip
    batch_row["local_models"] = json.dumps(local_models_behind(store, batch_row), sort_keys=True)
    with store.transaction():
        rows.keep_played(store, fresh, profile_key=work.profile_key)
        store.add("simulate.batches", [batch_row])
        store.add("simulate.members", pl.DataFrame({"batch_key": [batch_key] * len(runs), "play_key": [one.play_key for one in runs]}))
        store.add("simulate.panels", panel_rows(batch_key, work.panel))


def _read(path: Path) -> Genome:
    try:
        return Genome.from_json(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise BadInput(
            f"the genome file {path} cannot be read: {error}", hint="give the file that `understudy optimize` reports as its pick"
        ) from error
