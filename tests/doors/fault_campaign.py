"""Dialogues played against a server that fails on purpose, and what must hold afterwards by the server's own log."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from understudy import rehearsal
from understudy.doors.gateway.caller import GatewayConfig
from understudy.doors.gateway.llm import Gateway
from understudy.doors.store import Store
from understudy.errors import BudgetExhausted
from understudy.parameters import Caps
from understudy.play.dialogue import Played, play_all
from understudy.play.scene import Scene, free_scene
from understudy.prompt.setting import load_setting
from understudy.recommenders import retrieval
from understudy.records import Item, Need, Scenario

# a fifth of the requests fail, each way of failing among them
FAULTS = """
rate_limited = 0.005
burst_s = 0.1
retry_after_s = 0.2
retry_after_date = 0.3
server_error = 0.03
hang = 0.005
reset = 0.025
truncated = 0.025
malformed = 0.025
empty = 0.025
wrong_schema = 0.02
error_body = 0.02
drip = 0.005
seed = 4
"""
TIMEOUT_S, CONCURRENCY = 8.0, 32
MODEL = "openai/anything"
_GENRES = ("drama", "comedy", "horror", "romance", "western", "mystery")
_NAMES = [f"{a} {b}" for a in ("Salt", "Paper", "Silent", "Amber", "Winter") for b in ("Harbour", "Orchard", "Signal")]
_ITEMS = {str(n): Item(str(n), name, 1970 + n, (_GENRES[n % 6], _GENRES[(n + 2) % 6])) for n, name in enumerate(_NAMES)}
_SERVER = """
import sys
from pathlib import Path
from understudy.doors.devserver import serve
serve(0, faults=Path(sys.argv[1]), log=Path(sys.argv[2]))
"""


@dataclass(frozen=True, slots=True)
class Campaign:
    """What came of it."""

    played: list[Played]
    lines: list[dict[str, Any]]
    totals: dict[str, Any]
    settled: dict[str, int]
    n_lost: int
    n_calls: tuple[int, int]
    n_seen_first: int
    tokens_first: int
    cap_calls: int
    cap_tokens: int
    seconds: float

    @property
    def good(self) -> list[dict[str, Any]]:
        """Requests that the server answered as it should."""
        return [line for line in self.lines if line["status"] == 200 and not line["fault"]]

    def told(self) -> str:
        """The figures in a few lines."""
        statuses = Counter(one.status for one in self.played)
        reasons = Counter(one.reason.partition(":")[0] for one in self.played if one.status == "missing")
        faults = Counter(line["fault"] for line in self.lines if line["fault"])
        return (
            f"{len(self.played)} dialogues in {self.seconds:.0f} s: {dict(statuses)}; missing for {dict(reasons)}\n"
            f"the server saw {len(self.lines)} requests, answered {len(self.good)}, failed {sum(faults.values())} "
            f"({sum(faults.values()) / len(self.lines):.1%}): {dict(faults)}\n"
            f"first run: cap {self.cap_calls} calls, {self.n_seen_first} seen; cap {self.cap_tokens} tokens, {self.tokens_first} counted; "
            f"ledger: {self.totals}\n"
            f"attempts of ours: {sum(self.n_calls)}, settled without a reply: {self.settled}"
        )


def campaign(n: int, folder: Path, *, timeout_s: float = TIMEOUT_S) -> Campaign:
    """`n` dialogues at a fifth of faults: a first run that its caps end, a second one that goes on from the ledger.

    A request that hangs is waited for until its time limit.
    """
    log, store = folder / "server.jsonl", folder / "s.duckdb"
    start = time.monotonic()
    cap_calls, cap_tokens = 4 * n, 2000 * n
    with serving(folder, log) as address:
        first = _gateway(store, address, Caps(calls=cap_calls, tokens=cap_tokens), timeout_s)
        try:
            with first:
                first.run(_play(first, n))
            raise AssertionError("the cap did not end the first run")
        except BudgetExhausted:
            pass
        _rest(address)
        n_seen_first = len(log.read_text().splitlines())
        with _gateway(store, address, Caps(), timeout_s) as second:
            played = second.run(_play(second, n))
        _rest(address)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    with Store.open(store) as opened:
        totals = opened.rows("play/ledger_totals")[0]
        settlements = opened._connection.execute("select outcome, reason from play.settlements").fetchall()
    # attempts that ended on our side alone: too late, or no connection
    n_lost = sum("no answer within" in reason or "onnect" in reason or "eset" in reason for _, reason in settlements)
    settled = dict(Counter(outcome for outcome, _ in settlements))
    return Campaign(
        played,
        lines,
        totals,
        settled,
        n_lost,
        (first.n_calls, second.n_calls),
        n_seen_first,
        first.tokens,
        cap_calls,
        cap_tokens,
        time.monotonic() - start,
    )


def check(found: Campaign, n: int) -> None:
    """What the issue promises."""
    assert len(found.played) == n
    assert {one.status for one in found.played} <= {"complete", "capped", "missing"}
    assert all(one.reason for one in found.played if one.status == "missing")
    assert all(one.turns for one in found.played if one.status != "missing")
    # the caps, by what the server saw
    assert found.n_seen_first <= found.cap_calls
    assert sum(line["tokens"] for line in found.lines[: found.n_seen_first]) <= found.tokens_first <= found.cap_tokens
    # every attempt ended once: with a reply that is kept, or with a settlement that says why not
    assert sum(found.n_calls) == found.totals["n"] + sum(found.settled.values())
    assert set(found.settled) <= {"failed", "cancelled"}
    assert found.totals["n_duplicate_keys"] == found.totals["n_unknown"] == 0
    # the server saw no more; on a busy machine a request may be given up before it gets there
    assert len(found.lines) <= sum(found.n_calls) <= len(found.lines) + found.n_lost
    # nothing is kept twice, and nothing that the server did not answer
    answered = {line["key"]: line["tokens"] for line in found.good}
    n_missing = sum(one.status == "missing" for one in found.played)
    assert found.totals["n"] <= len(answered) <= found.totals["n"] + n_missing
    assert len(found.good) - len(answered) <= found.n_lost, "answered twice only where the first answer came too late"
    assert sum(line["tokens"] for line in found.good) >= found.totals["tokens"]
    if len(answered) == found.totals["n"]:
        assert found.totals["tokens"] == sum(answered.values())
    # and it did fail
    assert sum(bool(line["fault"]) for line in found.lines) > 0.1 * len(found.lines)


async def _play(gateway: Gateway, n: int) -> list[Played]:
    crs = retrieval.build(_ITEMS, {})
    return await play_all(_scenes(n), complete=gateway.complete, recommenders={"retrieval": crs}, on_dialogue=gateway.count_dialogue)


def _scenes(n: int) -> list[Scene]:
    genome = load_setting("zero_shot").genome
    scenes = []
    for i in range(n):
        target = _ITEMS[str(i % len(_ITEMS))]
        need = Need(genres=target.genres, targets=(target.item_id,))
        scenario = Scenario(f"s{i}", f"d{i}", need, target.item_id)
        scenes.append(free_scene(scenario, genome=genome, exemplars=(), target=target, recommender="retrieval", model=MODEL, replicate=0))
    return scenes


def _gateway(store: Path, address: str, caps: Caps, timeout_s: float) -> Gateway:
    config = GatewayConfig(api_base=address, concurrency=CONCURRENCY, timeout_s=timeout_s, caps=caps)
    return Gateway(config, store_path=store, fitted={}, surfaces={"0": rehearsal.surface("0")}, run_id="campaign")


def _rest(address: str) -> None:
    """Waits until the server has noted every request whose client left."""
    with httpx.Client(trust_env=False) as client:
        while client.get(address.replace("/v1", "/health"), timeout=30).json()["in_flight"]:
            time.sleep(0.05)


@contextmanager
def serving(folder: Path, log: Path) -> Iterator[str]:
    """The address of a devserver with faults, in a process of its own."""
    faults = folder / "faults.toml"
    faults.write_text(FAULTS)
    command = [sys.executable, "-c", _SERVER, str(faults), str(log)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["api_base"]
    finally:
        process.terminate()
        process.wait(30)
