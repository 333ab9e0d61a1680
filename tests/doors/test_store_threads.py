"""One open store in several threads: each has transactions of its own, and the file is let go when the store is closed."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from pathlib import Path
from threading import Barrier, Thread

from understudy.doors.store import Store

OPEN = "import sys; from understudy.doors.store import Store; Store.open(sys.argv[1])"


def mark(position: int) -> list[dict[str, object]]:
    return [{"run_id": "r", "position": position, "owner": "", "work": "w", "made_at": datetime(2026, 1, 1)}]


def n_marks(store: Store) -> int:
    return store.counts()["play.marks"]


def test_a_threads_transaction_is_seen_by_no_other_thread_until_it_commits(tmp_path: Path) -> None:
    written, looked = Barrier(2, timeout=30), Barrier(2, timeout=30)
    with Store.open(tmp_path / "s.duckdb") as store:

        def write() -> None:
            with store.transaction():
                store.add("play.marks", mark(1))
                written.wait()
                looked.wait()

        thread = Thread(target=write)
        thread.start()
        written.wait()
        seen_before = n_marks(store)
        # a transaction of this thread is rolled back without touching that of the other
        try:
            with store.transaction():
                store.add("play.marks", mark(2))
                raise KeyError
        except KeyError:
            pass
        looked.wait()
        thread.join()
        assert (seen_before, n_marks(store)) == (0, 1)


def test_settings_hold_in_every_thread(tmp_path: Path) -> None:
    seen: list[object] = []
    with Store.open(tmp_path / "s.duckdb") as store:

        def ask() -> None:
            names = ("enable_progress_bar", "TimeZone", "threads")
            seen.append([store._value(f"select current_setting('{name}')") for name in names])

        thread = Thread(target=ask)
        thread.start()
        thread.join()
    assert seen == [[False, "UTC", 1]]


def test_a_closed_store_can_be_opened_by_another_process_although_threads_used_it(tmp_path: Path) -> None:
    path, used, done = tmp_path / "s.duckdb", Barrier(2, timeout=30), Barrier(2, timeout=60)

    def use(store: Store) -> None:
        store.counts()
        used.wait()
        done.wait()

    with Store.open(path) as store:
        thread = Thread(target=use, args=(store,))
        thread.start()
        used.wait()
        assert subprocess.run([sys.executable, "-c", OPEN, str(path)], check=False, capture_output=True).returncode != 0
    # the thread lives on, with the connection that it had
    assert subprocess.run([sys.executable, "-c", OPEN, str(path)], check=False, capture_output=True).returncode == 0
    done.wait()
    thread.join()
