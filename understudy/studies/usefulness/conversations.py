"""Dialogues as the models of a TSTR read them: human and synthetic ones in one shape, by one code and the same instruments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from understudy.instruments.chosen import ANSWERS, Instruments
from understudy.instruments.text import Titles, plain, tokens
from understudy.records import Item, Role

REJECTED = "reject"
ACCEPTED = "accept"
_QUESTION = "?"


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose dialogue it is: the human dialogue that it is or was made from, and its seeker."""

    source_id: str
    seeker_id: str


@dataclass(frozen=True, slots=True)
class SpokenTurn:
    """A turn: its text, its words with titles masked, and the items of the catalogue that it names.

    `act` is that of a seeker's turn, else empty. `fresh`: of a recommender's turn the items that nobody named before it, and `answer`
    the reaction that is read in the seeker's next turn; both are empty in other turns.
    """

    role: Role
    text: str
    words: tuple[str, ...]
    item_ids: tuple[str, ...]
    act: str = ""
    fresh: tuple[str, ...] = ()
    answer: str = ""


@dataclass(frozen=True, slots=True)
class HeardDialogue:
    """A dialogue. `liked`: the items that the seeker's form calls suggested, unseen and liked; None where there is no form."""

    dialogue_id: str
    origin: Origin
    turns: tuple[SpokenTurn, ...]
    liked: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class DialogueReader:
    """What reads the dialogues of both sides: the catalogue and the instruments of the profile."""

    items: Mapping[str, Item]
    titles: Titles
    instruments: Instruments

    def conversations(
        self, turns: pl.DataFrame, origins: Mapping[str, Origin], *, liked: Mapping[str, frozenset[str]] | None = None
    ) -> list[HeardDialogue]:
        """The dialogues of `origins`, in order of id. `turns`: dialogue_id, turn_index, role, text, item_ids.

        `liked`: dialogue → what its form calls suggested, unseen and liked; None where the log has no forms.
        """
        kept = turns.filter(pl.col("dialogue_id").is_in(sorted(origins))).sort("dialogue_id", "turn_index")
        read = self._acted(kept)
        spoken = {str(name): _with_fresh(part, self.items) for (name,), part in read.partition_by("dialogue_id", as_dict=True).items()}
        answered = self._answered(spoken)
        return [
            HeardDialogue(name, origins[name], one, None if liked is None else liked.get(name, frozenset()))
            for name, one in sorted(answered.items())
        ]

    def _acted(self, turns: pl.DataFrame) -> pl.DataFrame:
        """The turns with their words, and the acts of the seekers' turns."""
        masked = turns.with_columns(masked=self.titles.masked("text")).with_columns(plain=plain("masked"))
        worded = masked.with_columns(words=tokens("plain"))
        seekers = worded["role"] == "seeker"
        acts = pl.Series("act", [""] * worded.height, dtype=pl.String)
        return worded.with_columns(acts.scatter(seekers.arg_true(), self.instruments.acts(worded["masked"].filter(seekers))))

    def _answered(self, spoken: Mapping[str, Sequence[SpokenTurn]]) -> dict[str, tuple[SpokenTurn, ...]]:
        """The dialogues with the reactions to what the recommender was the first to name, all read at once."""
        places = [(name, at) for name, turns in spoken.items() for at, turn in enumerate(turns) if turn.fresh]
        asked = [(spoken[name][at].text, _next_text(spoken[name], at)) for name, at in places]
        frame = pl.DataFrame(asked, schema=ANSWERS, orient="row")
        labels = self.instruments.reactions(frame, self.titles).to_list() if asked else []
        known = dict(zip(places, labels, strict=True))
        return {name: tuple(_answering(turn, known.get((name, at), "")) for at, turn in enumerate(turns)) for name, turns in spoken.items()}


def _with_fresh(turns: pl.DataFrame, items: Mapping[str, Item]) -> list[SpokenTurn]:
    return list(_spoken(turns.select("role", "text", "words", "item_ids", "act").iter_rows(), items))


def _spoken(rows: Iterator[tuple[Any, ...]], items: Mapping[str, Item]) -> Iterator[SpokenTurn]:
    named = set[str]()
    for role, text, words, item_ids, act in rows:
        known = tuple(one for one in dict.fromkeys(item_ids or ()) if one in items)
        fresh = tuple(one for one in known if one not in named) if role == "recommender" else ()
        named |= set(known)
        marks = (_QUESTION,) if _QUESTION in (text or "") else ()
        yield SpokenTurn(role, text or "", (*(words or ()), *marks), known, act, fresh)


def _next_text(turns: Sequence[SpokenTurn], at: int) -> str:
    follows = turns[at + 1] if at + 1 < len(turns) else None
    return follows.text if follows is not None and follows.role == "seeker" else ""


def _answering(turn: SpokenTurn, answer: str) -> SpokenTurn:
    return SpokenTurn(turn.role, turn.text, turn.words, turn.item_ids, turn.act, turn.fresh, answer) if turn.fresh else turn
