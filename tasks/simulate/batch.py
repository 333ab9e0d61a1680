"""Stage simulate: a batch of dialogues for the seekers of `search`, and what the gates need to know of the prompt behind it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import polars as pl
from prefect import task

from understudy.completion import engine_of
from understudy.errors import BadInput
from understudy.keys import key, seed_of
from understudy.parameters import PanelSize
from understudy.play.dialogue import ends_of
from understudy.play.panels import Panel, draw_panel
from understudy.prompt.genome import Genome
from understudy.prompt.setting import load_setting, seed_genome
from understudy.records import REPORTING
from understudy.report.figures import counted
from understudy.report.markdown import table
from understudy.rows import played as rows
from understudy.rows.handle import Humans
from understudy.tasks.artifacts import page
from understudy.tasks.play.evaluation import keep, measured
from understudy.tasks.play.opened import OpenRun
from understudy.tasks.play.work import Work
from understudy.tasks.simulate.results import BatchFields, EndFields, Mended, SimulateFields

VERSION = 1
# the replays behind the gates are those of the report, so a night plays them once
REPORT_REPLICATE = 2
MENDED: dict[Mended, str] = {
    "n_stripped": "labels, stage directions, quotes and template echo removed",
    "n_redone": "drafts rejected by the verifier",
    "n_unchecked": "answers of the verifier that could not be read",
    "n_cut": "turns cut at a limit on their length",
    "n_normalised": "characters replaced or removed, since they cannot be stored or shown",
    "n_recounted": "replies whose tokens were counted here, since the provider's report was absent or impossible",
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


@task(name="play batch", persist_result=False)
def play_batch(opened: OpenRun, *, genome_digest: str, batch: str, n: int, size: PanelSize) -> SimulateFields:
    """The fields of `understudy simulate`. A batch that is there is answered from its rows."""
    panel = _panel(opened.humans, batch=batch, n=n, size=size, seed=opened.options.seed)
    work = opened.work(genome_digest, panel, split=REPORTING, free_split="search")
    batch_key = _key_of(work, batch, n=n, size=size)
    store, gateway = opened.store, opened.gateway
    if not store.rows("simulate/batch", batch_key=batch_key):
        _play(opened, work, batch_key, batch)
    row = store.rows("simulate/batch", batch_key=batch_key)[0]
    members = [one["play_key"] for one in store.rows("simulate/members", batch_key=batch_key)]
    ended = cast(EndFields, ends_of(rows.load_played(store, members).values()))
    fields: BatchFields = {
        "batch": batch, "batch_key": batch_key, "dataset": opened.dataset, "engine": row["engine"], "n_dialogues": row["n_dialogues"],
        **ended,
    }  # fmt: skip
    show(fields)
    return {**fields, "n_model_calls": gateway.n_calls, "tokens": gateway.tokens, "usd": gateway.usd}


def show(fields: BatchFields) -> None:
    """The page of a batch, for the UI: how its dialogues ended, and what was mended in the seeker's replies."""
    ends = [[status, reason, str(n)] for status, reasons in fields["ends"].items() for reason, n in reasons.items()]
    mended = [[told, counted(fields[name])] for name, told in MENDED.items()]
    text = "\n\n".join((table(["dialogues", "because of", "n"], ends), table(["the seeker's replies", "n"], mended)))
    page(text, key="batch", description=f"Batch {fields['batch']}: {fields['n_dialogues']} dialogues")


def _key_of(work: Work, batch: str, *, n: int, size: PanelSize) -> str:
    """The key of a batch: its name, whose prompt, and how it is played."""
    parts = {
        "profile": work.profile_key, "genome": work.genome_digest, "recommender": work.recommender, "model": work.model,
        "seed": work.seed, "n": n, "report": size.model_dump(),
    }  # fmt: skip
    if work.verifier:
        parts["verifier"] = work.verifier
    return key("batch", VERSION, batch=batch, **parts)


def _panel(humans: Humans, *, batch: str, n: int, size: PanelSize, seed: int) -> Panel:
    """The report's replays, and free runs whose replicate and place in the order come from the name of the batch."""
    report = humans.panel(REPORTING, size, seed=seed, replicate=REPORT_REPLICATE)
    own = seed_of("batch", VERSION, batch)
    free = draw_panel(
        (), humans.scenarios("search").values(), per_stratum=0, n_behaviour=0, n_free=n, seed=seed, rotation=own, replicate=own
    ).free
    return Panel(report.reactions, report.behaviour, free, REPORT_REPLICATE)


def _play(opened: OpenRun, work: Work, batch_key: str, batch: str) -> None:
    found = measured(opened, work, needs_replies=True)
    played = found.played
    runs = [one for one in played if one.mode == "free"]
    # a fallback or a second model may have had a part in a dialogue
    members = pl.DataFrame({"batch_key": [batch_key] * len(runs), "play_key": [one.play_key for one in runs]})
    batch_row = {
        "batch_key": batch_key, "batch": batch, "dataset": work.dataset, "profile_key": work.profile_key,
        "genome_digest": work.genome_digest, "recommender": work.recommender, "model": work.model,
        "engine": engine_of(one.engine for one in played), "seed": work.seed, "evaluation_key": work.key, "n_dialogues": len(runs),
        "n_missing": sum(one.status == "missing" for one in runs), "n_tokens": sum(one.n_tokens for one in runs),
    }  # fmt: skip
    store = opened.store
    with store.transaction():
        keep(store, [found.done])
        store.add("simulate.batches", [batch_row])
        store.add("simulate.members", members)


def _read(path: Path) -> Genome:
    try:
        return Genome.from_json(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise BadInput(
            f"the genome file {path} cannot be read: {error}", hint="give the file that `understudy optimize` reports as its pick"
        ) from error
