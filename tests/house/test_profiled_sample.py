"""The profiled sample that tests share is made anew when anything changes that it is made of, and only then."""

from __future__ import annotations

import ast
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests import profiled
from tests.house import architecture

MADE_BY = ("understudy.tasks.ingest.logs", "understudy.tasks.profile.dataset", "understudy.readers.redial")
# packages whose modules are loaded by name
PLUGINS = ("objectives", "instruments")


def module_file(name: str) -> Path | None:
    """The file of a module of the project; None for a name in it, and for what is not of the project."""
    path = profiled.ROOT / name.replace(".", "/")
    found = (path.with_suffix(".py"), path / "__init__.py")
    return next((one.resolve() for one in found if one.is_file()), None)


def imported_from(names: tuple[str, ...]) -> set[Path]:
    """The files of the project that are read when `names` are imported, those of packages on the way included."""
    waiting, seen = list(names), set[Path]()
    while waiting:
        path = module_file(name := waiting.pop())
        waiting += [name.rpartition(".")[0]] if "." in name else []
        if path is not None and path not in seen:
            seen.add(path)
            named = (one for one in architecture.imports(ast.parse(path.read_text())) if one.startswith("understudy."))
            # the face of the package names the API for type checkers alone
            is_face = path == (profiled.ROOT / architecture.FACE).resolve()
            waiting += [one for one in named if not (is_face and one.startswith(architecture.BEHIND))]
    return seen


def test_the_digest_covers_every_module_that_ingest_and_profile_import() -> None:
    loaded = [f"understudy.{name}.{path.stem}" for name in PLUGINS for path in (profiled.ROOT / "understudy" / name).glob("*.py")]
    needed = imported_from((*MADE_BY, *loaded))
    assert len(needed) > 40
    covered = [path.resolve() for path in profiled.SOURCES]
    left_out = [path for path in needed if not any(path == one or one in path.parents for one in covered)]
    assert left_out == [], "tests/profiled.py must name their packages"
    assert all(path.exists() for path in covered)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "inner").mkdir(parents=True)
    (folder / "one.py").write_text("a = 1")
    (folder / "inner" / "two.sql").write_text("select 1")
    return folder


def test_the_digest_changes_with_content_name_and_number_of_files(source: Path) -> None:
    digests = [profiled.digest([source]), profiled.digest([source])]
    (source / "inner" / "two.sql").write_text("select 2")
    digests.append(profiled.digest([source]))
    (source / "one.py").rename(source / "three.py")
    digests.append(profiled.digest([source]))
    (source / "four.py").touch()
    digests.append(profiled.digest([source]))
    assert digests[0] == digests[1]
    assert len(set(digests)) == 4


def test_what_python_compiles_is_no_source(source: Path) -> None:
    before = profiled.digest([source])
    (source / "__pycache__").mkdir()
    (source / "__pycache__" / "one.pyc").touch()
    assert profiled.digest([source]) == before


def test_a_store_is_made_once_for_a_key_and_again_for_another(tmp_path: Path) -> None:
    made: list[str] = []

    def make(path: Path) -> None:
        made.append("made")
        path.write_text(f"store {len(made)}")

    found = []
    for key in ("a", "a", "b", "a"):
        profiled.kept(tmp_path / "copy", key=key, make=make, folder=tmp_path / "cache")
        found.append((tmp_path / "copy").read_text())
    assert found == ["store 1", "store 1", "store 2", "store 1"]


def test_a_store_that_was_not_finished_is_not_served(tmp_path: Path) -> None:
    def fail(path: Path) -> None:
        path.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        profiled.kept(tmp_path / "copy", key="a", make=fail, folder=tmp_path / "cache")
    assert not (tmp_path / "copy").exists()
    profiled.kept(tmp_path / "copy", key="a", make=lambda path: None if path.exists() else path.touch(), folder=tmp_path / "cache")
    assert (tmp_path / "copy").read_text() == ""


def test_old_stores_are_removed(tmp_path: Path) -> None:
    for key in range(profiled.N_KEPT + 2):
        profiled.kept(tmp_path / "copy", key=str(key), make=lambda path: path.touch(), folder=tmp_path / "cache")
    assert len(list((tmp_path / "cache").glob("profiled-*"))) == profiled.N_KEPT


def test_runs_that_ask_at_the_same_time_make_one_store(tmp_path: Path) -> None:
    """Threads stand for processes: a lock of `flock` belongs to the open file, of which each of them has its own."""
    made: list[str] = []

    def make(path: Path) -> None:
        made.append("made")
        with path.open("wb") as store:
            for _ in range(100):
                store.write(b"x" * 10_000)
                store.flush()

    def asked(place: int) -> int:
        copy = tmp_path / f"copy-{place}"
        profiled.kept(copy, key="a", make=make, folder=tmp_path / "cache")
        return copy.stat().st_size

    with ThreadPoolExecutor(4) as runs:
        assert list(runs.map(asked, range(4))) == [1_000_000] * 4
    assert made == ["made"]
