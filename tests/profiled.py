"""The bundled sample profiled once for all test runs: kept in .cache/ under a digest of everything that it is made of."""

from __future__ import annotations

import fcntl
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path
from shutil import copyfile

import pytest

from tests.stored import on

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "examples" / "sample"
CACHE = ROOT / ".cache"
N_KEPT = 3

# What a profiled store is made of; tests/house/test_profiled_sample.py holds that ingest and profile import nothing else.
PACKAGES = (
    "statistics", "report", "prompt", "rehearsal", "doors", "instruments", "readers", "ingest", "recommenders", "policy", "measure",
    "objectives", "profile", "play", "rows",
)  # fmt: skip
TASKS = ("tasks/ingest", "tasks/profile")
SOURCES = (
    *sorted((ROOT / "understudy").glob("*.py")),
    *(ROOT / "understudy" / name for name in PACKAGES),
    *sorted((ROOT / "tasks").glob("*.py")),
    *(ROOT / name for name in TASKS),
    ROOT / "sql",
    SAMPLE,
    ROOT / "requirements.lock",
    Path(__file__),
)


def digest(sources: Iterable[Path]) -> str:
    """A digest over the names and bytes of all files that `sources` (files and folders) hold, and the version of Python."""
    total = sha256(sys.version.encode())
    for source in sources:
        files = [source] if source.is_file() else sorted(path for path in source.rglob("*") if path.is_file())
        for path in files:
            if "__pycache__" not in path.parts:
                total.update(f"{source.name}/{path.relative_to(source)}\0{sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()[:16]


def kept(copy: Path, *, key: str, make: Callable[[Path], None], folder: Path = CACHE) -> None:
    """Writes `copy`, the store that `make` writes; what was made for the same key before, by whatever process, is copied.

    The caller gets a copy of its own, because a run with other sources may remove the store from the cache at any time.
    """
    folder.mkdir(exist_ok=True)
    store = folder / f"profiled-{key}.duckdb"
    with _alone(folder / "profiled.lock"):
        if not store.exists():
            unfinished = folder / "unfinished.duckdb"
            unfinished.unlink(missing_ok=True)
            make(unfinished)
            unfinished.rename(store)
            _forget_all_but(N_KEPT, folder)
        copyfile(store, copy)


def profile(store: Path, *, n_halvings: int = 3) -> None:
    """Writes a store with the sample as data set `sample`, profiled; floors by so many halvings."""
    from understudy.profile.anchors import human_anchors
    from understudy.tasks.ingest.logs import ingest_logs
    from understudy.tasks.profile.dataset import profile_dataset

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("understudy.profile.anchors.human_anchors", partial(human_anchors, n_halvings=n_halvings))
        on(store, ingest_logs, "redial", [str(SAMPLE)], dataset="sample")
        on(store, profile_dataset, "sample")


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _forget_all_but(n: int, folder: Path) -> None:
    """Removes the oldest stores, so that a cache does not grow with every change of the code."""
    stores = sorted(folder.glob("profiled-*.duckdb"), key=lambda path: path.stat().st_mtime)
    for store in stores[:-n]:
        store.unlink(missing_ok=True)
