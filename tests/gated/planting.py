"""Known faults, planted into the dialogues of a batch that was played, which is then measured anew from the turns that stand there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from tests.flows.unserved import without_prefect
from understudy import objectives
from understudy.doors.store import Store
from understudy.flows import stages
from understudy.instruments.disclosure import ItemIndex
from understudy.instruments.text import Titles
from understudy.keys import canonical_json, share_of
from understudy.measure.privacy import plant
from understudy.parameters import PanelSize, RunOptions
from understudy.play.dialogue import Played, PlayedTurn
from understudy.play.frames import simulated
from understudy.records import DECOY, REPORTING, Dialogue, Turn
from understudy.rehearsal import fronts
from understudy.rows.handle import Humans
from understudy.rows.played import keep_genomes, load_played
from understudy.studies.dose import doses
from understudy.studies.dose.words import DialogueFacts, Place
from understudy.tasks.play.opened import models_open
from understudy.tasks.play.surfaces import surface_named

Texts = Mapping[Place, Turn]
SEED = 5


@dataclass(frozen=True)
class Ground:
    """A batch in an open store, and its humans: dialogues of the batch are members, single turns of its report are replays."""

    store: Store
    batch_key: str
    humans: Humans
    members: Mapping[str, Played]
    replays: Mapping[str, Played]

    @classmethod
    def of(cls, store: Store, batch_key: str, dataset: str) -> Ground:
        """The batch as it was played."""
        members, replays = (
            load_played(store, [str(one["play_key"]) for one in store.rows(f"simulate/{kind}", batch_key=batch_key)])
            for kind in ("members", "replays")
        )
        return cls(store, batch_key, Humans.of(store, dataset), members, replays)

    def facts(self, targets: Mapping[str, str] | None = None, points: frozenset[Place] = frozenset()) -> DialogueFacts:
        """What a dose has to know; what is copied comes from people who are no source of a prompt."""
        held_out = set(self.humans.turns("select")["dialogue_id"])
        donors = [one for one in self.humans.dialogues() if one.dialogue_id in held_out]
        items = self.humans.items
        return DialogueFacts(ItemIndex(items), Titles.of(items), targets or {}, points, self.humans.instruments, donors)

    def evaluation(self, changed: Texts) -> objectives.Evaluation:
        """What the objectives say of the batch with these turns in the place of others."""
        played = [_with(one, changed) for one in (*self.replays.values(), *self.members.values())]
        seed = int(self.store.rows("validate/batch", batch_key=self.batch_key)[0]["seed"])
        seen = simulated(played, self.humans.context_turns(REPORTING))
        return objectives.measure_all(seen, self.humans.reference(REPORTING, seed=seed), seed=seed, intervals=True)


def played(path: Path, logs: Path, *, n: int) -> str:
    """The key of a batch that rehearsal played on the logs of ReDial, with its report, in a new store at a path.

    Its prompt is the one that the true front of the surface names, so that no search has to find it.
    """
    options = RunOptions(store=path)
    with without_prefect(), Store.open(path) as store:
        stages.ingest("redial", [str(logs)], dataset="redial", store=store)
        stages.profile("redial", store=store)
        with models_open("redial", options, store) as opened:
            (best, *_) = fronts.true_front(surface_named(options.surface))
            genome = best.choice.genome(sorted(opened.humans.exemplars))
            with store.transaction():
                keep_genomes(store, [genome], setting="true front")
            report = PanelSize(per_stratum=150, behaviour=80, free=60)
            done = stages.simulate("redial", genome_digest=genome.digest, batch="one", n=n, report=report, options=opened)
    return str(done["batch_key"])


def titles(ground: Ground, *, share: float) -> Texts:
    """In a share of the dialogues the seeker says the target's title at the beginning."""
    wanted = {key: one.target for key, one in ground.members.items() if one.target}
    return _dosed(_whole(ground.members), ground.facts(wanted), kind="titles", share=share)


def acceptance(ground: Ground, *, share: float) -> Texts:
    """In a share of the replayed reactions that are none, the seeker accepts what was recommended."""
    answered = {row["context_id"]: row["answered"] for row in ground.humans.context_turns(REPORTING).iter_rows(named=True)}
    asked = {key: one for key, one in ground.replays.items() if one.stratum not in (None, DECOY) and one.turns}
    talks = [
        Dialogue(key, (Turn("recommender", answered[one.scenario_id]), Turn("seeker", one.turns[0].text)), seeker_id=key)
        for key, one in sorted(asked.items())
    ]
    dosed = _dosed(talks, ground.facts(points=frozenset((key, 1) for key in asked)), kind="acceptance", share=share)
    return {(key, 0): turn for (key, _), turn in dosed.items()}


def repeated(ground: Ground, *, share: float) -> Texts:
    """A share of the turns replayed in whole dialogues is one of ten turns of ours."""
    turns = {key: one for key, one in ground.replays.items() if one.stratum is None}
    return _dosed(_whole(turns), ground.facts(), kind="repeated", share=share)


def copied(ground: Ground, *, share: float) -> Texts:
    """A share of the seekers' turns in the dialogues of the batch is a turn of somebody of the logs, word for word."""
    wanted = {key: one.target for key, one in ground.members.items() if one.target}
    return _dosed(_whole(ground.members), ground.facts(wanted), kind="copied", share=share)


def canary(ground: Ground) -> tuple[Texts, Texts]:
    """One turn of one dialogue with a word of a canary at its end, and the human turn that the canary was planted in."""
    shown = ground.humans.turns("exemplar").filter(role="seeker").sort("dialogue_id", "turn_index").head(1)
    said = shown.row(0, named=True)
    sown, (code,) = plant(shown.select("text"), n=1, seed=SEED)
    place = next(place for place in _spoken(ground.members) if place[1] > 0)
    old = ground.members[place[0]].turns[place[1]]
    human = {(str(said["dialogue_id"]), int(said["turn_index"])): Turn("seeker", str(sown["text"][0]))}
    return {place: Turn("seeker", f"{old.text} {code.split()[0]}", item_ids=old.item_ids)}, human


def write(path: Path, changed: Texts, evaluation: objectives.Evaluation, *, evaluation_key: str, humans: Texts) -> None:
    """Puts turns and figures in the place of those that the store at a path holds; nobody has it open."""
    told = evaluation.as_json()
    parts = {part: canonical_json(told[part]) for part in ("objectives", "leakage", "diagnostics")}
    with duckdb.connect(str(path)) as store:
        for (key, at), turn in changed.items():
            said = {"text": turn.text, "items": list(turn.item_ids), "key": key, "at": at}
            store.execute("update play.turns set text = $text, item_ids = $items where play_key = $key and turn_index = $at", said)
        for (key, at), turn in humans.items():
            said = {"text": turn.text, "key": key, "at": at}
            store.execute("update ingest.turns set text = $text where dialogue_id = $key and turn_index = $at", said)
        figures = "objectives = $objectives, leakage = $leakage, diagnostics = $diagnostics"
        store.execute(f"update optimize.evaluations set {figures} where evaluation_key = $key", {**parts, "key": evaluation_key})


def _dosed(talks: Sequence[Dialogue], facts: DialogueFacts, *, kind: str, share: float) -> Texts:
    dosed = doses.apply(talks, facts, kind=kind, share=share, seed=SEED)
    said = {one.dialogue_id: one.turns for one in dosed.dialogues}
    return {(key, at): said[key][at] for key, at in dosed.changed}


def _whole(played: Mapping[str, Played]) -> list[Dialogue]:
    return [
        Dialogue(key, tuple(Turn(turn.role, turn.text, item_ids=turn.item_ids) for turn in one.turns), seeker_id=key)
        for key, one in sorted(played.items())
        if one.turns
    ]


def _spoken(played: Mapping[str, Played]) -> Iterator[Place]:
    """The seekers' turns, in an order that nothing of their content decides."""
    for key in sorted(played, key=lambda one: share_of("planted", SEED, one)):
        yield from ((key, at) for at, turn in enumerate(played[key].turns) if turn.role == "seeker" and turn.text)


def _with(one: Played, changed: Texts) -> Played:
    turns = tuple(_turn(turn, changed.get((one.play_key, at))) for at, turn in enumerate(one.turns))
    return replace(one, turns=turns)


def _turn(old: PlayedTurn, new: Turn | None) -> PlayedTurn:
    return old if new is None else replace(old, text=new.text, item_ids=new.item_ids)
