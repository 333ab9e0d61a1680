"""What is measured: humans of one split (`Reference`) and a simulator's dialogues (`Observed`), read by the same instruments.

`Human` and `Simulated` are the raw frames. A `Reference` is costly and built once per split; `observe` is made per evaluation.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar, cast

import numpy as np
import polars as pl

from understudy.instruments import chosen, copying, corpus, disclosure, features, language, near, text
from understudy.instruments.chosen import LEXICON, Instruments
from understudy.instruments.copying import CopyIndex
from understudy.instruments.corpus import Corpus, Vocabulary
from understudy.instruments.disclosure import ItemIndex
from understudy.instruments.language import Languages, languages_of
from understudy.instruments.near import NearIndex
from understudy.instruments.text import Titles
from understudy.keys import digest
from understudy.measure import reading
from understudy.measure.privacy import Sources
from understudy.measure.resampling import Units, speakers_of, units_of
from understudy.records import Item
from understudy.statistics.halves import Floats, whole_and_halves

_T = TypeVar("_T")
VERSION = 3
MIN_CONTEXTS = 150  # human contexts of a stratum that a report needs
MIN_CHOOSING = 16  # human contexts of a stratum that the choice among finalists needs
USABLE = ("complete", "capped")
_READING = (text, features, corpus, copying, near, disclosure, language)
INSTRUMENTS_DIGEST = digest([LEXICON.digest, chosen.FITTING, *(module.VERSION for module in _READING), VERSION])

# the columns of the raw frames; a frame may have more. `answered` is the recommender's turn that a reaction answers.
_PEOPLE = ("dialogue_id", "seeker_id", "recommender_id")
_TURN = (*_PEOPLE, "tokens", "n_tokens")
REACTIONS: dict[str, Any] = dict.fromkeys(("context_id", *_PEOPLE, "stratum", "item_id", "answered", "text"), pl.String)
BEHAVIOUR: dict[str, Any] = {**dict.fromkeys((*_PEOPLE, "previous", "text"), pl.String), "turn_index": pl.Int64}
FREE_DIALOGUES: dict[str, Any] = {
    **dict.fromkeys(("play_key", "scenario_id", "dialogue_id", "target", "status", "reason"), pl.String),
    "title_in_prompt": pl.Boolean,
    "n_turns": pl.Int64,
}
FREE_TURNS: dict[str, Any] = {
    "play_key": pl.String,
    "turn_index": pl.Int64,
    "role": pl.String,
    "text": pl.String,
    "item_ids": pl.List(pl.String),
}


@dataclass(frozen=True, slots=True)
class Human:
    """The humans of one split. `turns` is the whole dataset's, of any split: copying is looked up in all of it.

    `targets`: dialogue_id, target (item id) of this split's dialogues; without it the humans' own title-first rate is not measured.
    `instruments` read these humans and every simulator that is held against them.
    """

    reactions: pl.DataFrame
    behaviour: pl.DataFrame
    turns: pl.DataFrame
    items: Mapping[str, Item]
    targets: pl.DataFrame | None = None
    instruments: Instruments = LEXICON


@dataclass(frozen=True, slots=True)
class Simulated:
    """A simulator's dialogues.

    `outcomes` has a row per piece played, replays included (status, reason); without it rates of failure rest on the free runs.
    `same_setting`: the free runs were held with the recommender that the reference's humans talked to.
    """

    reactions: pl.DataFrame
    behaviour: pl.DataFrame
    free_dialogues: pl.DataFrame
    free_turns: pl.DataFrame
    outcomes: pl.DataFrame | None = None
    same_setting: bool = False


@dataclass(frozen=True, slots=True)
class Observed:
    """Simulated dialogues as the instruments read them.

    `reactions` with label; `turns`: every seeker turn with source, dialogue_id, copied, shared, near; `disclosures`: per usable free
    run with a target whether title or attributes were given away; `outcomes`: status, reason per piece played; `records`: dialogue_id (the
    play), tokens of the seekers' turns in free runs.
    """

    reactions: pl.DataFrame
    corpus: Corpus
    turns: pl.DataFrame
    disclosures: pl.DataFrame
    outcomes: pl.DataFrame
    free_dialogues: pl.DataFrame
    free_lengths: pl.DataFrame
    same_setting: bool
    records: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema={"dialogue_id": pl.String, "tokens": pl.List(pl.String)}))
    languages: Languages = field(default_factory=Languages)


@dataclass(frozen=True)
class Reference:
    """The humans of one split as the instruments read them, and what is needed to read a simulator against them."""

    reactions: pl.DataFrame
    corpus: Corpus
    turns: pl.DataFrame
    disclosures: pl.DataFrame
    lengths: pl.DataFrame
    speakers: pl.DataFrame
    titles: Titles
    vocabulary: Vocabulary
    copies: CopyIndex
    nearly: NearIndex
    sources: Sources
    catalogue: ItemIndex
    instruments: Instruments
    seed: int
    min_contexts: int
    languages: Languages = field(default_factory=Languages)
    _known: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def build(cls, human: Human, *, seed: int, min_contexts: int = MIN_CONTEXTS) -> Reference:
        """The reference of one split: titles, labels, acts, copy index and counts, all computed here and once."""
        titles, catalogue = Titles.of(human.items), ItemIndex(human.items)
        spoken = reading.spoken(human.turns, titles)
        copies, nearly = CopyIndex.of(spoken), NearIndex.of(spoken)
        texts = reading.read([human.behaviour["text"], human.behaviour["previous"]], titles, human.instruments)
        behaviour = reading.with_before(human.behaviour, texts)
        vocabulary = Vocabulary.of(behaviour)
        return cls(
            reactions=reading.labelled(human.reactions, titles, human.instruments),
            corpus=Corpus.of(behaviour, vocabulary),
            turns=reading.flagged(behaviour.select(*_TURN, source=pl.lit("behaviour")), copies, nearly),
            disclosures=reading.disclosures(human.targets, human.turns.rename({"dialogue_id": "play_key"}), catalogue),
            lengths=reading.lengths(behaviour.with_columns(play_key="dialogue_id")),
            speakers=reading.speakers(human.turns),
            titles=titles,
            vocabulary=vocabulary,
            copies=copies,
            nearly=nearly,
            sources=Sources(reading.of_seekers(spoken), seed),
            catalogue=catalogue,
            instruments=human.instruments,
            seed=seed,
            min_contexts=min_contexts,
            languages=languages_of(human.behaviour),
        )

    @property
    def instruments_read(self) -> dict[str, tuple[str, ...]]:
        """Instrument → the languages that it reads; what is not here reads any script."""
        return {**self.instruments.reads, "disclosure": disclosure.READS}

    @cached_property
    def halves(self) -> Floats:
        """The half-samples of the human dialogues, for what is debiased; the first row takes them all."""
        return whole_and_halves(self.corpus.codes, seed=self.seed)

    @cached_property
    def spread(self) -> Floats:
        """The same of `units`, each with all of its dialogues: intervals are as wide as these spread."""
        return self.resampling_units(self.corpus.ids).halves(seed=self.seed)

    @cached_property
    def speaker(self) -> dict[str, str]:
        """Dialogue → its seeker, where the logs name one."""
        return speakers_of(self.speakers)

    def resampling_units(self, dialogues: Iterable[str]) -> Units:
        """What is drawn when these dialogues are resampled, the humans' or simulated ones that stand on them."""
        return units_of(dialogues, self.speaker)

    def once(self, name: Hashable, make: Callable[[], _T]) -> _T:
        """What `make` returns, made at the first call with this name: for figures of these humans that every evaluation needs."""
        if name not in self._known:
            self._known[name] = make()
        return cast(_T, self._known[name])

    def of(self, dialogues: set[str]) -> Reference:
        """The reference made of some of its dialogues; used for halves of humans. Index, titles and vocabulary stay."""
        kept = pl.col("dialogue_id").is_in(sorted(dialogues))
        index = np.array([i for i, name in enumerate(self.corpus.ids) if name in dialogues], dtype=np.int64)
        return replace(
            self,
            reactions=self.reactions.filter(kept),
            corpus=self.corpus.rows(index),
            turns=self.turns.filter(kept),
            disclosures=self.disclosures.filter(kept),
            lengths=self.lengths.filter(pl.col("play_key").is_in(sorted(dialogues))),
        )

    def as_observed(self) -> Observed:
        """The humans themselves, in the place of a simulator."""
        nothing = pl.DataFrame(schema={"status": pl.String, "reason": pl.String})
        free = pl.DataFrame(schema={"title_in_prompt": pl.Boolean, "status": pl.String, "dialogue_id": pl.String, "target": pl.String})
        return Observed(
            self.reactions, self.corpus, self.turns, self.disclosures, nothing, free, self.lengths, True, languages=self.languages
        )  # fmt: skip


def observe(simulated: Simulated, reference: Reference) -> Observed:
    """The simulator's dialogues, read by the instruments of `reference`."""
    usable = simulated.free_dialogues.filter(pl.col("status").is_in(USABLE))
    spoken = simulated.free_turns.join(usable.select("play_key", "dialogue_id"), on="play_key", how="inner")
    spoken = spoken.sort("play_key", "turn_index")
    seekers = spoken.filter(pl.col("role") == "seeker").join(reference.speakers, on="dialogue_id", how="left")
    played = (simulated.behaviour, simulated.reactions)
    spoken_texts = [*(frame["text"] for frame in (*played, seekers)), simulated.behaviour["previous"]]
    texts = reading.read(spoken_texts, reference.titles, reference.instruments)
    behaviour, free = reading.with_before(simulated.behaviour, texts), reading.with_text(seekers, texts)
    said = {"behaviour": behaviour, "reaction": reading.with_text(simulated.reactions, texts), "free": free}
    # looked up together: setting up the lookups costs more than the turns of a small panel
    turns = pl.concat([frame.select(*_TURN, source=pl.lit(source)) for source, frame in said.items()])
    outcomes = simulated.outcomes if simulated.outcomes is not None else simulated.free_dialogues
    return Observed(
        reactions=reading.labelled(simulated.reactions, reference.titles, reference.instruments),
        corpus=Corpus.of(behaviour, reference.vocabulary),
        turns=reading.flagged(turns, reference.copies, reference.nearly),
        disclosures=reading.disclosures(usable.drop_nulls("target"), spoken, reference.catalogue),
        outcomes=outcomes.select("status", "reason"),
        free_dialogues=simulated.free_dialogues,
        free_lengths=reading.lengths(free),
        same_setting=simulated.same_setting,
        records=free.select("tokens", dialogue_id="play_key"),
        languages=languages_of(pl.concat([frame.select("dialogue_id", "text") for frame in (*played, seekers)])),
    )
