"""Histories, ratings and texts from a store: reviews of Amazon's published form, and dialogues where there are none."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.probes.replication import made_up
from tests.stored import on
from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.probes.replication.people import KNOWN_SHARE
from understudy.rows.handle import Humans
from understudy.tasks.ingest.logs import ingest_logs
from understudy.tasks.studies.replicate_humans import paper_humans

N_USERS = 24


def written(film: int) -> str:
    """The review of a film: none, one with an address, or an opinion."""
    special = {3: "", 5: "write to me at some.body@example.org about number 5 please"}
    return special.get(film, made_up.OPINIONS[film % 10])


def film(at: int) -> dict[str, Any]:
    """A record of meta_Movies_and_TV.jsonl with every field as it is published: the year stands among the features."""
    one = made_up.ITEMS[at]
    return {
        "main_category": "Prime Video", "title": one.title, "subtitle": None, "average_rating": 4.1, "rating_number": 120,
        "features": ["IMDb 6.8", str(one.year), "X-Ray", "UHD"], "description": ["A story.", "About it."], "price": None,
        "images": [{"360w": "a.jpg", "480w": "b.jpg", "720w": "c.jpg", "1080w": "d.jpg", "1440w": "e.jpg", "1920w": "f.jpg"}],
        "videos": [], "store": "Ada Planted", "categories": ["Films", *one.genres],
        "details": {"Content advisory": ["Violence"], "Directors": ["Ada Planted"], "Audio languages": ["English"]},
        "parent_asin": f"X{at}", "bought_together": None,
    }  # fmt: skip


def review(user: int, at: int) -> dict[str, Any]:
    """A record of Movies_and_TV.jsonl with every field as it is published."""
    return {
        "rating": float(round(max(1, made_up.rating_of(user, at)))), "title": "head", "text": written(at), "images": [], "asin": f"A{at}",
        "parent_asin": f"X{at}", "user_id": f"U{user}", "timestamp": 1_600_000_000_000 + user, "helpful_vote": 0, "verified_purchase": True,
    }  # fmt: skip


@pytest.fixture(scope="module")
def store(profiled_sample: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The sample, and reviews by 24 people of 30 films, one of which holds an address."""
    folder = tmp_path_factory.mktemp("reviews")
    films = [film(at) for at in range(30)]
    reviews = [review(user, at) for user in range(N_USERS) for at in range(30) if (user + at) % 2]
    for name, rows in (("meta_Movies_and_TV.jsonl", films), ("Movies_and_TV.jsonl", reviews)):
        (folder / name).write_text("\n".join(json.dumps(one) for one in rows) + "\n")
    path = str(shutil.copy(profiled_sample, folder / "s.duckdb"))
    on(path, ingest_logs, "amazon", [str(folder)], dataset="films")
    return path


def test_reviews_are_the_texts_and_personal_data_in_them_are_masked(store: str) -> None:
    with Store.open(store) as opened:
        found = paper_humans(opened, Humans.of(opened, "sample"), ratings="films", seed=0)
        again = paper_humans(opened, Humans.of(opened, "sample"), ratings="films", seed=0)
    assert (found.users, found.titles, found.opinions) == (again.users, again.titles, again.opinions)
    assert (found.texts_from, found.ratings_from, len(found.users)) == ("films", "films", N_USERS)
    assert not any("example.org" in one.text for one in found.opinions)
    assert any("about number 5" in one.text for one in found.opinions)
    assert {one.person_id for one in found.opinions} <= {user.user_id for user in found.users}
    for user in found.users:
        labels = [{row.item.label for row in rows} for rows in (user.known, user.held)]
        assert not labels[0] & labels[1]
    n_known = sum(len(user.known) for user in found.users)
    assert n_known / (15 * N_USERS) == pytest.approx(KNOWN_SHARE, abs=0.08)
    # both halves of a title share nobody
    assert all(len(one.halves[0]) + len(one.halves[1]) <= N_USERS for one in found.titles)
    assert "NegFeedback" not in found.lacks or not found.refusals


def test_a_title_without_a_year_counts_for_nothing_and_without_ratings_there_are_no_users(store: str) -> None:
    with Store.open(store) as opened:
        people = Humans.of(opened, "sample")
        found = paper_humans(opened, people, ratings="films", seed=0)
        assert all(row.item.year for user in found.users for row in (*user.known, *user.held))
        with pytest.raises(BadInput, match="no user with at least"):
            paper_humans(opened, people, ratings=None, seed=0)
