"""How often an audit finds something where there is nothing: people of ReDial, audited against other people of it.

The workers of `select` are halved by lot. The dialogues of one half are a file whose dialogues stand for these very humans, those of
the other half are the humans. Every finding is a false alarm: both halves are people of one study, who share no worker.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from tests.stored import on
from understudy.doors.store import Store
from understudy.measure.frequent import frequent_turns, turns_of
from understudy.measure.reference import Human, Reference
from understudy.profile.anchors import disjoint_halves, powered
from understudy.records import STRATA, Label
from understudy.rows.handle import Humans
from understudy.statistics.rates import wilson
from understudy.studies.audit import measurement, pairing
from understudy.studies.audit.findings import beside_humans, findings
from understudy.tasks.ingest.logs import ingest_logs
from understudy.tasks.profile import dataset
from understudy.tasks.profile.instruments import keep_instruments
from understudy.tasks.studies.audit_ground import AuditGround, ground_of

pytestmark = [pytest.mark.prove, pytest.mark.logs]
LOGS = Path(__file__).resolve().parents[2].parent / "shared/data/redial"
N_AUDITS = 20
NOMINAL = 0.05
# what can be a finding, besides turns that a file repeats and duplicates, which people do not have by the way they are counted
LOOKED_AT = {
    "positive_bias": STRATA,
    "diversity_gap": ("distinct_2", "self_similarity", "act_entropy", "openings"),
    "behavioural_distance": ("tokens", "turns", "acts", "classifier"),
    "data_leakage": ("title", "attributes", "copying", "short_turns"),
}


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> AuditGround:
    """The humans of `select` as an audit has them, read by the shipped instruments. Floors are not needed."""
    if not LOGS.is_dir():
        pytest.skip("the ReDial logs are not here")
    path = tmp_path_factory.mktemp("halves") / "redial.duckdb"
    on(path, ingest_logs, "redial", [str(LOGS)], dataset="redial")
    with Store.open(path) as store:
        with store.transaction():
            dataset._write(store, "p", "redial", "digest", 0)
            humans = Humans(store, "redial", "p")
            dataset.fit_rehearsal(store, humans)
            keep_instruments(store, humans, seed=0)
        return ground_of(store, "redial", [], split="select", by_id=False)


def of(human: Human, dialogues: set[str]) -> Human:
    """Some of the humans; copying is looked up in the text of all of them, as it is for any file."""
    frames = {name: frame for name in ("reactions", "behaviour", "targets") if (frame := getattr(human, name)) is not None}
    return replace(human, **{name: frame.filter(pl.col("dialogue_id").is_in(sorted(dialogues))) for name, frame in frames.items()})


def alarms(ground: AuditGround, whole: Reference, seed: int) -> tuple[set[str], set[str]]:
    """(what was found, what could have been) of one half held against the other."""
    file, humans = disjoint_halves(whole, seed=1_000 + seed)
    ours = [ground.humans.dialogues[name] for name in sorted(file)]
    named = [replace(one, labels=(*one.labels, Label("source_dialogue_id", one.dialogue_id))) for one in ours]
    heard = pairing.heard(named, ground.humans)
    reference = powered(whole.of(humans), whole)
    found = measurement.audit(
        heard, ground.humans, of(ground.human, humans), reference, split="select", ids={}, same_setting=True, seed=seed
    )
    often = beside_humans(frequent_turns(turns_of(named)), ground.human.turns.filter(pl.col("dialogue_id").is_in(sorted(humans))))
    raised = {one["about"] for one in findings(found, reference, frequent=often)}
    parts = {f"{name}.{part}": found.evaluation.objectives[name].parts.get(part) for name, parts in LOOKED_AT.items() for part in parts}
    return raised, {name for name, one in parts.items() if one is not None and one.value is not None} | {"doses.repeated"}


def test_people_are_found_no_farther_from_people_than_the_level_says(ground: AuditGround) -> None:
    whole = Reference.build(ground.human, seed=0)
    found, possible, n_with = Counter[str](), Counter[str](), 0
    for seed in range(N_AUDITS):
        raised, could = alarms(ground, whole, seed)
        found.update(raised)
        possible.update(could | raised)
        n_with += bool(raised)
        print(f"audit {seed + 1}: {', '.join(sorted(raised)) or 'nothing'} of {len(could)}", flush=True)
    for name in sorted(possible):
        print(f"{name}: {found[name]} of {possible[name]}")
    share = wilson(found.total(), possible.total())
    print(f"findings raised: {found.total()} of {possible.total()}: {share.value:.3f} [{share.lo:.3f}, {share.hi:.3f}]")
    print(f"audits with a finding: {n_with} of {N_AUDITS}")
    assert set(possible) > {"positive_bias.unstated", "diversity_gap.openings", "behavioural_distance.turns", "data_leakage.copying"}
    for name, one in {"all": share, **{name: wilson(found[name], n) for name, n in possible.items()}}.items():
        assert one.lo is not None
        assert one.lo <= NOMINAL, (name, found)
