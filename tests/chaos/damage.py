"""Full disks, folders that cannot be written, two nights on one store, and stores with damaged bytes."""

from __future__ import annotations

import os
import random
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfile

from tests.chaos.kills import named
from tests.chaos.night import EVENT, Strike
from tests.chaos.nights import NOTHING, PROFILED, Ended, begun, night, preload, prepared, same, started, whole
from tests.chaos.nights import ended as ended_with
from tests.chaos.results import Missed, Result, keep, kept, require
from understudy.errors import UnderstudyError
from understudy.tasks.status import store_status

DISKS, READ_ONLY, TWO, DAMAGED = "full disk", "folders that cannot be written", "two nights on one store", "damaged stores"
FULL_AT = (
    Strike("rows added", 30, does="fill"),
    Strike("ledger", 25, does="fill"),
    Strike(EVENT + "batch_played", does="fill"),
    Strike("release file made read-only", 2, does="fill"),
    Strike("rename of the snapshot", does="fill"),
)
AS_PROMISED = ("told: corrupt, exit code 2", "told: no DuckDB file, exit code 2", "nothing of it is used: the same rows")
N_FLIPS, N_CUTS, N_PAIRS = 40, 10, 3


def run(folder: Path) -> None:
    """What has no result yet."""
    preload()
    base = prepared(folder / "base")
    whole(base, "rehearsal")
    for strike in FULL_AT:
        _noted(DISKS, named(strike), lambda strike=strike: _full(folder, base, strike))
    for name in ("releases", "store"):
        _noted(READ_ONLY, name, lambda name=name: _read_only(folder, base, name))
    for place in range(N_PAIRS):
        _noted(TWO, f"pair {place + 1}", lambda: _two(folder, base))
    _damaged(folder, base)


def _noted(section: str, name: str, tried: object) -> None:
    if f"{section}/{name}" in kept():
        return
    assert callable(tried)
    try:
        told, n_held = tried(), 1
    except Missed as error:
        told, n_held = str(error), 0
    keep(Result(section, name, 1, n_held, told))
    print(f"{section}: {name}: {told}", flush=True)


@contextmanager
def mounted(folder: Path, size: str) -> Iterator[Path]:
    """A file system of its own in `folder`, kept in memory."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        # not lazily: a night that still ran would go on in the folder below
        subprocess.run(["umount", str(folder)], check=True)


def _full(folder: Path, base: Path, strike: Strike) -> str:
    undisturbed = whole(base, "rehearsal")
    with mounted(folder / "disk", "80m") as disk:
        own = begun(disk / "night", base, PROFILED)
        ballast = disk / "ballast"
        first = night(own, Strike(strike.at, strike.nth, strike.after, "fill", str(ballast)))
        require(ballast.exists(), "the moment did not come")
        _told(first, "No space left on device")
        ballast.unlink()
        same(night(own), undisturbed, own)
    return f"ended with {first.code}: {_message(first)}; with room again the same release and store"


def _message(ended: Ended) -> str:
    return str(ended.answer.get("error", {}).get("message", "done; only the new snapshot was not kept"))


def _told(ended: Ended, reason: str) -> None:
    """The night said what was wrong, or what failed was only the copy that it keeps at its end."""
    require("Traceback" not in ended.errors, f"a traceback: {ended.errors[-600:]}")
    if ended.code != 0:
        require(ended.code in (1, 2), f"ended with {ended.code}")
        require(reason in _message(ended), f"did not say {reason!r}: {_message(ended)}")


def _read_only(folder: Path, base: Path, name: str) -> str:
    undisturbed = whole(base, "rehearsal")
    with mounted(folder / "disk", "80m") as disk:
        own = begun(disk / "night", base, PROFILED)
        inside = own / "releases" if name == "releases" else own
        with mounted(inside, "40m") as place:
            if name == "store":
                begun_store = place / "store.duckdb"
                copyfile(base / "profiled.duckdb", begun_store)
            subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
            first = night(own)
        _told(first, "Read-only file system")
        require(first.code != 0, "a night in a folder that cannot be written ended with 0")
        same(night(own), undisturbed, own)
    return f"ended with {first.code}: {_message(first)}; with a folder that can be written the same release and store"


def _two(folder: Path, base: Path) -> str:
    undisturbed = whole(base, "rehearsal")
    own = begun(folder / "two", base, PROFILED)
    both = [started(own, f"two-{place}") for place in range(2)]
    ends = [ended_with(one) for one in both]
    codes = sorted(one.code for one in ends)
    require(codes == [0, 6], f"ended with {codes}: {[_message(one) for one in ends]}")
    same(next(one for one in ends if one.code == 0), undisturbed, own)
    return "one went on to the same release and store, the other ended with 6"


def _damaged(folder: Path, base: Path) -> None:
    """Every damaged copy is told to be corrupt (exit code 2), or the damage lies where nothing is kept and all rows are the same."""
    own, draws = begun(folder / "damaged", base, NOTHING) / "store.duckdb", random.Random(16)
    raw = (base / "rehearsal" / "store.duckdb").read_bytes()
    own.write_bytes(raw)
    digest = store_status(own)["store_digest"]
    for name, n in (("bytes flipped", N_FLIPS), ("truncated", N_CUTS)):
        if f"{DAMAGED}/{name}" in kept():
            continue
        seen = Counter(_opened(own, _flipped(raw, draws) if name == "bytes flipped" else raw[: draws.randrange(len(raw))], digest)
                       for _ in range(n))  # fmt: skip
        n_held = sum(seen[one] for one in AS_PROMISED)
        told = ", ".join(f"{count} {what}" for what, count in sorted(seen.items()))
        keep(Result(DAMAGED, name, n, n_held, told))
        print(f"{DAMAGED}: {name}: {told}", flush=True)


def _flipped(raw: bytes, draws: random.Random) -> bytes:
    at, size = draws.randrange(len(raw)), draws.choice((1, 16, 512))
    return raw[:at] + bytes(byte ^ draws.randrange(1, 256) for byte in raw[at : at + size]) + raw[at + size :]


def _opened(path: Path, raw: bytes, digest: str) -> str:
    for one in path.parent.glob(f"{path.name}*"):
        os.unlink(one)
    path.write_bytes(raw)
    try:
        return "nothing of it is used: the same rows" if store_status(path)["store_digest"] == digest else "OTHER ROWS WITHOUT A WORD"
    except UnderstudyError as error:
        kind = "corrupt" if "corrupt" in error.message else "no DuckDB file" if "DuckDB file" in error.message else error.message[:60]
        return f"told: {kind}, exit code {error.exit_code}"
    except Exception as error:
        return f"TRACEBACK {type(error).__name__}"
