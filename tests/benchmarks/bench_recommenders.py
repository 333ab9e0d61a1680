"""The recommenders beside each other: on what humans recommended next, and with rehearsal's seekers. Run by `make bench`.

Human dialogues are those of `select`: popularity is counted, and the weights of `retrieval` were set, on `exemplar` and `search`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scaled import LOGS
from tables import Table, write_section

from understudy import plugins
from understudy.doors.store import Store
from understudy.keys import seed_of
from understudy.parameters import RunOptions
from understudy.recommenders import NO_SERVICES
from understudy.records import Item, Measured, Turn
from understudy.rows import humans
from understudy.statistics.halves import halves, interval, unit_codes
from understudy.statistics.rates import wilson
from understudy.tasks.ingest.logs import ingest_logs
from understudy.tasks.play.opened import joined
from understudy.tasks.profile.dataset import profile_dataset
from understudy.tasks.simulate.batch import prompt_of
from understudy.tasks.studies.evaluate import judge

EMBEDDED = ("retrieval", "popularity", "random")
JUDGED = (*EMBEDDED, "contrarian")
KS = (1, 10, 50)
N_DIALOGUES = 400
SPLIT, SETTING = "select", "zero_shot"


def main() -> int:
    """Measures and writes the section; the exit code is 1 where `retrieval` does not stand above popularity and random."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=LOGS / "redial")
    parser.add_argument("--store", type=Path, help="A store that holds the profiled log already.")
    asked = parser.parse_args()
    if not asked.store and not asked.data.is_dir():
        print(f"there is no ReDial in {asked.data}; name its folder with --data", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        store = str(asked.store or _profiled(Path(folder) / "store.duckdb", asked.data))
        hits, next_items = _next_items(store)
        judged = _judged(store)
    write_section("Recommenders", [next_items, *judged], command="make bench-recommenders")
    return int(any(not _above(hits["retrieval"], hits[other], k) for other in ("popularity", "random") for k in (0, 1, 2)))


def _profiled(store: Path, data: Path) -> Path:
    with Store.open(store) as opened:
        ingest_logs.fn(opened, "redial", [str(data)], dataset="redial")
    with Store.open(store) as opened:
        profile_dataset.fn(opened, "redial")
    return store


def _next_items(store: str) -> tuple[dict[str, Any], Table]:
    """Whether what a human recommender named next is within the first k, given the dialogue up to there."""
    items, popularity, dialogues = _material(store)
    known = {name: plugins.load("recommenders", name).build(items, popularity, NO_SERVICES) for name in EMBEDDED}
    hits: dict[str, dict[str, list[list[bool]]]] = {name: {} for name in EMBEDDED}
    for dialogue_id, turns in dialogues.items():
        for history, wanted in _points(turns, items):
            for name, recommender in known.items():
                ranked = recommender.rank(history, seed_of("bench", dialogue_id, len(history)))
                places = [ranked.index(one) if one in ranked else KS[-1] for one in wanted]
                hits[name].setdefault(dialogue_id, []).extend([place < k for k in KS] for place in places)
    n = sum(len(one) for one in hits[EMBEDDED[0]].values())
    rows = [[f"`{name}`", *(_told(_share(hits[name], place)) for place in range(len(KS)))] for name in EMBEDDED]
    rows += [
        [f"`retrieval` less `{other}`", *(_told(_share(hits["retrieval"], place, less=hits[other])) for place in range(len(KS)))]
        for other in EMBEDDED[1:]
    ]
    title = (
        f"What humans recommended next, ReDial `{SPLIT}`: {n:,} items that were not named before, in {len(hits[EMBEDDED[0]]):,} dialogues; "
        "intervals by half-samples of dialogues"
    )
    return hits, Table(title, ["recommender", *(f"Recall@{k}" for k in KS)], rows)


def _material(store: str) -> tuple[dict[str, Item], dict[str, int], dict[str, list[Turn]]]:
    with Store.open(store) as opened:
        profile_key = humans.current_profile(opened, "redial")
        popularity = {row["item_id"]: row["n"] for row in opened.rows("profile/popularity", profile_key=profile_key)}
        dialogues: dict[str, list[Turn]] = {}
        for row in humans.load_human_turns(opened, profile_key, SPLIT).iter_rows(named=True):
            dialogues.setdefault(row["dialogue_id"], []).append(Turn(row["role"], row["text"], 1, tuple(row["item_ids"])))
        return humans.load_items(opened, "redial"), popularity, dialogues


def _points(turns: Sequence[Turn], items: Mapping[str, Item]) -> Iterator[tuple[Sequence[Turn], list[str]]]:
    """The dialogue before each turn in which the recommender names items that nobody has named, and those items."""
    named: set[str] = set()
    for place, turn in enumerate(turns):
        new = [one for one in dict.fromkeys(turn.item_ids) if one in items and one not in named]
        if turn.role == "recommender" and new:
            yield turns[:place], new
        named |= set(turn.item_ids)


def _share(hits: Mapping[str, Any], place: int, *, less: Mapping[str, Any] | None = None) -> Measured:
    """The share of items within the first k; less that of another recommender on the same items."""
    found = {name: np.array([float(one[place]) for one in rows]) for name, rows in hits.items()}
    if less is not None:
        found = {name: one - np.array([float(row[place]) for row in less[name]]) for name, one in found.items()}
    sums, sizes = (np.array([measure(one) for one in found.values()], dtype=float) for measure in (np.sum, len))
    if less is None and not sums.any():
        return wilson(0, len(found))
    drawn = halves(unit_codes(list(found)), seed=0)
    means = (drawn @ sums) / (drawn @ sizes)
    return interval(float(sums.sum() / sizes.sum()), means - means.mean(), n=int(sizes.sum()))


def _above(one: Mapping[str, Any], other: Mapping[str, Any], place: int) -> bool:
    low = _share(one, place, less=other).lo
    return low is not None and low > 0


def _judged(store: str) -> list[Table]:
    """The recommenders by simulated seekers, as `understudy evaluate` judges them."""
    with joined("redial", RunOptions(store=Path(store))) as opened:
        genome = prompt_of.fn(opened, setting=SETTING, genome_file=None)
        found = judge.fn(opened, genome_digest=genome, recommenders=list(JUDGED), n=N_DIALOGUES)
    names = ("success", "rounds", "satisfaction", "acceptance")
    rows = [
        [f"`{row['recommender']}`", *(_figure(row["recall"][str(k)]) for k in KS), *(_figure(row[name]) for name in names)]
        for row in found["rows"]
    ]
    human = found["human"]
    rows.append(["human recommenders", *[""] * len(KS), *(_figure(human.get(name)) for name in names)])
    title = f"Rehearsal's seekers (`{SETTING}`, no language model), {N_DIALOGUES} dialogues each on `{SPLIT}`"
    told = [
        [one["metric"], f"`{one['one']}` less `{one['other']}`", _figure(one["difference"]), f"{one['p_holm']:.2g}", one["direction"]]
        for one in found["differences"]
        if one["p_holm"] is not None and one["one"] == "retrieval" and not one["metric"].startswith("recall_last")
    ]
    return [
        Table(title, ["recommender", *(f"recall@{k}" for k in KS), *names], rows),
        Table("Paired differences", ["figure", "pair", "difference", "Holm's p", "direction"], told),
    ]


def _told(one: Measured) -> str:
    return _figure(one.as_json())


def _figure(one: Any) -> str:
    if one is None:
        return ""
    if one["value"] is None:
        return "not measured"
    return f"{one['value']:.3f} [{one['ci'][0]:.3f}, {one['ci'][1]:.3f}]"


if __name__ == "__main__":
    raise SystemExit(main())
