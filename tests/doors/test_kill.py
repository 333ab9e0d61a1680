"""After `kill -9` nothing but the calls in flight can be paid for again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from understudy.doors.store import Store

N_REQUESTS, CONCURRENCY = 120, 8
# the provider notes every call it sees in a file, as a server's log would
PROGRAM = """
import asyncio, sys
from understudy.completion import Completion, Message, Request
from understudy.doors.gateway.gateway import Exchange, GatewayConfig

class Noting:
    def price(self, model): return None
    def provider_of(self, model): return "some"
    def is_in_process(self, model): return False
    def takes_schema(self, model): return False
    def n_at_once(self, model): return None
    def served(self, model): return None
    def adaptations(self, model): return ()
    async def close(self): pass
    async def send(self, request):
        with open(sys.argv[2], "a") as log:
            log.write(f"{request.seed}\\n")
        await asyncio.sleep(0.01)
        return Completion("fine", "m", "m", "stop", "", 3, 4, None)

async def all_of(gateway):
    asked = [Request("seeker", "m", (Message("user", "hi"),), 0.7, 1.0, 50, n) for n in range(int(sys.argv[3]))]
    return await asyncio.gather(*(gateway.complete(one) for one in asked))

with Exchange(GatewayConfig(concurrency=int(sys.argv[4])), provider=Noting(), store_path=sys.argv[1], run_id="run") as gateway:
    gateway.run(all_of(gateway))
print("ended")
"""


def started(store: Path, log: Path) -> subprocess.Popen[str]:
    arguments = [str(store), str(log), str(N_REQUESTS), str(CONCURRENCY)]
    return subprocess.Popen([sys.executable, "-c", PROGRAM, *arguments], stdout=subprocess.PIPE, text=True)


def sent(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


def test_after_a_kill_only_the_calls_in_flight_are_made_again(tmp_path: Path) -> None:
    store, log = tmp_path / "s.duckdb", tmp_path / "log"
    process = started(store, log)
    while len(sent(log)) < N_REQUESTS // 3:
        assert process.poll() is None
    process.kill()
    process.communicate()
    n_before = len(sent(log))
    assert n_before < N_REQUESTS
    with Store.open(store) as opened:
        kept = opened.rows("play/ledger_totals")[0]
    assert n_before - CONCURRENCY <= kept["n"] <= n_before
    assert kept["n_unknown"] <= CONCURRENCY

    out, _ = started(store, log).communicate(timeout=60)
    assert "ended" in out
    assert len(set(sent(log))) == N_REQUESTS
    assert len(sent(log)) <= N_REQUESTS + CONCURRENCY
    with Store.open(store) as opened:
        again = opened.rows("play/ledger_totals")[0]
    assert (again["n"], again["n_duplicate_keys"]) == (N_REQUESTS, 0)
