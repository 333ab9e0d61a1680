"""Tune the prompt of a simulated seeker for your own CRS, and see whether the search was worth it.

    python examples/tune_a_seeker.py LOGS [RECOMMENDER] [MODEL] [STORE] [DATASET]

LOGS are human logs in ReDial's layout. RECOMMENDER is a shipped one or your running CRS, `http:FILE.toml`
(docs/recommenders.md). MODEL is a model's name; without one the embedded rehearsal plays, which is no language model.
"""

from __future__ import annotations

import sys
from pathlib import Path

import understudy

SMALL = understudy.PanelSize(per_stratum=2, behaviour=4, free=2)


def main(
    logs: str, recommender: str = "retrieval", model: str = "rehearsal", store: str = "tune.duckdb", dataset: str = "humans"
) -> None:
    """Prints what the search found, and where the prompt lies."""
    options = understudy.RunOptions(
        store=Path(store), recommender=recommender, models=understudy.Models(seeker=model), caps=understudy.Caps(minutes=30)
    )
    understudy.ingest_logs("redial", logs, dataset=dataset, store=options.store)
    understudy.profile_logs(dataset, store=options.store)
    # small, so that this ends in a minute; the defaults of Search are those of a night
    search = understudy.Search(population=4, generations=1, n_front=2, panel=SMALL, front_panel=SMALL)
    found = understudy.optimize(dataset, setting="zero_shot", search=search, options=options)
    pick = found["pick"]
    print(f"{found['n_evaluations']} prompts were played in {found['n_dialogues']} dialogues; stopped: {found['stopped']}")
    print(f"the pick dominates the seed prompt: {pick['dominates_seed']}; it lies in {pick['file']}")


if __name__ == "__main__":
    main(*sys.argv[1:])
