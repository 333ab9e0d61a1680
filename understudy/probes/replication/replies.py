"""What several tasks read in replies: which places were answered, whether a reply is longer than asked, whom it caricatures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from understudy.instruments.text import Titles
from understudy.probes._figures import ProbeFigure, means
from understudy.probes._paper import lengths, unknown
from understudy.probes._texts import words_of
from understudy.probes.replication.people import AskedPlace, HistoryUser, HumanText, PaperHumans, Part, part_of_user, users_of
from understudy.probes.replication.tasks import PaperReplies, PlacesAsked

NOBODY = "no place was answered by both"
NO_USERS = "no user of this part has a history that the task can be asked from"


@dataclass(frozen=True, slots=True)
class TextPairs:
    """The places with a text on both sides, in order: the model's texts (None where it was not asked) and the humans'."""

    places: tuple[AskedPlace, ...]
    ours: tuple[str, ...] | None
    theirs: tuple[str, ...]
    clusters: tuple[str, ...]


def human_text(place: AskedPlace) -> str:
    """What somebody wrote at the place; nothing where nobody did."""
    return "" if place.human is None else place.human.text


def on_one_line(text: str) -> str | None:
    """A text without its line ends; None where it is empty."""
    return " ".join(text.split()) or None


def text_pairs(places: Sequence[AskedPlace], replies: PaperReplies | None) -> TextPairs:
    """The pairs of a task whose human side is a text; every place where nothing was asked."""
    kept = [at for at in range(len(places)) if replies is None or replies.texts[at] is not None]
    ours = None if replies is None else tuple(str(replies.texts[at]) for at in kept)
    chosen = tuple(places[at] for at in kept)
    return TextPairs(chosen, ours, tuple(human_text(one) for one in chosen), tuple(one.cluster for one in chosen))


def paired_with(
    texts: Sequence[HumanText], humans: PaperHumans, part: Part, *, n: int, seed: int, usable: Callable[[HistoryUser], bool]
) -> list[tuple[HistoryUser, HumanText]]:
    """Users of a part, each beside a human text of the same part; as many as there are of both, at most `n`.

    A text lies in the part of the person who wrote it, so what tunes a prompt is not what it is reported on.
    """
    users = [one for one in users_of(humans, part, seed=seed) if usable(one)]
    own = [one for one in texts if part_of_user(one.person_id) == part]
    return list(zip(users, spread_over_people(own), strict=False))[:n]


def spread_over_people(texts: Sequence[HumanText]) -> list[HumanText]:
    """The texts, nobody's second before everybody's first."""
    n_before: dict[str, int] = {}
    placed = []
    for one in sorted(texts, key=lambda text: text.text_id):
        placed.append((n_before.get(one.person_id, 0), one.text_id, one))
        n_before[one.person_id] = n_before.get(one.person_id, 0) + 1
    return [one for _, _, one in sorted(placed, key=lambda row: row[:2])]


@dataclass(frozen=True, slots=True)
class BothReplies:
    """The places that two sets of replies both answered, and the replies there."""

    places: tuple[AskedPlace, ...]
    ours: PaperReplies
    theirs: PaperReplies


def answered_by_both(places: Sequence[AskedPlace], ours: PaperReplies, theirs: PaperReplies) -> BothReplies:
    """Two prompts are compared over the same places: where one of them has no reply, the other's counts for nothing."""
    kept = [at for at, pair in enumerate(zip(ours.texts, theirs.texts, strict=True)) if None not in pair]
    return BothReplies(tuple(places[at] for at in kept), ours.at(kept), theirs.at(kept))


def beside_texts(both: BothReplies) -> list[AskedPlace]:
    """The places with the other set's texts where the humans' stand."""
    return [
        place if place.human is None else replace(place, human=replace(place.human, text=str(text)))
        for place, text in zip(both.places, both.theirs.texts, strict=True)
    ]


def against_texts(
    places: Sequence[AskedPlace], ours: PaperReplies, theirs: PaperReplies,
    figures: Callable[[Sequence[AskedPlace], PaperReplies], dict[str, ProbeFigure]], *, names: Iterable[str],
) -> dict[str, ProbeFigure]:  # fmt: skip
    """The figures of a task on texts for two sets of replies, cut alike; unknown for each of `names` where no place has both."""
    both = answered_by_both(places, ours, theirs)
    return figures(beside_texts(both), both.ours) if both.places else dict.fromkeys(names, unknown(NOBODY))


def lacking(places: Sequence[AskedPlace], humans: PaperHumans, task: str) -> PlacesAsked:
    """The places, or why there are none."""
    if places:
        return PlacesAsked(tuple(places))
    return PlacesAsked(reason=humans.lacks.get(task) or NO_USERS)


def length_figures(pairs: TextPairs, *, seed: int) -> dict[str, ProbeFigure]:
    """Characters of a reply, and the share of replies longer than they were asked to be."""
    limits = [place.n_characters or len(text) for place, text in zip(pairs.places, pairs.theirs, strict=True)]

    def too_long(texts: Sequence[str]) -> list[float]:
        return [float(len(text) > limit) for text, limit in zip(texts, limits, strict=True)]

    ours = None if pairs.ours is None else too_long(pairs.ours)
    return {
        "length": lengths(pairs.ours, pairs.theirs, pairs.clusters, seed=seed),
        "too_long": means(ours, too_long(pairs.theirs), pairs.clusters, seed=seed, high=1.0),
    }


def caricature(places: Sequence[AskedPlace], replies: PaperReplies | None, humans_said: Sequence[str], *, seed: int) -> ProbeFigure:
    """Share of a person's words (name, age, pickiness, ethnicity) that the reply repeats, beside what humans' texts hold of them."""
    if replies is None or not any(replies.persons):
        return unknown("no person is played in this setting")
    rows = [
        (text, said, person.words, place.cluster)
        for text, said, person, place in zip(replies.texts, humans_said, replies.persons, places, strict=True)
        if text is not None and person is not None
    ]
    if not rows:
        return unknown("no question was answered")

    def repeated(texts: Sequence[str]) -> list[float]:
        read = words_of(texts, Titles(()))
        return [len(own & set(words)) / len(own) for (_, _, own, _), words in zip(rows, read, strict=True)]

    model, human = repeated([text for text, _, _, _ in rows]), repeated([said for _, said, _, _ in rows])
    return means(model, human, [cluster for _, _, _, cluster in rows], seed=seed, high=1.0)
