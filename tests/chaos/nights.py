"""Nights in processes of their own: started, killed, run again, and compared with one that nobody disturbed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from shutil import copyfile, rmtree
from tempfile import gettempdir
from typing import Any

from tests.chaos.night import EVENT, Strike
from tests.chaos.night import main as play
from tests.chaos.results import require
from understudy.doors.connection import snapshot_of

CONCURRENCY = 8
LONGEST_S = 1500
# what is in the store when a night of the campaign begins: what is there is not done again, which a trial's own moments show
NOTHING, PROFILED, SEARCHED, PLAYED = "nothing", "profiled", "searched", "played"
# in the order of a night: what is called, which call of it, and whether the night ends before or after it
MOMENTS: tuple[tuple[str, Strike], ...] = (
    (NOTHING, Strike("rows added")),
    (NOTHING, Strike("rows added", 3, after=True)),
    (NOTHING, Strike(EVENT + "ingest_done", after=True)),
    (NOTHING, Strike("rows added", 20)),
    (NOTHING, Strike(EVENT + "profile_done")),
    (PROFILED, Strike(EVENT + "generation_started")),
    (PROFILED, Strike("ledger", 2)),
    (PROFILED, Strike("ledger", 9, after=True)),
    (PROFILED, Strike("ledger", 25)),
    (PROFILED, Strike(EVENT + "generation_done")),
    (PROFILED, Strike(EVENT + "generation_started", 2)),
    (PROFILED, Strike("ledger", 45, after=True)),
    (PROFILED, Strike(EVENT + "generation_done", 2, after=True)),
    (PROFILED, Strike(EVENT + "search_done")),
    (SEARCHED, Strike(EVENT + "batch_played")),
    (PLAYED, Strike(EVENT + "verdict", 4)),
    (PLAYED, Strike("release file made read-only", 3)),
    (PLAYED, Strike(EVENT + "release_staged", after=True)),
    (PLAYED, Strike("rename of the release", after=True)),
    (PLAYED, Strike(EVENT + "release_published")),
    (PLAYED, Strike("rename of the snapshot")),
    (PLAYED, Strike(EVENT + "snapshot_kept", after=True)),
)
# before the search no model is called; with one in flight there are more moments between two replies
MOMENTS_PAID = (
    *((state, strike) for state, strike in MOMENTS if state != NOTHING),
    (PROFILED, Strike("ledger", 5)),
    (PROFILED, Strike("ledger", 15, after=True)),
    (SEARCHED, Strike("ledger", 12, after=True)),
)
# how a store in each state is made: the state before it, and where the night that makes it ends
_MADE = {
    PROFILED: (NOTHING, Strike(EVENT + "profile_done")),
    SEARCHED: (PROFILED, Strike(EVENT + "search_done", after=True)),
    PLAYED: (SEARCHED, Strike(EVENT + "batch_played", after=True)),
}


_LOOK = """
import json, sys
from pathlib import Path
from understudy.tasks.status import store_status
print(json.dumps(store_status(Path(sys.argv[1]))["ledger"]))
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a night ended."""

    code: int
    answer: dict[str, Any] = field(default_factory=dict)
    errors: str = ""

    @property
    def is_killed(self) -> bool:
        """Whether the kernel ended it, as `kill -9` does."""
        return self.code == -signal.SIGKILL


@dataclass(frozen=True, slots=True)
class Paid:
    """A paid model: where it is, what the server saw so far."""

    address: str
    log: Path

    def models(self) -> dict[str, Any]:
        """The parameters of a night that is played by it."""
        priced = {"*": [1.0, 2.0]}
        return {"seeker": "openai/anything", "api_base": self.address, "prices": priced, "concurrency": CONCURRENCY, "timeout_s": 120}

    @property
    def n_seen(self) -> int:
        """Requests by the server's own log."""
        return len(self.log.read_text("utf-8").splitlines()) if self.log.exists() else 0


@dataclass(frozen=True, slots=True)
class Started:
    """A night that is being played, and where its output goes."""

    process: int
    out: Path
    errors: Path


def night(folder: Path, strike: Strike | None = None, *, paid: Paid | None = None) -> Ended:
    """A night in `folder`, played to its end or to the moment of `strike`, in a process of its own."""
    return ended(started(folder, folder.name, strike, paid=paid))


def started(folder: Path, name: str, strike: Strike | None = None, *, paid: Paid | None = None) -> Started:
    """The same while it is played."""
    asked: dict[str, Any] = {"store": str(folder / "store.duckdb"), "releases": str(folder / "releases")}
    asked |= {"strike": asdict(strike)} if strike else {}
    asked |= {"models": paid.models()} if paid else {}
    out, errors = Path(gettempdir()) / f"{name}-{os.getpid()}.out", Path(gettempdir()) / f"{name}-{os.getpid()}.err"
    return Started(_forked(asked, folder, out, errors), out, errors)


def ended(one: Started) -> Ended:
    """How it ended, when it has."""
    code = _waited(one.process)
    lines = [line for line in one.out.read_text("utf-8").splitlines() if line.startswith("{")]
    told = one.errors.read_text("utf-8", "replace")
    one.out.unlink()
    one.errors.unlink()
    return Ended(code, json.loads(lines[-1]) if lines else {}, told)


def preload() -> None:
    """Imports what nights need, once: each is a fork of a process that has only one thread and has opened nothing."""
    from understudy.doors.gateway import llm

    llm._litellm()


def _forked(asked: dict[str, Any], folder: Path, out: Path, errors: Path) -> int:
    process = os.fork()
    if process:
        return process
    code = 70
    try:
        os.chdir(folder)
        for path, handle in ((out, 1), (errors, 2)):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), handle)
        sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
        sys.argv = ["night", json.dumps(asked)]
        play()
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        with suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _waited(process: int) -> int:
    """The exit code, negative for a signal. What takes too long is killed, and has 99."""
    until = time.monotonic() + LONGEST_S
    while time.monotonic() < until:
        found, status = os.waitpid(process, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.1)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return 99


def begun(folder: Path, base: Path, state: str) -> Path:
    """A fresh folder with the store of a night that ended in `state`, as its end left it."""
    rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path in base.glob(f"{state}.duckdb*"):
        copyfile(path, folder / path.name.replace(state, "store"))
    return folder


def prepared(base: Path, paid: Paid | None = None) -> Path:
    """The folder with a store in each state, each left by a night that was killed there."""
    base.mkdir(parents=True, exist_ok=True)
    for state, (before, strike) in _MADE.items():
        if not list(base.glob(f"{state}.duckdb")):
            folder = begun(base / "making", base, before)
            left = night(folder, strike, paid=paid)
            require(left.is_killed, f"the night that makes a store {state} ended with {left.code}: {left.errors[-500:]}")
            for path in sorted(folder.glob("store.duckdb*"), reverse=True):
                copyfile(path, base / path.name.replace("store", state))
    return base


def ledger_of(base: Path, state: str) -> dict[str, int]:
    """The totals of the ledger with which a night in `state` begins; looked at once, in a process of its own."""
    kept = base / f"{state}.json"
    if not kept.exists():
        looked = begun(base / f"looked-{os.getpid()}", base, state) / "store.duckdb"
        if not looked.exists():
            return {"n": 0, "n_unknown": 0}
        done = subprocess.run([sys.executable, "-c", _LOOK, str(looked)], capture_output=True, text=True, check=True)
        kept.write_text(done.stdout, encoding="utf-8")
    found: dict[str, int] = json.loads(kept.read_text("utf-8"))
    return found


def whole(base: Path, name: str, paid: Paid | None = None) -> dict[str, Any]:
    """What a night answers that nobody disturbs; played once and kept."""
    kept = base / f"{name}.json"
    if not kept.exists():
        before = paid.n_seen if paid else 0
        end = night(begun(base / name, base, PROFILED), paid=paid)
        require(end.code == 0, f"the night that nobody disturbs ended with {end.code}: {end.errors[-800:]}")
        kept.write_text(json.dumps({**end.answer, "n_seen": (paid.n_seen - before) if paid else 0}), encoding="utf-8")
    answer: dict[str, Any] = json.loads(kept.read_text("utf-8"))
    return answer


def same(ended: Ended, undisturbed: dict[str, Any], folder: Path) -> None:
    """The night in `folder` came to what an undisturbed one came to. Raises Missed."""
    require(ended.code == 0, f"ended with {ended.code}: {ended.answer.get('error', ended.errors[-400:])}")
    for name in ("store_digest",):
        require(ended.answer[name] == undisturbed[name], f"another {name}")
    require(ended.answer["release"]["digest"] == undisturbed["release"]["digest"], "another release")
    require(ended.answer["release"]["version"] == 1, "another version")
    require(ended.answer["ledger"]["n"] == undisturbed["ledger"]["n"], "another number of replies")
    require(ended.answer["ledger"]["n_duplicate_keys"] == 0, "a reply is there twice")
    left = [path.name for path in (folder / "releases").rglob("*") if path.is_dir() and path.name.startswith(".")]
    require(not left, f"left behind: {left}")
    require(snapshot_of(folder / "store.duckdb").is_file(), "no snapshot was kept")
    require(not list(folder.glob(".*.part")), "half a snapshot was left behind")


@contextmanager
def served(folder: Path) -> Iterator[Paid]:
    """A paid model: a loopback server with the OpenAI protocol in a process of its own."""
    log = folder / "server.jsonl"
    words = "import sys; from pathlib import Path; from understudy.doors.devserver import serve; serve(0, log=Path(sys.argv[1]))"
    with subprocess.Popen([sys.executable, "-c", words, str(log)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            yield Paid(json.loads(server.stdout.readline())["api_base"], log)
        finally:
            server.terminate()
