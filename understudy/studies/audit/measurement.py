"""Simulated dialogues from any source, measured against ingested humans. No model is called, and figures without evidence are not measured.

The same instruments and objectives as everywhere; besides, `doses`: what share of the humans' own turns would have to be given a
known fault (`dose`) to look like this file. `understudy.studies.audit.pairing` says which human a dialogue stands beside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import polars as pl

from understudy.measure.languages import Unread, figures_read, unread_of
from understudy.measure.reference import Human, Observed, Reference, Simulated, observe
from understudy.measure.values import ObjectiveValue
from understudy.objectives import Evaluation, measure_observed
from understudy.objectives.data_leakage import CAPPED
from understudy.profile.anchors import SIZES, Anchor, floors_of, human_anchors, human_figures
from understudy.records import STRATA, Measured
from understudy.statistics.rates import wilson
from understudy.studies.audit import faults
from understudy.studies.audit.faults import NO_TARGETS, NOT_AT_POINTS
from understudy.studies.audit.pairing import REPLAYED, AuditHumans, Heard, frames, replayed_share
from understudy.studies.audit.reported import WHAT, Figure, reported
from understudy.studies.audit.utterances import Spoken, utterances
from understudy.studies.dose import doses as dose

VERSION = 2
N_HALVINGS = 16  # half of them shift a floor's end by less than the floor's own spread, and each costs half a second
Setting = Literal["replayed", "same", "differs"]
Beside = Literal["paired", "all"]
NO_PAIRS = "no dialogue states its human dialogue: reactions are compared only if the metadata hold `scenario` or the source `dialogue_id`"
NO_PROMPTS = "the file holds no prompts; the metadata `title_in_prompt` would state it"
NO_OUTCOMES = "a file of dialogues holds no failed calls"
DIFFERS = "the experimental setting differs: the humans talked to another recommender, and humans in two settings differ as much"
NO_DECOYS = "a file of dialogues holds no decoys; only `simulate` plays them"
_OF_REACTIONS = ("accept_", "reject_", "neither_", "over_acceptance", "disliked_acceptance", "item_agreement")
# what a dose and a reported figure are read by, where it needs an instrument that does not read every language
_OF_DOSE = {"acceptance": "reaction", "titles": "disclosure"}
_OF_REPORTED = {"acceptance_any": "reaction", "negative_reactions": "reaction", "first_turn_disclosure": "disclosure"}
_FAILURES = ("invalid", "role_flips", "missing")


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found.

    `figures`: name → the simulator's figure and the humans'; `doses` and `rates` by kind of fault, the latter for both sides;
    `anchors`: the floors at this file's size; `turns`: every turn that was measured with what is wrong with it. `reported`: what papers
    report, with the humans that the file stands for, turn by turn where it has single turns (`beside` is paired), or with all of them.
    """

    evaluation: Evaluation
    figures: Mapping[str, tuple[Measured, Measured]]
    doses: Mapping[str, Measured]
    rates: Mapping[str, tuple[Measured, Measured]]
    anchors: Mapping[str, Anchor]
    setting: Setting
    replayed: Measured
    observed: Observed
    turns: pl.DataFrame
    reported: Mapping[str, Figure]
    beside: Beside


def audit(
    pieces: Sequence[Heard], humans: AuditHumans, human: Human, reference: Reference, *, split: str, ids: Mapping[str, str],
    same_setting: bool, seed: int, n_halvings: int = N_HALVINGS,
) -> Audit:  # fmt: skip
    """The audit of a file's dialogues. `human` and `reference` are of `split`; `ids` as `pairing.item_ids` gives them."""
    simulated = frames(pieces, humans, ids=ids, same_setting=same_setting)
    read = observe(simulated, reference)
    # the dialogues stand in two frames, as replays and as runs: each of their turns counts once
    seen = replace(read, turns=read.turns.filter(pl.col("source") == "behaviour"))
    same, total = replayed_share(pieces)
    evaluation = measure_observed(seen, reference, seed=seed)
    sizes = _sizes(seen)
    anchors = {one.name: one for one in human_anchors(reference, split=split, sizes=sizes, seed=seed, n_halvings=n_halvings)}
    if same_setting:
        # turns per dialogue count here, so they count in the floor too
        anchors["behavioural_distance"] = replace(anchors["behavioural_distance.same_setting"], name="behavioural_distance")
    beside, told = _reported(pieces, humans, reference, seed=seed)
    tables, unread = faults.tables(simulated, seen, human, reference, seed=seed), unread_of(seen, reference)
    return Audit(
        evaluation=_with_reasons(evaluation, pieces, seen, unread).with_floors(floors_of(anchors.values())),
        figures=_read_pairs(_figure_pairs(seen, reference, sizes["behaviour"]) | _compared_figures(evaluation), unread),
        doses={name: _read(faults.excess(*tables[name], name, seed=seed), _OF_DOSE.get(name), unread.either) for name in dose.KINDS},
        rates={name: _rates(tables[name], _OF_DOSE.get(name), unread) for name in dose.KINDS},
        anchors=anchors,
        setting="replayed" if total and same >= REPLAYED * total else "same" if same_setting else "differs",
        replayed=wilson(same, total, nothing=NO_PAIRS),
        observed=seen,
        turns=_judged(simulated, seen),
        reported={name: _reported_read(name, one, unread) for name, one in told.items()},
        beside=beside,
    )


def _reported(pieces: Sequence[Heard], humans: AuditHumans, reference: Reference, *, seed: int) -> tuple[Beside, dict[str, Figure]]:
    """What papers report, beside the humans that the file stands for where all of it does, else beside all of the reference."""
    ours = utterances([Spoken(one.name, one.dialogue, one.only, one.n_given) for one in pieces], reference)
    known = set(reference.corpus.ids)
    is_paired = all(one.human and one.human.dialogue_id in known for one in pieces)
    if is_paired:
        theirs = utterances([Spoken(one.name, one.human, one.only) for one in pieces if one.human], reference)
    else:
        every = [Spoken(name, humans.dialogues[name]) for name in reference.corpus.ids]
        theirs = reference.once("utterances", lambda: utterances(every, reference))
    return "paired" if is_paired else "all", reported(ours, theirs, reference, humans.items, seed=seed)


def with_titles(reference: Reference, pieces: Sequence[Heard]) -> Reference:
    """The same humans, with targets that are not in the catalogue, so that their titles are looked for as well."""
    others = {one.target.item_id: one.target for one in pieces if one.target and one.target.item_id not in reference.catalogue.items}
    return replace(reference, catalogue=reference.catalogue.with_titles(others)) if others else reference


def _sizes(seen: Observed) -> dict[str, int]:
    """How much of humans stands in the simulator's place when floors are measured: as much as the file has, else a report's size."""
    counts = dict(seen.reactions.group_by("stratum").agg(pl.len()).iter_rows())
    return {
        "per_stratum": max(counts.get(name, 0) for name in STRATA) or SIZES["per_stratum"],
        "behaviour": max(seen.corpus.n, 1),
        "free": len(seen.disclosures) or SIZES["free"],
    }


def _figure_pairs(seen: Observed, reference: Reference, n_dialogues: int) -> dict[str, tuple[Measured, Measured]]:
    own = replace(
        reference, corpus=seen.corpus, reactions=seen.reactions, turns=seen.turns, disclosures=seen.disclosures, lengths=seen.free_lengths
    )  # fmt: skip
    n = min(n_dialogues, reference.corpus.n)
    ours, humans = (human_figures(one, n_dialogues=n) for one in (own, reference))
    return {name.removeprefix("human_"): (ours[name], humans[name]) for name in humans if name in ours}


def _compared_figures(evaluation: Evaluation) -> dict[str, tuple[Measured, Measured]]:
    """The figures behind the parts of variety, from the same computation: of as many dialogues and as many words on both sides."""
    variety = evaluation.objectives["diversity_gap"]
    return {name: (variety.own[name], variety.human[name]) for name in variety.own.keys() & variety.human.keys()}


def _judged(simulated: Simulated, seen: Observed) -> pl.DataFrame:
    """dialogue_id, turn_index, and what a turn has of each fault; `accepted` is null away from a human's reaction point."""
    turns = simulated.behaviour.select("dialogue_id", "turn_index", "text").hstack(seen.turns.select("n_tokens", "copied", "shared"))
    every = set(turns["dialogue_id"])
    reactions = seen.reactions.filter(pl.col("stratum").is_in(STRATA)).unique(("dialogue_id", "turn_index"), maintain_order=True)
    accepted = reactions.select("dialogue_id", "turn_index", "stratum", accepted=pl.col("label") == "accept")
    return faults.repeated(turns, every).join(accepted, on=("dialogue_id", "turn_index"), how="left", maintain_order="left")


def _read(figure: Measured, instrument: str | None, unread: Mapping[str, str]) -> Measured:
    """A figure, not measured where its instrument does not read the language."""
    why = unread.get(instrument or "", "")
    return Measured(None, n=figure.n, reason=why) if why else figure


def _rates(tables: tuple[pl.DataFrame, pl.DataFrame], instrument: str | None, unread: Unread) -> tuple[Measured, Measured]:
    ours, humans = (faults.rate(table) for table in tables)
    return _read(ours, instrument, unread.either), _read(humans, instrument, unread.humans)


def _read_pairs(figures: Mapping[str, tuple[Measured, Measured]], unread: Unread) -> dict[str, tuple[Measured, Measured]]:
    ours = figures_read({name: one for name, (one, _) in figures.items()}, unread.either)
    humans = figures_read({name: one for name, (_, one) in figures.items()}, unread.humans)
    return {name: (ours[name], humans[name]) for name in figures}


def _reported_read(name: str, figure: Figure, unread: Unread) -> Figure:
    instrument = "act" if name.startswith("act_") else _OF_REPORTED.get(name)
    return Figure(
        _read(figure.simulated, instrument, unread.either), _read(figure.human, instrument, unread.humans),
        _read(figure.difference, instrument, unread.either),
    )  # fmt: skip


def _with_reasons(evaluation: Evaluation, pieces: Sequence[Heard], seen: Observed, unread: Unread) -> Evaluation:
    """The evaluation with reasons that say what of the file is missing."""
    objectives, leakage, diagnostics = dict(evaluation.objectives), dict(evaluation.leakage), dict(evaluation.diagnostics)
    if seen.reactions.is_empty() and not unread.either["reaction"]:
        why = NOT_AT_POINTS if any(one.human for one in pieces) else NO_PAIRS
        bias = objectives["positive_bias"]
        none: dict[str, Measured] = {name: Measured(None, reason=why) for name in STRATA}
        objectives["positive_bias"] = replace(bias, measured=Measured(None, reason=why), parts=none, signed=none)
        ours = [name for name in diagnostics if name.startswith(_OF_REACTIONS) and not name.endswith("_human")]
        diagnostics |= {name: Measured(None, reason=why) for name in ours}
    diagnostics |= {name: Measured(None, reason=NO_DECOYS) for name in diagnostics if name.endswith("decoy") or name.startswith("decoy")}
    if unread.either["disclosure"]:
        pass  # the reason is the language, whether there are targets or not
    elif seen.disclosures.is_empty():
        leakage |= {name: Measured(None, reason=NO_TARGETS) for name in ("title", "attributes", "prompt")}
    elif seen.free_dialogues["title_in_prompt"].null_count() == len(seen.free_dialogues):
        leakage["prompt"] = Measured(None, reason=NO_PROMPTS)
    objectives["data_leakage"] = _leaks(objectives["data_leakage"], leakage)
    diagnostics |= {name: Measured(None, reason=NO_OUTCOMES) for name in _FAILURES}
    return Evaluation(objectives, leakage, diagnostics)


def _leaks(leaks: ObjectiveValue, leakage: Mapping[str, Measured]) -> ObjectiveValue:
    """The objective with the reasons that the file gives; what nothing is known of two of its kinds is no value of all four."""
    parts = {**leaks.parts, **{name: leakage[name] for name in leaks.parts}}
    unknown = [name for name in CAPPED if parts[name].value is None]
    if not unknown:
        return replace(leaks, parts=parts)
    why = "; ".join(f"{name}: {parts[name].reason}" for name in unknown)
    return replace(leaks, parts=parts, measured=Measured(None, reason=why), replicates=())


def as_json(audit: Audit) -> dict[str, Any]:
    """The contract's fields: objectives with floors, leakage, diagnostics, figures, doses; what the setting does to them."""
    told = audit.evaluation.as_json()
    for name, one in told["objectives"].items():
        value = audit.evaluation.objectives[name]
        one["simulated"] = {part: figure.as_json() for part, figure in value.own.items()}
        if value.measured.value is None and value.terms:
            one["partial"] = {**value.over(list(value.terms)).measured.as_json(), "over": list(value.terms)}
        if audit.setting == "differs" and name in ("diversity_gap", "behavioural_distance"):
            one["note"] = DIFFERS
    both = {"figures": audit.figures, "rates": audit.rates}
    pairs = {
        field: {name: {"simulated": ours.as_json(), "human": humans.as_json()} for name, (ours, humans) in values.items()}
        for field, values in both.items()
    }
    doses = {name: {**one.as_json(), "unit": dose.UNITS[name], **pairs["rates"][name]} for name, one in audit.doses.items()}  # type: ignore[index]
    setting = {"kind": audit.setting, "replayed": audit.replayed.as_json()}
    figures = {name: {**one.as_json(), "what": WHAT[name], "humans": audit.beside} for name, one in audit.reported.items()}
    return {**told, "figures": pairs["figures"], "reported": figures, "doses": doses, "setting": setting}
