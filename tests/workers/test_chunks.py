"""A batch and the sides of a comparison in chunks: by workers that the test plays itself, and by processes over real lines to the run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest
from prefect import unmapped

from tests.flows.unserved import Mapped, without_prefect
from understudy.doors import gauge
from understudy.doors.store import Store
from understudy.errors import BudgetExhausted, ProviderFailed
from understudy.flows import stages
from understudy.parameters import PanelSize, RunOptions
from understudy.play.dialogue import Played
from understudy.records import REPORTING
from understudy.tasks.play import chunks, workers
from understudy.tasks.play.opened import OpenRun, models_open, store_open
from understudy.tasks.play.work import Work
from understudy.tasks.play.workers import Workers
from understudy.tasks.simulate.batch import prompt_of
from understudy.tasks.studies.places import Place
from understudy.tasks.studies.sides import play_sides

REPORT = PanelSize(per_stratum=2, behaviour=4, free=2)
BATCH: dict[str, Any] = {"setting": "zero_shot", "batch": "b", "n": 6, "report": REPORT}


class Willing(Workers):
    """Workers of the test's own, in its process. The chunk at `fails_at` ends at a cap; replies of those in `silent` are missing."""

    def __init__(self, *, fails_at: int | None = None, silent: Sequence[int] = ()) -> None:
        self.given: list[Work] = []
        self._fails_at, self._silent = fails_at, silent

    def mapped(self, task: Any, over: Sequence[Any], *shared: Any) -> Any:
        (run,) = shared
        there = OpenRun(run.store, run.humans, run.options, gateway=run.gateway, http=run.http, cast=run.cast)
        return [Mapped(lambda chunk: self._played(task, chunk, there), chunk) for chunk in over]

    def _played(self, task: Any, chunk: Work, there: OpenRun) -> list[Played]:
        at = len(self.given)
        self.given.append(chunk)
        if at == self._fails_at:
            raise BudgetExhausted("the cap", hint="more")
        played: list[Played] = task.fn(chunk, there)
        return [replace(one, status="missing", reason="silent", turns=()) for one in played] if at in self._silent else played


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Chunks of one dialogue, each written as it comes; flows without Prefect."""
    monkeypatch.setattr(chunks, "CALLS_IN_A_CHUNK", 8)
    monkeypatch.setattr(chunks, "KEPT_TOGETHER", 1)
    with without_prefect():
        yield


class Stores:
    """Copies of the profiled sample, and runs over them."""

    def __init__(self, folder: Path, profiled: Path) -> None:
        self._folder, self._profiled = folder, profiled

    def path(self, name: str) -> Path:
        """The store of a name."""
        path = self._folder / f"{name}.duckdb"
        return path if path.exists() else copyfile(self._profiled, path)

    @contextmanager
    def run(self, name: str, workers: Workers | None = None) -> Iterator[OpenRun]:
        """A run over the store of a name."""
        path = self.path(name)
        with store_open(path) as store, models_open("sample", RunOptions(store=path), store) as opened:
            opened.workers = workers
            yield opened

    def simulated(self, name: str, workers: Workers | None = None) -> Any:
        """The fields of the batch, played over the store of a name."""
        with self.run(name, workers) as opened:
            return stages.simulate("sample", **BATCH, options=opened)

    def digest(self, name: str) -> str:
        """The digest of the store of a name."""
        with Store.open(self.path(name), read_only=True) as store:
            return store.digest()

    def n_played(self, name: str) -> int:
        """How many dialogues are in the store of a name."""
        with Store.open(self.path(name), read_only=True) as store:
            return int(store._connection.execute("select count(*) from play.dialogues").fetchall()[0][0])


@pytest.fixture
def stores(tmp_path: Path, profiled_sample: Path) -> Stores:
    return Stores(tmp_path, profiled_sample)


@pytest.mark.usefixtures("small")
def test_a_batch_in_chunks_has_the_rows_and_the_fields_of_one_that_is_played_at_once(stores: Stores) -> None:
    given, seen = Willing(), list[gauge.Progress]()
    whole = stores.simulated("whole")
    with gauge.watched(seen.append):
        assert stores.simulated("chunks", given) == whole
    assert stores.digest("chunks") == stores.digest("whole")
    free = [len(chunk.panel.free) for chunk in given.given]
    # a chunk for each dialogue, then the replays of the report
    assert free[:7] == [1, 1, 1, 1, 1, 1, 0]
    assert len(free) > 7
    # all is planned before the first is played: the dialogues, and later the report
    plans = [one.planned for one in seen]
    assert plans[0] == 6
    assert (seen[-1].done, len(set(plans))) == (seen[-1].planned, 2)
    assert [one.done for one in seen] == sorted(one.done for one in seen)


@pytest.mark.usefixtures("small")
def test_a_batch_that_was_stopped_goes_on_from_the_chunks_that_were_written(stores: Stores) -> None:
    stores.simulated("whole")
    with pytest.raises(BudgetExhausted):
        stores.simulated("stopped", Willing(fails_at=4))
    assert stores.n_played("stopped") == 4
    rest = Willing()
    assert stores.simulated("stopped", rest)["n_dialogues"] == 6
    assert [len(chunk.panel.free) for chunk in rest.given][:3] == [1, 1, 0]
    assert stores.digest("stopped") == stores.digest("whole")


@pytest.mark.usefixtures("small")
def test_dialogues_without_a_reply_are_not_written_as_they_come(stores: Stores) -> None:
    with pytest.raises(ProviderFailed, match="4 of 6 dialogues with retrieval@2 are missing, most often because: silent"):
        stores.simulated("silent", Willing(silent=(0, 2, 3, 5)))
    assert stores.n_played("silent") == 2
    # who answers again is asked again
    stores.simulated("whole")
    stores.simulated("silent", Willing())
    assert stores.digest("silent") == stores.digest("whole")


@pytest.mark.usefixtures("small")
def test_chunks_are_given_out_as_others_come_back(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "AHEAD", 4)
    given = Willing(fails_at=0)
    with pytest.raises(BudgetExhausted):
        stores.simulated("stopped", given)
    assert len(given.given) == 4


@pytest.mark.usefixtures("small")
def test_sides_are_played_and_written_before_they_are_measured(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "KEPT_TOGETHER", 1000)
    with stores.run("sides") as opened:
        place = Place(opened, REPORTING, REPORT)
        works = [place.work(prompt_of(opened, setting=name, genome_file=None)) for name in ("zero_shot", "persona")]
        assert play_sides(opened, works) == (works, "")
    # threads play a side where it is measured
    assert stores.n_played("sides") == 0
    given = Willing()
    with stores.run("sides", given) as opened:
        assert play_sides(opened, works) == (works, "")
        n_given = len(given.given)
        assert {chunk.genome_digest for chunk in given.given} == {work.genome_digest for work in works}
        assert play_sides(opened, works) == (works, "")
    assert len(given.given) == n_given
    assert stores.n_played("sides") > n_given


@pytest.mark.usefixtures("small")
def test_a_cap_leaves_the_sides_that_were_played_before_it(stores: Stores) -> None:
    given = Willing()
    with stores.run("capped", given) as opened:
        place = Place(opened, REPORTING, REPORT)
        works = [place.work(prompt_of(opened, setting=name, genome_file=None)) for name in ("zero_shot", "persona")]
        play_sides(opened, works[:1])
        opened.workers = Willing(fails_at=0)
        assert play_sides(opened, works) == (works[:1], "budget")


def played_there(chunk: Work, ticket: Any) -> list[Played]:
    """What a process does with a chunk; the function of a task is not to be found by its name."""
    return chunks.play_chunk.fn(chunk, ticket)


class Processes:
    """A runner of two processes, without Prefect: what is sent to them is pickled, as any runner does."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def map(self, task: Any, parameters: dict[str, Any]) -> list[Future[list[Played]]]:
        """The futures of the task."""
        assert task is chunks.play_chunk
        over, shared = parameters.values()
        assert isinstance(shared, unmapped)
        return [self._pool.submit(played_there, one, shared.unwrap()) for one in over]


@pytest.mark.usefixtures("small")
def test_processes_play_a_batch_and_the_run_writes_it(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("understudy.doors.workers.extras.find_spec", lambda name: name)
    whole, seen = stores.simulated("whole"), list[gauge.Progress]()
    options = RunOptions(store=stores.path("processes"), runner="dask")
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool, gauge.watched(seen.append):
        monkeypatch.setattr(workers, "runner_open", lambda _: nullcontext(Processes(pool)))
        assert stages.simulate("sample", **BATCH, options=options) == whole
        assert stages.simulate("sample", **BATCH, options=options)["n_model_calls"] == 0
    assert stores.digest("processes") == stores.digest("whole")
    assert seen[-1].done == seen[-1].planned > 6
    assert seen[-1].spent == gauge.SpentSoFar(whole["n_model_calls"], whole["tokens"], whole["usd"])
