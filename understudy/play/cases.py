"""A candidate's simulated turns beside the humans' in the same places, as the critic's evidence is chosen from them.

Between playing and search: dialogues are read by the instruments of the reference, the search sees readings and texts alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from understudy.instruments.chosen import ANSWERS
from understudy.instruments.disclosure import ItemIndex
from understudy.measure.reading import read
from understudy.measure.reference import Reference
from understudy.play.dialogue import Played
from understudy.records import DECOY, Context
from understudy.search.influence import ComparedTurn, Exhibit, Reading

VERSION = 2
NOTES = {
    "title": "gives the wanted title away",
    "attributes": "tells so much that few titles are left",
    "copying": "much of it stands word for word in the records",
    "short_turns": "somebody in the records said exactly this",
}
_START = "start"
# turns elsewhere than at a reaction context answer no recommendation
_NO_REACTION = "neither"
Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class HumanTurns:
    """What the humans of a split said: context → the reaction there, (dialogue, turn) → the seeker's turn and the one before it."""

    reactions: Mapping[str, str]
    behaviour: Mapping[Place, str]
    previous: Mapping[Place, str]

    @classmethod
    def of(cls, reactions: pl.DataFrame, behaviour: pl.DataFrame) -> HumanTurns:
        """From frames of the evidence: REACTIONS and BEHAVIOUR."""
        turns = list(behaviour.select("dialogue_id", "turn_index", "text", "previous").iter_rows())
        return cls(
            dict(reactions.select("context_id", "text").iter_rows()),
            {(dialogue, index): text for dialogue, index, text, _ in turns},
            {(dialogue, index): previous for dialogue, index, _, previous in turns},
        )


@dataclass(frozen=True, slots=True)
class _Said:
    """A simulated turn before it is read, of a replayed dialogue or a free run (`unit`), made from a human dialogue.

    `person` is the human's own turn in that place, empty where nobody spoke there.
    """

    unit: str
    dialogue_id: str
    heard: str
    text: str
    previous: str
    person: str
    stratum: str | None
    at: Place
    given_away: frozenset[str] = frozenset()


def cases(
    played: Iterable[Played], *, contexts: Mapping[str, Context], humans: HumanTurns, reference: Reference, with_decoys: bool = False
) -> list[ComparedTurn]:
    """The usable turns as cases, in the order of `played`; decoys are no evidence for the critic: nobody recommended them to a human."""
    kept = [one for one in played if with_decoys or one.stratum != DECOY]
    said = [turn for one in kept for turn in _turns_of(one, contexts, humans, reference)]
    if not said:
        return []
    texts = pl.Series("text", [text for one in said for text in (one.text, one.previous, one.person)])
    known = {row["text"]: row for row in read([texts], reference.titles, reference.instruments).iter_rows(named=True)}
    copies, labels = _copies(said, known, reference), _labels(said, reference)
    return [_case(one, known, labels, told | one.given_away) for one, told in zip(said, copies, strict=True)]


def _labels(said: Sequence[_Said], reference: Reference) -> dict[tuple[str, str], str]:
    """(recommender's turn, answer) → reaction, of the answers at reaction contexts, the human's own among them."""
    pairs = sorted({(one.heard, text) for one in said if one.stratum for text in (one.text, one.person) if text})
    answers = pl.DataFrame(pairs, schema=ANSWERS, orient="row")
    return dict(zip(pairs, reference.instruments.reactions(answers, reference.titles), strict=True))


def _turns_of(one: Played, contexts: Mapping[str, Context], humans: HumanTurns, reference: Reference) -> list[_Said]:
    if one.mode == "free":
        return _free(one, reference) if one.status in ("complete", "capped") else []
    context = contexts.get(one.scenario_id)
    if context is None or not one.turns:
        return []
    place = (context.dialogue_id, context.turn_index)
    heard = context.history[-1].text if context.history and context.history[-1].role == "recommender" else ""
    person = humans.reactions.get(context.context_id, "") if one.stratum else humans.behaviour.get(place, "")
    said, previous = one.turns[0].text, humans.previous.get(place, "")
    return [_Said(one.dialogue_id, one.dialogue_id, heard, said, previous, person, one.stratum, (one.play_key, 0))]


def _free(one: Played, reference: Reference) -> list[_Said]:
    """The seeker's turns of a free run; what gives the target away is the turn with which it was given away."""
    out, previous, gave = [], "", given_away(one, reference.catalogue)
    for at, turn in enumerate(one.turns):
        if turn.role != "seeker":
            continue
        heard = one.turns[at - 1].text if at else ""
        told = gave.get(at, frozenset())
        out.append(_Said(one.play_key, one.dialogue_id, heard, turn.text, previous, "", None, (one.play_key, at), told))
        previous = turn.text
    return out


def given_away(one: Played, catalogue: ItemIndex) -> dict[int, frozenset[str]]:
    """The seeker's turns with which the target of a free run was given away, and how: `title`, `attributes`."""
    found: dict[int, frozenset[str]] = {}
    if one.target is None or one.target not in catalogue.items:
        return found
    gave = frozenset[str]()
    for at, turn in enumerate(one.turns):
        if turn.role == "seeker":
            told = catalogue.disclosure_of(one.target, [(each.role, each.text, each.item_ids) for each in one.turns[: at + 1]])
            now = frozenset(name for name, given in (("title", told.title), ("attributes", told.attributes)) if given)
            if now - gave:
                found[at] = now - gave
            gave = now
    return found


def _copies(said: Sequence[_Said], known: Mapping[str, dict[str, object]], reference: Reference) -> list[frozenset[str]]:
    """Per turn which kinds of copying it is."""
    speakers = {row["dialogue_id"]: row for row in reference.speakers.iter_rows(named=True)}
    frame = pl.DataFrame(
        {
            "dialogue_id": [one.dialogue_id for one in said],
            "seeker_id": [speakers.get(one.dialogue_id, {}).get("seeker_id") for one in said],
            "recommender_id": [speakers.get(one.dialogue_id, {}).get("recommender_id") for one in said],
            "tokens": [known[one.text]["tokens"] for one in said],
            "n_tokens": [known[one.text]["n_tokens"] for one in said],
        },
        schema_overrides={"seeker_id": pl.String, "recommender_id": pl.String, "tokens": pl.List(pl.String), "n_tokens": pl.Int64},
    )
    flags = reference.copies.flags(frame).select("copied", "shared")
    return [
        frozenset(name for name, flag in (("copying", copied), ("short_turns", shared)) if flag) for copied, shared in flags.iter_rows()
    ]


def _case(
    one: _Said, known: Mapping[str, dict[str, object]], labels: Mapping[tuple[str, str], str], leaks: frozenset[str]
) -> ComparedTurn:
    def reading(text: str) -> Reading:
        return _reading(known[text], labels.get((one.heard, text), _NO_REACTION), before)

    before = str(known[one.previous]["act"]) if one.previous else _START
    note = "; ".join(NOTES[name] for name in sorted(leaks))
    theirs = reading(one.person) if one.person else None
    exhibit = Exhibit(one.heard, one.text, one.person, note)
    return ComparedTurn(one.unit, exhibit, reading(one.text), theirs, one.stratum, leaks, one.at)


def _reading(row: Mapping[str, object], label: str, before: str) -> Reading:
    tokens = row["tokens"]
    assert isinstance(tokens, list)
    return Reading(label, str(row["act"]), before, tuple(str(token) for token in tokens))
