"""What a dialogue says where no form does: which items were suggested, how the seeker reacted, and what the seeker told before.

A log without forms knows neither what a seeker had seen nor what they liked in the end. An item that the recommender names first is a
suggestion; the reaction to it is read in the seeker's next turn where one item alone was suggested; an accepted suggestion is a target.
What is wanted is what the seeker's own turns say, and at any point of a dialogue only what they have said before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from understudy.instruments.disclosure import ItemIndex
from understudy.instruments.wishes import Kind, Wish, Wordbook, judged, wishes
from understudy.profile.needs import N_ERAS, N_GENRES, N_PEOPLE, HiddenTitles, most_frequent
from understudy.records import Dialogue, Item, Mention, Need, Turn

VERSION = 1
ACCEPTED = "accept"
UNKNOWN: Mapping[str, str] = {
    "seen": "no form says what a seeker has seen: needs list no title as known, and no stratum divides by it",
    "liked": "no form says what a seeker liked in the end: every reaction is of the one stratum `unstated`, and targets are the items that "
    "the reaction instrument reads as accepted",
}
"""What a log without forms cannot tell, and what becomes of it."""

# (the recommender's turn, the seeker's next turn) of each suggestion → the reaction of each; None where the instrument cannot read it
Reads = Callable[[Sequence[tuple[str, str]]], Sequence[str | None]]
# (dialogue, turn) → the names that the log's own annotations tag there, each with its kind where the log tells it
Hints = Mapping[tuple[str, int], Sequence[tuple[Kind | None, str]]]


@dataclass(frozen=True, slots=True)
class Suggested:
    """An item that the recommender was the first to name, at `turn_index`.

    `reaction`: accept, reject or neither in the seeker's next turn; None where there is none, where several items were suggested at
    once, or where the instrument does not read the language.
    """

    turn_index: int
    item_id: str
    reaction: str | None


@dataclass(frozen=True, slots=True)
class DialogueTold:
    """What one dialogue says.

    `titles`: turn, item that the seeker names there, and how it is judged; `wishes`: turn and what is wished for or not.
    """

    suggestions: tuple[Suggested, ...] = ()
    titles: tuple[tuple[int, str, bool | None], ...] = ()
    wishes: tuple[tuple[int, Wish], ...] = ()

    @property
    def forms(self) -> dict[str, Mention]:
        """Item id → what is known of a suggested item in the shape of a form: that it was suggested, and nothing else."""
        return {one.item_id: Mention(one.item_id, True, None, None) for one in self.suggestions}

    @property
    def accepted(self) -> tuple[Suggested, ...]:
        """The suggestions that were accepted, in order of turn."""
        return tuple(one for one in self.suggestions if one.reaction == ACCEPTED)


def has_forms(dialogues: Iterable[Dialogue]) -> bool:
    """Whether any dialogue of a data set has a form that says of an item whether it was suggested."""
    return any(mention.suggested is not None for one in dialogues for mention in one.mentions)


def talks_of(
    dialogues: Sequence[Dialogue], masked: Mapping[str, Mapping[int, str]], catalogue: ItemIndex, *, hints: Hints, reads: Reads
) -> dict[str, DialogueTold]:
    """Dialogue id → what it says. `masked`: dialogue → turn → the seeker's words with titles masked."""
    items = catalogue.items
    genres, people = ((name for item in items.values() for name in getattr(item, what)) for what in ("genres", "people"))
    book = Wordbook(genres=genres, people=people)
    # an annotation that tags a title of the catalogue tags no person
    titles = {name.casefold() for item in items.values() for name in (item.title, item.label, *item.aliases)}
    known = {place: [hint for hint in tagged if hint[1].casefold() not in titles] for place, tagged in hints.items()}
    suggested = {one.dialogue_id: list(_suggested(one.turns, items)) for one in dialogues}
    reactions = _reactions(dialogues, suggested, reads)
    found = {}
    for one in dialogues:
        name = one.dialogue_id
        suggestions = (Suggested(index, item_id, reactions.get((name, index))) for index, item_id, _ in suggested[name])
        found[name] = DialogueTold(tuple(suggestions), tuple(_titles(one, items)), tuple(_wishes(name, masked.get(name, {}), known, book)))
    return found


def need_before(
    talk: DialogueTold, turn_index: int, items: Mapping[str, Item], *, at_stake: Iterable[str] = (), hidden: Iterable[str] = ()
) -> Need:
    """The need as the seeker has told it before a turn; no title of an item `at_stake` or `hidden` is in it. What was seen is unknown.

    Of what was told twice the later word counts. `targets`: suggestions accepted before the turn.
    """
    covered = {*at_stake, *hidden}
    titles = HiddenTitles(items[item_id] for item_id in covered if item_id in items)
    told_of = [(item_id, liked) for index, item_id, liked in talk.titles if index < turn_index and liked is not None]
    judgements = {item_id: liked for item_id, liked in told_of if item_id not in covered}
    told = [wish for index, wish in talk.wishes if index < turn_index]
    genres, disliked_genres = _sides(told, "genre", N_GENRES)
    people, disliked_people = _sides(told, "person", N_PEOPLE)
    eras, disliked_eras = _sides(told, "era", N_ERAS)
    # the answer to a suggestion stands in the turn after it
    accepted = (one.item_id for one in talk.accepted if one.turn_index + 1 < turn_index)
    return Need(
        liked=titles.without(items[item_id] for item_id, liked in judgements.items() if liked),
        disliked=titles.without(items[item_id] for item_id, liked in judgements.items() if not liked),
        genres=genres,
        disliked_genres=disliked_genres,
        people=titles.names_without(people),
        targets=tuple(sorted(one for one in accepted if one not in covered)),
        disliked_people=titles.names_without(disliked_people),
        eras=eras,
        disliked_eras=disliked_eras,
    )


def _suggested(turns: Sequence[Turn], items: Mapping[str, Item]) -> Iterator[tuple[int, str, bool]]:
    """Turn, item, and whether it is the only item named there for the first time, of what the recommender is the first to name."""
    named: set[str] = set()
    for index, turn in enumerate(turns):
        new = [item_id for item_id in dict.fromkeys(turn.item_ids) if item_id not in named]
        named.update(new)
        if turn.role == "recommender":
            yield from ((index, item_id, len(new) == 1) for item_id in new if item_id in items)


def _reactions(
    dialogues: Sequence[Dialogue], suggested: Mapping[str, Sequence[tuple[int, str, bool]]], reads: Reads
) -> dict[tuple[str, int], str | None]:
    """Dialogue and turn of each suggestion that stands alone → the reaction in the turn after it."""
    places = [
        (one.dialogue_id, index, one.turns[index].text, one.turns[index + 1].text)
        for one in dialogues
        for index, _, is_alone in suggested[one.dialogue_id]
        if is_alone and index + 1 < len(one.turns) and one.turns[index + 1].text
    ]
    labels = reads([(heard, said) for _, _, heard, said in places]) if places else ()
    return {(name, index): label for (name, index, _, _), label in zip(places, labels, strict=True)}


def _titles(dialogue: Dialogue, items: Mapping[str, Item]) -> Iterator[tuple[int, str, bool | None]]:
    for index, turn in enumerate(dialogue.turns):
        known = {one: items[one] for one in turn.item_ids if one in items} if turn.role == "seeker" else {}
        if known:
            named = {item_id: (item.label, item.title, *item.aliases) for item_id, item in known.items()}
            yield from ((index, item_id, liked) for item_id, liked in judged(turn.text, named).items())


def _wishes(dialogue_id: str, masked: Mapping[int, str], hints: Hints, book: Wordbook) -> Iterator[tuple[int, Wish]]:
    for index, words in sorted(masked.items()):
        yield from ((index, wish) for wish in wishes(words, book, hints=hints.get((dialogue_id, index), ())))


def _sides(told: Sequence[Wish], kind: Kind, n: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is wished for and what is not, of one kind, the most often told first, at most `n` of each."""
    last = {wish.value: wish.liked for wish in told if wish.kind == kind}
    often = most_frequent(wish.value for wish in told if wish.kind == kind)
    return tuple(one for one in often if last[one])[:n], tuple(one for one in often if not last[one])[:n]
