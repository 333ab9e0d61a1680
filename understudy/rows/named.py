"""What a user names in a store: data sets and batches."""

from __future__ import annotations

from understudy.errors import BadInput
from understudy.rows.humans import Rows


def require_dialogues(store: Rows, dataset: str) -> None:
    """Raises BadInput, which lists what there is, where the store holds no dialogues of the data set."""
    there = [row["dataset"] for row in store.rows("ingest/datasets")]
    if dataset not in there:
        listed = f"name one of the data sets of the store: {', '.join(there)}" if there else "run `understudy ingest` first"
        raise BadInput(f"the store holds no dialogues of the data set {dataset!r}", hint=listed)


def batch_key_of(store: Rows, batch: str, dataset: str | None) -> str:
    """The key of the batch of that name, the one made last where a name was used for several prompts. Raises BadInput."""
    found = store.rows("simulate/named", batch=batch, dataset=dataset)
    if not found:
        raise BadInput(f"there is no batch called {batch!r}", hint="run `understudy simulate --batch NAME` to play one")
    datasets = sorted({row["dataset"] for row in found})
    if len(datasets) > 1:
        raise BadInput(f"the batch {batch!r} exists in several data sets: {', '.join(datasets)}", hint="name one with --dataset")
    return str(found[-1]["batch_key"])
