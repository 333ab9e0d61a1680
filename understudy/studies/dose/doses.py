"""Known faults that are injected into a known share of human dialogues: the test of an audit, and the scale on which it reports faults.

- acceptance: of the reaction turns that do not accept, a share becomes an acceptance.
- titles: of the dialogues with a target that the seeker could have given away and has not, in a share the seeker's first turn names it.
- copied: of the seeker's turns, a share becomes a turn of at least eight tokens by another seeker.
- repeated: of the seeker's turns, a share becomes one of ten turns of ours.
- length: of the seeker's turns under 40 tokens, a share is drawn out to 40.

Units are drawn by content and seed: those changed at 10 % are among those changed at 20 %, with the same words. A changed turn is
read as the one it replaces wherever one of the candidate texts is, so that a dose is of one fault and not of several.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Literal, get_args

import polars as pl

from understudy.errors import BadInput
from understudy.instruments.chosen import ANSWERS
from understudy.instruments.copying import WINDOW
from understudy.instruments.disclosure import ItemIndex
from understudy.keys import rng_of, share_of
from understudy.records import Dialogue, Turn
from understudy.studies.dose import wordings
from understudy.studies.dose.words import DialogueFacts, DoseWords, Place

VERSION = 1
Kind = Literal["acceptance", "titles", "copied", "repeated", "length"]
KINDS: tuple[Kind, ...] = get_args(Kind)
LONG = 40
UNITS: Mapping[Kind, str] = {
    "acceptance": "reaction turns that do not accept, as the instrument reads them",
    "titles": "dialogues with a target before which the seeker speaks and which the seeker does not name first",
    "copied": "seeker turns with words",
    "repeated": "seeker turns with words",
    "length": f"seeker turns of fewer than {LONG} tokens",
}
_N_TRIED = 6


@dataclass(frozen=True, slots=True)
class Dosed:
    """Dialogues with a fault: all of them, in the order they came in; `changed` names the turns that are not the humans' any more.

    `n_units`: how many turns (for titles, dialogues) could have been changed; a share of these is what a dose is.
    """

    kind: Kind
    share: float
    dialogues: tuple[Dialogue, ...]
    changed: tuple[Place, ...]
    n_units: int

    @property
    def n_changed(self) -> int:
        """How many units were changed."""
        return len(self.changed)


def apply(dialogues: Sequence[Dialogue], ground: DialogueFacts, *, kind: str, share: float, seed: int) -> Dosed:
    """The dialogues with round(share · units) units changed. Raises BadInput for a kind or share that is none, or where no unit is."""
    dose = _dose(kind)
    if not 0 <= share <= 1:
        raise BadInput(f"the share is {share}; it must lie between 0 and 1")
    words = DoseWords(ground, dialogues)
    units = sorted(_UNITS[dose](words), key=lambda place: (share_of("dose", VERSION, dose, seed, *place), place))
    if share and not units:
        raise BadInput(f"the fault {dose} cannot be put into these dialogues: they have no {UNITS[dose]}")
    drawn = units[: round(share * len(units))]
    texts = _CHANGES[dose](words, drawn, seed)
    chosen = _alike(words, texts) if dose not in ("acceptance", "copied", "repeated") else {place: one[0] for place, one in texts.items()}
    return Dosed(dose, share, tuple(_changed(one, chosen, _named_by(dose, ground)) for one in dialogues), tuple(sorted(drawn)), len(units))


def _not_accepted(words: DoseWords) -> list[Place]:
    places = sorted(place for place in words.ground.points if place in words.texts)
    said = [(words.dialogues[name].turns[index - 1].text, words.texts[name, index]) for name, index in places]
    labels = words.ground.instruments.reactions(pl.DataFrame(said, schema=ANSWERS, orient="row"), words.ground.titles)
    return [place for place, label in zip(places, labels, strict=True) if label != "accept"]


def _untold(words: DoseWords) -> list[Place]:
    found = []
    for dialogue_id, target in words.ground.targets.items():
        dialogue = words.dialogues.get(dialogue_id)
        if dialogue is None or target not in words.ground.catalogue.items:
            continue
        before = _before(dialogue, target, words.ground.catalogue)
        spoken = [index for index in range(before) if (dialogue_id, index) in words.texts]
        if spoken and not any(words.ground.catalogue.names(target, words.texts[dialogue_id, index]) for index in spoken):
            found.append((dialogue_id, spoken[0]))
    return found


def _before(dialogue: Dialogue, target: str, catalogue: ItemIndex) -> int:
    named = (
        index
        for index, turn in enumerate(dialogue.turns)
        if turn.role == "recommender" and (target in turn.item_ids or catalogue.names(target, turn.text))
    )
    return next(named, len(dialogue.turns))


def _spoken(words: DoseWords) -> list[Place]:
    return list(words.texts)


def _short(words: DoseWords) -> list[Place]:
    return [place for place, text in words.texts.items() if words.n_tokens(text) < LONG]


def _acceptances(_words: DoseWords, drawn: Sequence[Place], seed: int) -> dict[Place, list[str]]:
    # dealt out by rank, so that none comes twice before all have come once: doses of one fault do not repeat
    order = rng_of("accepts", VERSION, seed).permutation(len(wordings.ACCEPTANCES))
    return {place: [wordings.ACCEPTANCES[order[rank % len(order)]]] for rank, place in enumerate(drawn)}


def _named(words: DoseWords, drawn: Sequence[Place], seed: int) -> dict[Place, list[str]]:
    found = {}
    for dialogue_id, index in drawn:
        item = words.ground.catalogue.items[words.ground.targets[dialogue_id]]
        # a title of one word is one only in quotes or with its year
        label = item.label if item.year else f'"{item.title}"'
        said = _ended(words.texts[dialogue_id, index])
        order = rng_of("names", VERSION, seed, dialogue_id, index).permutation(len(wordings.TITLES))
        found[dialogue_id, index] = [f"{said} {wordings.TITLES[at].format(label)}" for at in order]
    return found


def _copies(words: DoseWords, drawn: Sequence[Place], seed: int) -> dict[Place, list[str]]:
    """Turns of people who are not in the dialogue, read as the turn they replace where there is one, else as the same reaction.

    Each is dealt out once, so that a dose of copies is none of repetitions, as long as there are any of the reaction.
    """
    donors = words.donors()
    shelves: dict[object, list[int]] = {}
    for at in rng_of("copies", VERSION, seed).permutation(len(donors)).tolist():
        label, act = words.reading(donors[at][1])
        for shelf in ((label, act), label, None):
            shelves.setdefault(shelf, []).append(at)
    dealt: set[int] = set()
    found = {}
    for rank, place in enumerate(drawn):
        at = _dealt(words, place, donors, shelves, dealt, rank)
        dealt.add(at)
        found[place] = [donors[at][1]]
    return found


def _dealt(
    words: DoseWords, place: Place, donors: Sequence[tuple[str, str]], shelves: Mapping[object, Sequence[int]], dealt: Set[int], rank: int
) -> int:
    label, act = words.reading(words.texts[place])
    near, alike = shelves.get((label, act), ()), shelves.get(label, ()) or shelves.get(None, ())
    start = rank % max(len(alike), 1)
    fresh = (at for at in (*near, *alike) if at not in dealt)
    again = (*alike[start:], *alike[:start])
    found = next((at for part in (fresh, again) for at in part if words.may_say(place, *donors[at])), None)
    if found is None:
        raise BadInput(f"there is no text to copy: no other seeker has a turn of at least {WINDOW} tokens", hint="use more dialogues")
    return found


def _repeats(words: DoseWords, drawn: Sequence[Place], seed: int) -> dict[Place, list[str]]:
    words.learn(wordings.REPEATED)
    found = {}
    for place in drawn:
        label, act = words.reading(words.texts[place])
        same = [one for one in wordings.REPEATED if words.reading(one) == (label, act)]
        near = [one for one in wordings.REPEATED if words.reading(one)[0] == label]
        found[place] = [str(rng_of("repeats", VERSION, seed, *place).choice(same or near or wordings.REPEATED))]
    return found


def _drawn_out(words: DoseWords, drawn: Sequence[Place], seed: int) -> dict[Place, list[str]]:
    found = {}
    for place in drawn:
        text, rng = words.texts[place], rng_of("draws out", VERSION, seed, *place)
        orders = [tuple(wordings.FILLERS[at] for at in rng.permutation(len(wordings.FILLERS))) for _ in range(_N_TRIED)]
        found[place] = [wordings.padded(text, one, n_tokens=LONG - words.n_tokens(text)) for one in orders]
    return found


def _alike(words: DoseWords, texts: Mapping[Place, list[str]]) -> dict[Place, str]:
    """Of the candidates for each place the first that is read as the turn it replaces, at least as the same reaction."""
    words.learn(text for candidates in texts.values() for text in candidates)
    found = {}
    for place, candidates in texts.items():
        reading = words.reading(words.texts[place])
        found[place] = min(
            candidates, key=lambda one: (words.reading(one)[0] != reading[0], words.reading(one) != reading, candidates.index(one))
        )
    return found


def _named_by(kind: Kind, ground: DialogueFacts) -> Callable[[str, Turn], tuple[str, ...]]:
    """The items that a changed turn names: what stays of the human's words keeps its own."""
    if kind == "titles":
        return lambda name, turn: (*turn.item_ids, ground.targets[name])
    return lambda _name, turn: turn.item_ids if kind == "length" else ()


def _changed(dialogue: Dialogue, texts: Mapping[Place, str], items: Callable[[str, Turn], tuple[str, ...]]) -> Dialogue:
    name = dialogue.dialogue_id
    turns = tuple(
        replace(turn, text=texts[name, index], item_ids=items(name, turn)) if (name, index) in texts else turn
        for index, turn in enumerate(dialogue.turns)
    )
    return replace(dialogue, turns=turns)


def _ended(text: str) -> str:
    return text if text.rstrip()[-1:] in ".!?" else f"{text.rstrip()}."


def _dose(kind: str) -> Kind:
    found = next((one for one in KINDS if one == kind), None)
    if found is None:
        raise BadInput(f"there is no dose {kind!r}", hint=f"name one of {', '.join(KINDS)}")
    return found


_UNITS: Mapping[Kind, Callable[[DoseWords], list[Place]]] = {
    "acceptance": _not_accepted, "titles": _untold, "copied": _spoken, "repeated": _spoken, "length": _short,
}  # fmt: skip
_CHANGES: Mapping[Kind, Callable[[DoseWords, Sequence[Place], int], dict[Place, list[str]]]] = {
    "acceptance": _acceptances, "titles": _named, "copied": _copies, "repeated": _repeats, "length": _drawn_out,
}  # fmt: skip
