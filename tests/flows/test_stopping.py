"""A signal ends a command within its time, with what was done kept; `kill -9` leaves no process behind."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from shutil import copyfile

import pytest

from tests.doors.test_children import gone
from understudy.doors.stopping import ended_by, stoppable
from understudy.flows.cli.signals import signals_answered

ROOT = Path(__file__).resolve().parents[2]
UNDERSTUDY = str(Path(sys.executable).with_name("understudy"))
PATIENCE_S = 600
# what the product promises
ENDS_WITHIN_S = 10


def test_all_that_is_held_is_ended_newest_first_even_where_one_fails() -> None:
    ended: list[str] = []

    def fails() -> None:
        ended.append("second")
        raise ValueError

    with stoppable() as stop:
        with ended_by(lambda: ended.append("first")), ended_by(fails):
            with ended_by(lambda: ended.append("let go before")):
                pass
            stop.asked()
        stop.asked()
    assert ended == ["second", "first"]


def test_nothing_is_held_for_a_stop_outside_of_one() -> None:
    with ended_by(lambda: pytest.fail("nobody asked")):
        pass


def signalled(sent: signal.Signals) -> None:
    os.kill(os.getpid(), sent)
    time.sleep(PATIENCE_S)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_says_what_happens_and_the_second_has_the_effect_of_the_system(
    sent: signal.Signals, capfd: pytest.CaptureFixture[str]
) -> None:
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        with pytest.raises(KeyboardInterrupt), signals_answered():
            signalled(sent)
        assert "stopping, the same command goes on from here" in capfd.readouterr().err
        assert all(signal.getsignal(one) == signal.SIG_DFL for one in before)
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@pytest.fixture
def devserver(tmp_path: Path) -> Iterator[str]:
    """The address of a model that takes its time."""
    command = [UNDERSTUDY, "devserver", "--port", "0", "--latency-ms", "400", "--log", str(tmp_path / "served.jsonl")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield json.loads(process.stdout.readline())["api_base"]
    process.terminate()
    process.communicate()


class Night:
    """A night in a process of its own, without a Prefect server."""

    def __init__(self, folder: Path, api_base: str) -> None:
        self._folder = folder
        self._environment = {**os.environ, "PREFECT_HOME": str(folder / "prefect"), "OPENAI_API_KEY": "none"}
        self._environment.pop("PREFECT_API_URL", None)
        self._words = [
            UNDERSTUDY, "nightly", "--dataset", "sample", "--data", str(ROOT / "examples" / "sample"), "--reader", "redial",
            "--population", "4", "--generations", "0", "--panel", "6,8,4", "--n", "6", "--batch", "one", "--model", "openai/any",
            "--api-base", api_base, "--store", "night.duckdb", "--events", "events.jsonl", "--json", "--anyway",
        ]  # fmt: skip

    def begun(self) -> subprocess.Popen[str]:
        """A process that has begun to play."""
        events = self._folder / "events.jsonl"
        events.unlink(missing_ok=True)
        process = self._started()
        end = time.monotonic() + PATIENCE_S
        while not (events.exists() and "generation_started" in events.read_text()):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < end
            time.sleep(0.2)
        time.sleep(2)
        return process

    def whole(self) -> subprocess.CompletedProcess[str]:
        """A process that was let to its end."""
        process = self._started()
        out, errors = process.communicate(timeout=PATIENCE_S)
        return subprocess.CompletedProcess(self._words, process.returncode, out, errors)

    def states(self) -> dict[str, int]:
        """How many flow runs are in which kind of state."""
        with sqlite3.connect(self._folder / "prefect" / "prefect.db") as database:
            return dict(database.execute("select state_type, count(*) from flow_run group by 1").fetchall())

    def _started(self) -> subprocess.Popen[str]:
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(self._words, cwd=self._folder, env=self._environment, text=True, start_new_session=True, **pipes)


@pytest.fixture
def night(profiled_sample: Path, tmp_path: Path, devserver: str) -> Night:
    """A night over the profiled sample."""
    copyfile(profiled_sample, tmp_path / "night.duckdb")
    return Night(tmp_path, devserver)


def children_of(process: subprocess.Popen[str]) -> list[int]:
    """The processes that a process has started."""
    listed = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=False)
    return [int(pid) for pid in listed.stdout.split()]


@pytest.mark.integration
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_a_night_and_the_same_command_goes_on_from_there(sent: signal.Signals, night: Night, tmp_path: Path) -> None:
    process = night.begun()
    started = children_of(process)
    # as the terminal does it: to the whole group
    os.killpg(process.pid, sent)
    out, errors = process.communicate(timeout=ENDS_WITHIN_S)
    assert process.returncode == 1
    assert json.loads(out)["error"]["code"] == "interrupted"
    assert "stopping, the same command goes on from here" in errors
    assert "Traceback" not in errors
    assert "fault" not in errors
    assert started
    assert all(gone(pid) for pid in started)
    states = night.states()
    assert states.pop("CANCELLED") >= 1
    assert set(states) <= {"COMPLETED"}

    n_before = len((tmp_path / "served.jsonl").read_text().splitlines())
    again = night.whole()
    assert again.returncode == 3, again.stderr[-3000:]
    n_after = len((tmp_path / "served.jsonl").read_text().splitlines())
    assert n_before > 0
    assert json.loads(again.stdout)["n_model_calls"] == n_after - n_before
    finished = night.whole()
    assert json.loads(finished.stdout)["n_model_calls"] == 0


@pytest.mark.integration
def test_a_second_signal_ends_a_night_at_once(night: Night) -> None:
    process = night.begun()
    started = children_of(process)
    os.killpg(process.pid, signal.SIGINT)
    time.sleep(0.5)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=ENDS_WITHIN_S)
    assert process.returncode == -signal.SIGINT
    assert all(gone(pid) for pid in started)


@pytest.mark.integration
def test_a_killed_night_leaves_no_server_behind(night: Night) -> None:
    process = night.begun()
    started = children_of(process)
    process.kill()
    process.communicate()
    assert started
    assert all(gone(pid) for pid in started)
