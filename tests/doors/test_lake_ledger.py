"""The ledger of a lake: two processes that ask the same have one reply, which both use, and both calls are accounted for."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.doors.test_ledger import REPLY, REQUEST, opened
from understudy.doors.store import Store

pytestmark = pytest.mark.integration

# keeps replies one after the other until it is killed, and says of each that it was committed
KEEPER = """
import sys
from dataclasses import replace
from pathlib import Path
from tests.doors.test_ledger import REPLY, REQUEST, opened
ledger = opened(Path(sys.argv[1]))
for n in range(1000):
    ledger.reserve(f"r{n}", f"key {n}", max_tokens=9, max_usd=None).result()
    ledger.keep(f"r{n}", f"key {n}", request=REQUEST, completion=REPLY, usd=None, latency_s=0.1).result()
    print(n, flush=True)
"""


def test_of_two_replies_the_one_that_was_kept_first_is_used_and_both_are_settled(address: str) -> None:
    one, other = opened(Path(address)), opened(Path(address))
    later = replace(REPLY, text="another")
    for reservation, ledger in (("r1", one), ("r2", other)):
        ledger.reserve(reservation, REQUEST.key, max_tokens=60, max_usd=None).result()
    assert one.keep("r1", REQUEST.key, request=REQUEST, completion=REPLY, usd=None, latency_s=0.1).result() is None
    standing = other.keep("r2", REQUEST.key, request=REQUEST, completion=later, usd=None, latency_s=0.1).result()
    assert standing == REPLY
    assert other.has(REQUEST.key)
    one.close()
    other.close()
    with Store.open(address, read_only=True) as store:
        totals = store.rows("play/ledger_totals")[0]
        assert (totals["n"], totals["n_duplicate_keys"], totals["n_unknown"]) == (1, 0, 0)
        assert store._connection.execute("select reservation_id, outcome from play.settlements").fetchall() == [("r2", "done")]


def test_a_process_that_is_killed_leaves_every_reply_that_it_was_told_is_kept(address: str) -> None:
    with Store.open(address):
        pass
    keeper = subprocess.Popen([sys.executable, "-c", KEEPER, address], stdout=subprocess.PIPE, text=True)
    assert keeper.stdout is not None
    told = [int(keeper.stdout.readline()) for _ in range(5)]
    keeper.kill()
    told += [int(line) for line in keeper.stdout.read().split()]
    keeper.wait()
    ledger = opened(Path(address))
    assert told == list(range(len(told)))
    assert all(ledger.has(f"key {n}") for n in told)
    ledger.close()
    with Store.open(address, read_only=True) as store:
        totals = store.rows("play/ledger_totals")[0]
    # at most the call that was in flight
    assert totals["n"] - len(told) + totals["n_unknown"] <= 1
