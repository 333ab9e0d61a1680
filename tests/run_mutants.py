"""Does a test notice? Each small fault of mutants.toml is put into a copy of the tree, and the test that it names has to fail there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
CAMPAIGN = Path(__file__).with_name("mutants.toml")
PATIENCE_S = 120
# pytest's exit codes: any other says that the test was not found or could not be run, which is no verdict on the fault
PASSED, FAILED = 0, 1
LATE = -1


@dataclass(frozen=True, slots=True)
class Mutant:
    """A fault: in `file` the text `old`, which stands there once, becomes `new`; `test` is to notice."""

    file: str
    old: str
    new: str
    test: str

    def put_into(self, tree: Path) -> None:
        """Writes the fault. Raises ValueError where `old` does not stand in the file exactly once."""
        text = (tree / self.file).read_text("utf-8")
        if text.count(self.old) != 1:
            raise ValueError(f"{self.file} holds {self.old!r} {text.count(self.old)} times, not once")
        (tree / self.file).write_text(text.replace(self.old, self.new), "utf-8")


def main() -> int:
    """0 where every fault was noticed, 1 where one survived or could not be tried."""
    mutants = [Mutant(**one) for one in tomllib.loads(CAMPAIGN.read_text("utf-8"))["mutant"]]
    with TemporaryDirectory() as folder:
        tree = _copied(Path(folder) / "tree")
        if _ended(tree, *dict.fromkeys(one.test for one in mutants)) != PASSED:
            print("the tests do not pass as the code stands: nothing can be said of the faults")
            return 1
        told = [_tried(one, tree) for one in mutants]
    print(f"{told.count('killed')} of {len(told)} killed")
    return int(set(told) != {"killed"})


def _copied(tree: Path) -> Path:
    # without hidden folders: environments, git and caches; links stay links, or a fault would be put beside the module that is imported
    shutil.copytree(ROOT, tree, symlinks=True, ignore=shutil.ignore_patterns(".*", "*.duckdb"))
    return tree


def _tried(mutant: Mutant, tree: Path) -> str:
    """`killed`, `survived` or `broken`, printed in a line of its own; the tree is as it was afterwards."""
    began = time.monotonic()
    try:
        mutant.put_into(tree)
        outcome = {PASSED: "survived", FAILED: "killed"}.get(_ended(tree, mutant.test), "broken")
    except (OSError, ValueError) as error:
        print(error)
        outcome = "broken"
    finally:
        if (ROOT / mutant.file).is_file():
            # with the time it had, by which Python finds what it compiled of it before
            shutil.copy2(ROOT / mutant.file, tree / mutant.file)
    print(f"{outcome:8} {time.monotonic() - began:5.1f} s  {mutant.file}: {mutant.new}  {mutant.test.partition('::')[2]}", flush=True)
    return outcome


def _ended(tree: Path, *tests: str) -> int:
    """How pytest ended on these tests in a tree, as its exit code; LATE where it did not end in time."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    # nothing compiled with a fault in it may stay; the tree's own packages go before those that are installed
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(tree)}
    try:
        done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    except subprocess.TimeoutExpired:
        return LATE
    if done.returncode not in (PASSED, FAILED):
        print(done.stdout[-2000:], done.stderr[-2000:])
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
