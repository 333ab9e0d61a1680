"""Stage profile, its instruments: the shipped ones, and what is fitted on the gold acts of exemplar and search.

The shipped instruments read every data set. Models that are fitted on a data set's own gold acts are instruments of their own,
`reaction_gold` and `act_gold`: they are measured beside the shipped ones and read nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

import polars as pl

from understudy import rehearsal
from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.instruments import chosen, gold, validation
from understudy.instruments.chosen import ANSWERS, LEXICON, Instruments
from understudy.instruments.language import languages_of
from understudy.instruments.shipped import acts, figures, model
from understudy.instruments.text import Titles
from understudy.instruments.validation import Task
from understudy.keys import canonical_json, digest
from understudy.profile import registers
from understudy.profile.talk import Reads
from understudy.prompt.setting import load_setting
from understudy.records import Dialogue, Item
from understudy.rows import humans
from understudy.rows.handle import Humans
from understudy.tasks.profile.results import InstrumentFields

VERSION = 4
Fields = dict[str, Any]
NAMES = ("reaction", "act")
SUGGESTIONS_READ_BY: chosen.Kind = "shipped"
GOLD_REACTION, GOLD_ACT = "reaction_gold", "act_gold"
# rehearsal is heard under this prompt, turn and turn about with its faults and without: a bare prompt hardly ever rejects anything
SETTING, SURFACE, NO_FAULT = "zero_shot", "0", -9.0
NO_GOLD = "it is measured on gold acts only, and this data set has none"
FOREIGN = "the acts of this data set are in an unknown annotation scheme"
NO_HUMAN_GOLD: Fields = {"status": "uncorrected", "reason": "there are no gold acts outside the fitted splits"}


def version_of(store: Store, dataset: str) -> Fields:
    """What of the instruments shapes a profile: the gold acts as content, and all that they are fitted and read with."""
    found = store.rows("profile/gold_digest", dataset=dataset)[0]["digest"]
    return {
        "version": VERSION, "gold": found, "fitting": chosen.FITTING, "lexicon": LEXICON.digest, "shipped": model.shipped().digest,
        "shipped_acts": acts.tagger().digest, "figures": digest([figures.measured(), acts.measured()]),
        "registers": registers.VERSION, "validation": validation.VERSION,
    }  # fmt: skip


def keep_instruments(store: Store, of: Humans, *, seed: int = 0) -> None:
    """Keeps the instruments of a profile with their quality."""
    turns = store.frame("profile/gold_acts", profile_key=of.profile_key)
    known = gold.known(turns)
    work = validation.tasks(known, fitting_titles(of)) if len(known) else {}
    kept = chosen.kept_shipped()
    instruments = chosen.chosen(kept)
    heard = _side_channel(store, of, instruments, Titles.of(of.items))
    missing = FOREIGN if len(turns) else NO_GOLD
    told = {"reaction": (figures.quality(), figures.GOLD_DIFFERS, figures.FITTED_ON), "act": (acts.quality(), acts.SEEN, acts.FITTED_ON)}
    for name, (measured, caution, fitted_on) in told.items():
        quality = {"kind": "shipped", "languages": list(instruments.reads[name]), **measured}
        quality["confusion_by_register"] |= {"rehearsal": heard[name], "other": dict(registers.UNCORRECTED)}
        quality["gold"] = _on_own_gold(work.get(name), instruments, reason=missing, caution=caution, seed=seed)
        _keep(store, of, name, instruments.digests[name], kept[name], quality, fitted_on=fitted_on)
    for name, gold_name in (("reaction", GOLD_REACTION), ("act", GOLD_ACT)):
        if name in work and (parameters := _fitted(work[name])):
            own = chosen.chosen({name: parameters})
            _keep(store, of, gold_name, own.digests[name], parameters, _quality(work[name], own, seed=seed), fitted_on=gold.FITTED_ON)


def _keep(store: Store, of: Humans, name: str, key: str, parameters: Fields, quality: Fields, *, fitted_on: Sequence[str]) -> None:
    row = {
        "profile_key": of.profile_key, "name": name, "digest": key, "fitted_on": sorted(fitted_on),
        "quality": canonical_json(quality), "parameters": canonical_json(parameters),
    }  # fmt: skip
    schema = {column: pl.List(pl.String) if column == "fitted_on" else pl.String for column in row}
    store.add("profile.instruments", pl.DataFrame([row], schema=schema))


def _on_own_gold(task: Task | None, instruments: Instruments, *, reason: str, caution: str, seed: int) -> Fields:
    """How a shipped instrument reads this data set's own gold, beside the word lists."""
    if task is None:
        return {"macro_f1": None, "reason": reason}
    read, lexicon = (validation.read_as(task, one) for one in (instruments, LEXICON))
    baselines = {"majority": validation.majority(task, seed=seed), "lexicon": validation.held_out(task, lexicon, seed=seed)}
    return {**validation.held_out(task, read, seed=seed), "baselines": baselines, "caution": caution}


def reaction_reader(items: Mapping[str, Item], dialogues: Sequence[Dialogue]) -> Reads:
    """What reads the reaction to each suggestion of a log without forms: the shipped instrument, as everywhere.

    It reads none where the seekers of these dialogues write in a language that it does not read.
    """
    titles, instruments = Titles.of(items), chosen.chosen(chosen.kept_shipped())
    said = [(one.dialogue_id, turn.text) for one in dialogues for turn in one.turns if turn.role == "seeker"]
    spoken = pl.DataFrame(said, schema={"dialogue_id": pl.String, "text": pl.String}, orient="row")
    unread = languages_of(spoken).unread_by(instruments.reads["reaction"])

    def reads(places: Sequence[tuple[str, str]]) -> list[str | None]:
        if unread:
            return [None] * len(places)
        return instruments.reactions(pl.DataFrame(places, schema=ANSWERS, orient="row"), titles).to_list()

    return reads


def labelled_registers(store: Store, of: Humans) -> dict[str, dict[str, Fields]]:
    """Engine → reaction and act → its confusion, from what people labelled; `human` is not among them, gold acts have measured it."""
    from understudy.profile import labelling

    labels = store.frame("play/human_labels", dataset=of.dataset)
    if labels.is_empty():
        return {}
    titles, instruments = Titles.of(of.items), of.instruments
    agreed = labelling.agreed(labels)
    return {
        str(engine): registers.by_labels(agreed.filter(pl.col("engine") == engine), titles=titles, instruments=instruments)
        for engine in agreed["engine"].unique().sort()
    }


def instrument_fields(store: Store, of: Humans) -> dict[str, InstrumentFields]:
    """Name → the contract's fields of each instrument; a register that people labelled has its confusion from them."""
    by_labels = labelled_registers(store, of)
    found: dict[str, InstrumentFields] = {}
    for row in of.rows("profile/instruments"):
        unmeasured = {"macro_f1": None, "per_class": None, "confusion_by_register": None}
        fields = {"digest": row["digest"], "fitted_on": row["fitted_on"], **unmeasured, **json.loads(row["quality"])}
        if row["name"] in NAMES:
            fields["confusion_by_register"] = registers.joined(fields["confusion_by_register"], by_labels, row["name"])
        found[row["name"]] = cast(InstrumentFields, fields)
    return found


def fitting_titles(of: Humans) -> Titles:
    """The titles that fitting may know; those known from a dialogue of another split alone would carry something of it into the fit."""
    named = {item_id for split in gold.FITTED_ON for item_id in _named(of, split)}
    return Titles.of({key: item for key, item in of.items.items() if key in named or item.genres})


def _named(of: Humans, split: str) -> set[str]:
    return set(of.turns(split)["item_ids"].explode().drop_nulls())


def _fitted(task: Task) -> Fields:
    """The parameters of what is fitted on the gold inside; none where a class has too few turns to fit on."""
    inside = task.of(gold.FITTED_ON, inside=True)
    return {} if inside.rare() else validation.fitted_to(inside).as_json()


def _quality(task: Task, instruments: Instruments, *, seed: int) -> Fields:
    """How what was fitted on gold reads gold that it has not seen."""
    read = validation.read_as(task, instruments)
    inside, outside = task.of(gold.FITTED_ON, inside=True), task.of(gold.FITTED_ON, inside=False)
    found: Fields = {"kind": instruments.kinds[task.name], **validation.out_of_sample(inside, outside, read, seed=seed)}
    found |= {"words_alone": validation.cross_validated(inside, signs=False, seed=seed, n_repeats=1), "basis": "out_of_sample"}
    found |= {name: found["out_of_sample"][name] for name in ("macro_f1", "per_class")}
    lexicon = validation.held_out(task, validation.read_as(task, LEXICON), seed=seed)
    found |= {"caution": validation.CONTAMINATED, "baselines": {"majority": validation.majority(task, seed=seed), "lexicon": lexicon}}
    source = "gold acts, held out"
    human = registers.measured(validation.table(outside, read), source=source) if len(outside.turns) else dict(NO_HUMAN_GOLD)
    return {**found, "confusion_by_register": {"human": human, "other": dict(registers.UNCORRECTED)}}


def _side_channel(store: Store, of: Humans, instruments: Instruments, titles: Titles) -> dict[str, Fields]:
    """Rehearsal's register, heard in this process on contexts of the fitted splits."""
    rows = {row["name"]: row for row in of.rows("profile/instruments")}
    if "rehearsal" not in rows:
        raise BadInput("the profile holds no fitted rehearsal, which the instruments need", hint="run `understudy profile` first")
    fitted = rehearsal.Fitted.from_json(json.loads(rows["rehearsal"]["parameters"]))
    genome, calm = load_setting(SETTING).genome, rehearsal.Surface("calm", tuple((fault, NO_FAULT) for fault in rehearsal.FAULTS), (), ())
    surfaces, controls = (rehearsal.surface(SURFACE), calm), genome.controls

    def speak(messages: Any, seed: int) -> tuple[str, str]:
        surface = surfaces[seed % len(surfaces)]
        reply = rehearsal.respond(
            messages, surface=surface, fitted=fitted, temperature=controls.temperature, top_p=controls.top_p, seed=seed
        )
        return reply.text, reply.intended_act

    contexts = [one for split in gold.FITTED_ON for one in humans.load_contexts(store, of.profile_key, split)]
    return registers.by_side_channel(
        registers.drawn(contexts), genome=genome, speak=speak, titles=titles, instruments=instruments
    )
