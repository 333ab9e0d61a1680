"""The bundled sample as more than one test file wants it: profiled once for all test processes, or a few of its dialogues."""

from __future__ import annotations

import fcntl
import gc
import json
import os
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest
from hypothesis import settings

# The threads of OpenBLAS wait by spinning, on a core that another test process could use; it reads this when numpy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from tests import embedded_calls, humans_once, new_stores, profiled, scratch, suites
from tests.prefect_server import prefect_server  # noqa: F401  a fixture
from tests.search.searched import Searched
from understudy.doors import checks, engines
from understudy.doors import store as doors_store
from understudy.rows.handle import Humans
from understudy.rows.humans import current_profile

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "examples" / "sample"
N_FEW = 240
scratch.write_there()
# Every client of HTTP reads the certificates of all authorities, which takes it 17 ms; tests talk to servers on loopback without TLS.
os.environ.setdefault("SSL_CERT_FILE", str(ROOT / "tests" / "no_authority.pem"))
# `--hypothesis-profile=campaign` looks longer (tests/readers/conftest.py)
settings.register_profile("quick", max_examples=30, deadline=None)
settings.load_profile("quick")
RARELY = (50_000, 20, 50)
# Great Expectations takes seconds to import, so that what needs it stands together and one worker alone imports it
GREAT_EXPECTATIONS = (
    "tests/expectations/test_real_results", "tests/gated/test_validate_batch", "tests/doors/test_checks_strict", "tests/recorded/",
)  # fmt: skip
LONGEST = (
    "tests/flows/test_nightly", "tests/flows/", *GREAT_EXPECTATIONS,
    "tests/tasks/", "tests/doors/test_keys", "tests/search/", "tests/probes/",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest begin, so that no worker is left with one of them when the others are done."""
    items.sort(key=lambda item: next((place for place, begin in enumerate(LONGEST) if item.nodeid.startswith(begin)), len(LONGEST)))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collecting tests makes objects that stay: no collection of garbage walks through them meanwhile, and none does later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        # litellm, Prefect and Great Expectations are imported later and make objects that stay as well
        gc.set_threshold(*RARELY)
        gc.enable()


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that all test processes of one run share."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.fixture(scope="session")
def alone(shared_folder: Path) -> Callable[[str], AbstractContextManager[None]]:
    """By name, a stretch in which one test process is at a time; the others wait."""

    @contextmanager
    def held(name: str) -> Iterator[None]:
        with (shared_folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    return held


@pytest.fixture(scope="session", autouse=True)
def _new_stores(shared_folder: Path, alone: Callable[[str], AbstractContextManager[None]]) -> Iterator[None]:
    """A new store is a copy of one that was migrated once for all test processes."""
    with alone("new-stores"):
        template = new_stores.made(shared_folder / "new-store.duckdb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engines, "connected", new_stores.copying(template))
        yield


@pytest.fixture(scope="session", autouse=True)
def _embedded_calls() -> Iterator[None]:
    """The embedded model is asked without what litellm does around it."""
    from understudy.doors.gateway import llm

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(llm, "_litellm", embedded_calls.shortened(llm._litellm))
        yield


@pytest.fixture
def whole_litellm(monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedded model is asked through litellm, as the product does."""
    from understudy.doors.gateway import llm

    litellm = llm._litellm()
    monkeypatch.setattr(litellm, "acompletion", litellm.acompletion.__wrapped__)


@pytest.fixture(scope="session")
def profiles_known() -> set[str]:
    """The keys of profiles that many tests have copies of, whose humans are loaded once."""
    return set()


@pytest.fixture(scope="session", autouse=True)
def _humans_once(profiles_known: set[str]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Humans, "once", humans_once.sharing(Humans.once, profiles_known))
        yield


@pytest.fixture(scope="session")
def profiled_sample(shared_folder: Path, alone: Callable[[str], AbstractContextManager[None]], profiles_known: set[str]) -> Path:
    """A store with the sample as data set `sample`, profiled; floors by three halvings. Whoever writes takes a copy."""
    store = shared_folder / "profiled-sample.duckdb"
    with alone("profiled-sample"):
        if not store.exists():
            profiled.kept(store, key=profiled.digest(profiled.SOURCES), make=profiled.profile)
        with doors_store.Store.open(store, read_only=True) as opened:
            profiles_known.add(current_profile(opened, "sample"))
    return store


@pytest.fixture(scope="session")
def undisturbed_search(profiled_sample: Path, shared_folder: Path, alone: Callable[[str], AbstractContextManager[None]]) -> Searched:
    """The smallest search on the profiled sample, `plain.small(1)`, played to its end once for all test processes."""
    from tests.search import plain

    store, told = shared_folder / "undisturbed.duckdb", shared_folder / "undisturbed.json"
    with alone("undisturbed"):
        if not told.exists():
            copyfile(profiled_sample, store)
            told.write_text(json.dumps(plain.searched(store, plain.small(1))))
    return Searched(store, json.loads(told.read_text()))


@pytest.fixture
def quick_suites(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gates decide by results of tests/suites.py, which are those of Great Expectations."""
    monkeypatch.setattr(checks, "run_suite", suites.run_suite)


@pytest.fixture
def valid_drawings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every chart is held against the schema of Vega-Lite before it is drawn."""
    import altair as alt

    whole = alt.TopLevelMixin.to_json

    def validated(self: Any, **asked: Any) -> str:
        return whole(self, **{**asked, "validate": True})

    monkeypatch.setattr(alt.TopLevelMixin, "to_json", validated)


@pytest.fixture(scope="session")
def few_dialogues(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in the sample's layout with its catalogue and its first 240 dialogues: too few for panels, enough for a profile."""
    folder = tmp_path_factory.mktemp("few") / "data"
    folder.mkdir()
    for name in ("movies.json", "LICENCE"):
        (folder / name).write_bytes((SAMPLE / name).read_bytes())
    with (SAMPLE / "train_data.jsonl").open("rb") as lines:
        (folder / "train_data.jsonl").write_bytes(b"".join(islice(lines, N_FEW)))
    return folder
