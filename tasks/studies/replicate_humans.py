"""The humans of the paper's experiment from rows: histories and ratings of one data set, texts of another or of the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.probes import Refusal
from understudy.probes.replication.elicited import opinions_in
from understudy.probes.replication.people import HistoryUser, HumanText, PaperHumans, RatedRow, TitleRatings, user_of
from understudy.probes.requests import request_in
from understudy.records import Item
from understudy.rows import humans as stock
from understudy.rows.handle import Humans
from understudy.tasks.studies.probe import opinions_of, refusals_of, talks_of

# an even share of the splits that are open: the parts of this experiment are drawn over people anew, since its users are other people
SPLITS = ("search", "select")
# what is read of a data set of ratings at most: some hundred users tell the same whatever its size
MOST_USERS, MIN_RATINGS, MOST_RATINGS = 2000, 12, 60
MOST_TITLES, MIN_GIVEN = 1000, 10
MIN_WORDS = 4
# a review longer than this is an essay: replies of 300 tokens could not be as long
MOST_CHARACTERS = 900
HIGHEST = 5.0
ELICITS = "ccpe"
"""The reader of logs in which an assistant asks for preferences and recommends nothing."""


def paper_humans(store: Store, people: Humans, *, ratings: str | None, seed: int) -> PaperHumans:
    """Everything that the experiment holds a model against. Raises BadInput where nobody's history is known.

    `ratings`: the data set of histories and ratings, where it is another one than that of the texts.
    """
    dataset = ratings or people.dataset
    catalogue = stock.load_items(store, dataset)
    users, reviews = _users(store, dataset, catalogue, seed=seed)
    if not users:
        raise BadInput(
            f"the data set {dataset!r} holds no user with at least {MIN_RATINGS} ratings",
            hint="ingest ratings (`understudy ingest movielens PATH --dataset NAME`) and name them with --ratings NAME",
        )
    is_elicited = {row["reader"] for row in store.rows("ingest/dialogue_readers", dataset=people.dataset)} == {ELICITS}
    # what an assistant asks about there was not suggested: nobody is recommended anything, asks for it or turns it down
    opinions = reviews or (_elicited(people) if is_elicited else _opinions(people))
    requests, refusals = ([], ()) if is_elicited else (_requests(people), _refusals(people))
    nobody = f"nobody is recommended anything in {people.dataset!r}" if is_elicited else ""
    lacks = {
        "OpenPref": "" if opinions else f"neither {dataset!r} nor {people.dataset!r} holds what people wrote of a title",
        "RecRequest": "" if requests else nobody or f"no seeker of {people.dataset!r} names a title before the first recommendation",
        "NegFeedback": "" if refusals else nobody or f"no seeker of {people.dataset!r} is known to turn a suggestion down",
        "BinPref": f"{dataset!r} holds too few titles that many people rated",
    }
    return PaperHumans(
        users=users, titles=_titles(store, dataset, catalogue, seed=seed), opinions=opinions, requests=requests, refusals=refusals,
        catalogue=catalogue, instruments=people.instruments, lacks={name: why for name, why in lacks.items() if why},
        texts_from=dataset if reviews else people.dataset, ratings_from=dataset,
    )  # fmt: skip


def _users(
    store: Store, dataset: str, catalogue: Mapping[str, Item], *, seed: int
) -> tuple[list[HistoryUser], list[HumanText]]:
    """Users with their histories, and the reviews among these."""
    drawn = store.rows("profile/rating_users", dataset=dataset, min_items=MIN_RATINGS, n_users=MOST_USERS, seed=str(seed))
    user_ids = [row["user_id"] for row in drawn]
    if not user_ids:
        return [], []
    rows = store.rows("profile/user_ratings", dataset=dataset, user_ids=user_ids, max_items=MOST_RATINGS, seed=str(seed))
    if rows and max(row["value"] for row in rows) > HIGHEST:
        raise BadInput(f"ratings of {dataset!r} go up to more than {HIGHEST:g}; what a like is, is known for scales up to that alone")
    # a title counts only with its year, as in the paper: without one it is often something else than a film or book
    held: dict[str, list[RatedRow]] = {}
    reviews: list[HumanText] = []
    for row in rows:
        item = catalogue.get(row["item_id"])
        if item is None or item.year is None:
            continue
        held.setdefault(row["user_id"], []).append(RatedRow(item, row["value"]))
        if row["text"] and _is_short(row["text"]):
            reviews.append(HumanText(f"{row['user_id']}/{item.item_id}", row["user_id"], row["text"], item))
    users = [user_of(user_id, rows_of) for user_id, rows_of in sorted(held.items()) if len(rows_of) >= MIN_RATINGS]
    return users, reviews


def _titles(store: Store, dataset: str, catalogue: Mapping[str, Item], *, seed: int) -> list[TitleRatings]:
    rows = store.rows("profile/title_ratings", dataset=dataset, min_given=MIN_GIVEN, n_items=MOST_TITLES, seed=str(seed))
    return [
        TitleRatings(item, (tuple(row["first"]), tuple(row["second"])))
        for row in rows
        if (item := catalogue.get(row["item_id"])) is not None and item.year is not None
    ]


def _opinions(people: Humans) -> list[HumanText]:
    """What seekers say of a title that their form says they had seen."""
    items = people.items
    return [
        HumanText(one.context_id, one.seeker_id, one.text, items[one.item_id])
        for split in SPLITS
        for one in opinions_of(people, split)
        if _is_short(one.text)
    ]


def _elicited(people: Humans) -> list[HumanText]:
    """What seekers answer when they are asked for their opinion of a title; of logs that have no forms."""
    found = [one for split in SPLITS for one in opinions_in(talks_of(people, split), people.items)]
    return [one for one in found if _is_short(one.text)]


def _requests(people: Humans) -> list[HumanText]:
    """What seekers say before the first recommendation, where they name a title."""
    return [
        HumanText(found.dialogue_id, found.seeker_id, found.text)
        for split in SPLITS
        for talk in talks_of(people, split)
        if (found := request_in(talk, people.items)) is not None and len(found.text) <= MOST_CHARACTERS
    ]


def _refusals(people: Humans) -> Sequence[Refusal]:
    found: list[Refusal] = []
    for split in SPLITS:
        found += [one for one in refusals_of(people, split) if len(one.text.split()) >= 2]
    return found


def _is_short(text: str) -> bool:
    return len(text.split()) >= MIN_WORDS and len(text) <= MOST_CHARACTERS

