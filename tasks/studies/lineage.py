"""The lineage of a search's pick, or of any of its candidates, out of the store."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from understudy.doors.reading_copy import readable
from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.objectives import NAMES
from understudy.profile.splits import people_fields
from understudy.prompt.genome import Genome
from understudy.records import Measured
from understudy.report.figures import REHEARSAL_WARNING
from understudy.rows import played as rows
from understudy.studies.lineage import page
from understudy.studies.lineage import steps as lineage
from understudy.studies.lineage.steps import Candidate, Change, LineageStep
from understudy.tasks.studies import documents
from understudy.tasks.studies.results.lineages import ChangeFields, GainFields, LineageFields, MeasuredOn, StepFields

Fields = dict[str, Any]
_N_LISTED = 20
_NO_FIGURE = Measured(None, reason="it was not measured on the panel of this generation")


def show_run(store_path: str, run: str, *, genome: str | None) -> LineageFields:
    """The fields of `understudy show`; of a store that is written to, from the copy beside it. Raises BadInput.

    `run` and `genome` may be the beginnings of a key and a digest.
    """
    with readable(Path(store_path)) as reading:
        store = reading.store
        found = _run(store, run)
        told = store.rows("optimize/lineage", run_key=found["run_key"])
        outcome = next(iter(store.rows("optimize/outcome", run_key=found["run_key"])), None)
        digest = _genome(told, genome, outcome, found["run_key"])
        candidates = [_candidate(row) for row in told]
        genomes = {row["genome_digest"]: Genome.from_json(json.loads(row["genome"])) for row in told if row["genome"]}
        scored = store.rows("optimize/lineage_evaluations", run_key=found["run_key"])
        figures = {(row["generation"], row["genome_digest"]): _objectives_of(row) for row in scored}
        costs = {(row["generation"], row["genome_digest"]): row for row in scored}
        steps = lineage.steps(candidates, genomes, figures, digest)
        seed = steps[0].candidate.parents[0] if steps else digest
        whole = lineage.change(genomes[seed], rows.load_genome(store, digest))
        on, objectives = _final(store, outcome, seed, digest)
    critic = {(row["generation"], row["genome_digest"]): row["n_critic_tokens"] for row in told}
    return {
        "snapshot": reading.snapshot,
        "run": found["run_key"],
        "setting": found["setting"],
        "algorithm": found["algorithm"],
        "model": found["model"],
        "seed": found["seed"],
        "n_generations": found["n_generations"],
        "recommender": json.loads(found["config"]).get("recommender"),
        "stopped": outcome["stopped"] if outcome else None,
        "seed_digest": seed,
        "genome_digest": digest,
        "is_pick": outcome is not None and outcome["genome_digest"] == digest,
        "n_played": sum(one.is_played and one.operator != lineage.SURVIVOR for one in candidates),
        "n_rejected": sum(not one.is_played for one in candidates),
        "steps": [_step(at, one, costs, critic) for at, one in enumerate(steps, start=1)],
        "whole": {"change": _change(whole), "split": on["split"], "part": on["part"], "objectives": objectives},
        "engine_note": REHEARSAL_WARNING if found["model"].startswith("rehearsal") else "",
    }


def written(fields: LineageFields, *, html: str | None, markdown: str | None) -> dict[str, str]:
    """Form → file of the lineage as it was asked for. Raises BadInput."""
    return documents.kept(page.document(fields), html=html, markdown=markdown)


def _run(store: Store, prefix: str) -> Fields:
    """The run of a key or of its beginning."""
    found = store.rows("optimize/runs_like", prefix=prefix) if prefix else []
    if len(found) == 1:
        return found[0]
    known = found or store.rows("optimize/runs_like", prefix="")
    if not known:
        raise BadInput("the store holds no search", hint="run `understudy optimize` first")
    listed = ", ".join(f"{row['run_key'][:12]} ({row['setting']}, {row['n_generations']} generations)" for row in known[:_N_LISTED])
    more = f" and {len(known) - _N_LISTED} more" if len(known) > _N_LISTED else ""
    what = f"the keys of {len(found)} searches begin with {prefix!r}" if found else f"there is no search {prefix!r}"
    raise BadInput(what, hint=f"name one of {listed}{more}")


def _genome(told: Sequence[Fields], asked: str | None, outcome: Fields | None, run_key: str) -> str:
    """The digest that is asked for: a candidate's, or the pick's."""
    if asked is None:
        if outcome is None:
            played = list(dict.fromkeys(row["genome_digest"][:12] for row in told if row["status"] == "ok"))
            hint = f"run the search to its end, or name a candidate with --genome: {', '.join(played[:_N_LISTED]) or 'none was played yet'}"
            raise BadInput(f"the search {run_key[:12]} has not ended, so it has no pick", hint=hint)
        return str(outcome["genome_digest"])
    found: list[str] = sorted({row["genome_digest"] for row in told if row["status"] == "ok" and row["genome_digest"].startswith(asked)})
    if len(found) != 1:
        what = f"the digests of {len(found)} candidates begin with" if found else "the search has played no candidate"
        raise BadInput(
            f"{what} {asked!r}",
            hint=f"name one of {', '.join(one[:12] for one in found[:_N_LISTED])}" if found else "take a digest from a front of the search",
        )
    return found[0]


def _candidate(row: Fields) -> Candidate:
    is_played = row["status"] == "ok"
    told = {name: row[name] for name in ("generation", "genome_digest", "operator", "reason", "objective", "fault", "section")}
    return Candidate(parents=tuple(row["parents"]), is_played=is_played, **told)


def _objectives_of(row: Fields) -> dict[str, Measured]:
    return {name: Measured.from_json(one) for name, one in json.loads(row["objectives"]).items()}


def _final(store: Store, outcome: Fields | None, seed: str, digest: str) -> tuple[MeasuredOn, dict[str, GainFields]]:
    """Seed and genome as the finalists were measured; nothing where the genome was none."""
    members = store.rows("optimize/outcome_members", outcome_key=outcome["outcome_key"]) if outcome else []
    known = {row["genome_digest"]: row for row in members}
    if seed not in known or digest not in known:
        return {"split": None, "part": None}, {}
    on = people_fields(known[digest]["split"])
    return {"split": on["split"], "part": on["part"]}, _pairs(_objectives_of(known[seed]), _objectives_of(known[digest]))


def _pairs(before: dict[str, Measured], after: dict[str, Measured]) -> dict[str, GainFields]:
    found: dict[str, GainFields] = {}
    for name in NAMES:
        one, other = before.get(name, _NO_FIGURE), after.get(name, _NO_FIGURE)
        found[name] = {"before": one.as_json(), "after": other.as_json(), "gain": lineage.gain(one, other).as_json()}
    return found


def _step(at: int, one: LineageStep, costs: dict[tuple[int, str], Fields], critic: dict[tuple[int, str], int]) -> StepFields:
    place = (one.candidate.generation, one.candidate.genome_digest)
    spent = costs.get(place, {"n_dialogues": None, "n_tokens": None})
    return {
        "step": at,
        "generation": one.candidate.generation,
        "operator": one.candidate.operator,
        "genome_digest": one.candidate.genome_digest,
        "objective": one.candidate.objective,
        "fault": one.candidate.fault,
        "section": one.candidate.section,
        "parents": list(one.candidate.parents),
        "change": _change(one.change),
        "objectives": _pairs(dict(one.before), dict(one.after)),
        "n_siblings_played": one.n_siblings_played,
        "siblings_rejected": dict(one.siblings_rejected),
        "cost": {"n_dialogues": spent["n_dialogues"], "n_tokens": spent["n_tokens"], "n_critic_tokens": critic[place]},
    }


def _change(change: Change) -> ChangeFields:
    return {
        "sections": {name: [list(piece) for piece in pieces] for name, pieces in change.sections.items()},
        "controls": {name: list(both) for name, both in change.controls.items()},
        "exemplars_added": list(change.exemplars_added),
        "exemplars_dropped": list(change.exemplars_dropped),
    }
