"""A publish that is killed between any two writes leaves no release or a whole one, and running it again gives the same one."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.publish import made
from tests.publish.dying import dying_at, published
from understudy.doors import releases as shelf
from understudy.doors.store import Store
from understudy.errors import BadInput
from understudy.release.pulling import pull
from understudy.release.verification import verified
from understudy.tasks.publish.listing import listed_releases

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], str]:
    """The writes of a publish that nobody kills, and the digest of its release."""
    folder = tmp_path_factory.mktemp("undisturbed")
    seen = published(folder)
    return seen, str(verified(folder / "r" / "small" / "v1").manifest["digest"])


def killed_and_run_again(folder: Path, step: int, digest: str, *, kill: Callable[[Path, int], object] = published) -> None:
    """What a reader finds after the kill, and after the same command again."""
    kill(folder, step)
    final = folder / "r" / "small" / "v1"
    if final.exists():
        assert verified(final).mismatches == (), step
        assert pull(folder / "r").n_dialogues == 4
        assert [one["digest"] for one in listed_releases(folder / "r")["releases"]] == [digest]
    else:
        with pytest.raises(BadInput, match="there is no release"):
            pull(folder / "r")
        assert listed_releases(folder / "r")["releases"] == []
    with Store.open(folder / "s.duckdb") as store:
        rows = store.counts()
        # rows are there for a release whose files are, all of them or none
        assert rows["publish.releases"] in (0, 1), step
        assert rows["publish.dialogues"] == 4 * rows["publish.releases"]
        assert final.exists() or not rows["publish.releases"]
    published(folder)
    assert verified(final).manifest["digest"] == digest
    assert [one.name for one in (folder / "r" / "small").iterdir()] == ["v1"]
    assert {one.name for one in (folder / "r").iterdir()} == {"small", "catalogue.duckdb", ".catalogue.lock"}
    with Store.open(folder / "s.duckdb") as store:
        counts = store.counts()
    assert [counts[f"publish.{table}"] for table in ("releases", "dialogues", "turns", "items", "examples")] == [1, 4, 13, 3, 4]


def test_a_publish_writes_aside_flushes_and_renames_once(undisturbed: tuple[list[str], str]) -> None:
    seen, _ = undisturbed
    assert seen.count("rename") == 1
    at = seen.index("rename")
    # every file is flushed before the folder takes its place, and the rows follow
    assert seen[:at].count("fsync") == seen[:at].count("chmod") + 1
    assert seen.index("add") > at


@pytest.mark.parametrize("write", ["export", "rename", "add"])
def test_a_publish_killed_before_files_place_or_rows_leaves_nothing_or_all(
    undisturbed: tuple[list[str], str], tmp_path: Path, write: str
) -> None:
    seen, digest = undisturbed
    killed_and_run_again(tmp_path, seen.index(write), digest)


def test_a_publish_killed_before_its_last_write_leaves_all(undisturbed: tuple[list[str], str], tmp_path: Path) -> None:
    seen, digest = undisturbed
    killed_and_run_again(tmp_path, len(seen) - 1, digest)


@pytest.mark.integration
def test_a_publish_killed_between_any_two_writes_leaves_nothing_or_all(undisturbed: tuple[list[str], str], tmp_path: Path) -> None:
    seen, digest = undisturbed
    for step in range(len(seen) + 1):
        killed_and_run_again(tmp_path / str(step), step, digest)


@pytest.mark.integration
def test_a_publish_that_sigkill_ends_between_any_two_writes_leaves_nothing_or_all(
    undisturbed: tuple[list[str], str], tmp_path: Path
) -> None:
    def kill(folder: Path, step: int) -> None:
        folder.mkdir()
        done = subprocess.run([sys.executable, "-m", "tests.publish.dying", str(folder), str(step)], cwd=ROOT, check=False)
        assert done.returncode == -signal.SIGKILL, step

    seen, digest = undisturbed
    for step in range(len(seen)):
        killed_and_run_again(tmp_path / str(step), step, digest, kill=kill)


@pytest.mark.parametrize("step", range(3))
def test_a_pull_that_is_killed_leaves_the_file_that_was_there(tmp_path: Path, step: int) -> None:
    folder = made.on_shelf(tmp_path / "r")
    target = tmp_path / "out.jsonl"
    target.write_text("what was there")
    chosen = pull(folder)
    with dying_at(step):
        chosen.write(target)
    assert target.read_text() == "what was there"
    assert chosen.write(target)["n_examples"] == 4
    assert shelf.sha256(target) == shelf.sha256(folder / "small" / "v1" / "messages.jsonl")
