"""What a dose is put into: the dialogues' facts, and their seeker turns as the instruments read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from understudy.instruments import reaction
from understudy.instruments.chosen import LEXICON, Instruments
from understudy.instruments.copying import WINDOW
from understudy.instruments.disclosure import ItemIndex
from understudy.instruments.text import MASK, Titles
from understudy.measure.reading import read
from understudy.profile.splits import seeker_of
from understudy.records import Dialogue

Place = tuple[str, int]


@dataclass(frozen=True)
class DialogueFacts:
    """What has to be known of the dialogues to change them.

    `targets`: dialogue id → the item that its seeker wants; `points`: the seeker turns (dialogue id, turn index) that react to a
    recommendation. `instruments` and `titles` are those that an audit reads with. `donors`: whose turns are copied, the dialogues
    themselves where there are none.
    """

    catalogue: ItemIndex
    titles: Titles
    targets: Mapping[str, str] = field(default_factory=dict)
    points: frozenset[Place] = frozenset()
    instruments: Instruments = LEXICON
    donors: Sequence[Dialogue] = ()


class DoseWords:
    """The seeker turns with words, as the instruments read them."""

    def __init__(self, ground: DialogueFacts, dialogues: Sequence[Dialogue]) -> None:
        self.ground, self.dialogues = ground, {one.dialogue_id: one for one in dialogues}
        self.texts: dict[Place, str] = {
            (one.dialogue_id, index): turn.text
            for one in dialogues
            for index, turn in enumerate(one.turns)
            if turn.role == "seeker" and turn.text
        }
        self.known: dict[str, tuple[str, str, int, bool]] = {}
        self.learn(self.texts.values())

    def donors(self) -> list[tuple[str, str]]:
        """(seeker, turn) of what may be copied, in order: long enough for copying to be seen."""
        said = sorted(
            (seeker_of(one), turn.text)
            for one in self.ground.donors or self.dialogues.values()
            for turn in one.turns
            if turn.role == "seeker" and turn.text
        )
        self.learn(text for _, text in said)
        return [(who, text) for who, text in said if self.n_tokens(text) >= WINDOW]

    def may_say(self, place: Place, who: str, text: str) -> bool:
        """Whether a turn of somebody may be copied to a place: not by a speaker of the dialogue, nor with its target's title."""
        dialogue = self.dialogues[place[0]]
        if who in (seeker_of(dialogue), dialogue.recommender_id):
            return False
        target = self.ground.targets.get(place[0], "")
        return not (self.known[text][3] and target in self.ground.catalogue.items and self.ground.catalogue.names(target, text))

    def learn(self, texts: Iterable[str]) -> None:
        """Reads texts: reaction by the words alone (a candidate has no place yet), act, tokens, whether a title stands in it."""
        fresh = sorted(set(texts) - self.known.keys())
        if fresh:
            found = read([pl.Series(fresh, dtype=pl.String)], self.ground.titles, self.ground.instruments)
            label = reaction.reaction(found.select(self.ground.titles.masked("text")).to_series())
            told = found.select("text", label.alias("label"), "act", "n_tokens", pl.col("tokens").list.contains(MASK))
            self.known |= {text: (label, act, n, titled) for text, label, act, n, titled in told.iter_rows()}

    def reading(self, text: str) -> tuple[str, str]:
        """Reaction and act of a text that was learnt."""
        label, act, _, _ = self.known[text]
        return label, act

    def n_tokens(self, text: str) -> int:
        """The tokens of a text that was learnt, a title being one."""
        return self.known[text][2]
