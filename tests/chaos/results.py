"""What came of each trial, kept as it is known, so that a campaign that is stopped goes on where it was."""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import gettempdir

RESULTS = Path(__file__).parent / "results.json"
_FOLDER = re.compile(re.escape(gettempdir()) + r"/[\w.-]+")


@dataclass(frozen=True, slots=True)
class Result:
    """One thing that was tried. `n` is how often; `n_held` how often what is promised held; `told` what was seen."""

    section: str
    name: str
    n: int
    n_held: int
    told: str

    @property
    def key(self) -> str:
        """Under which it is kept."""
        return f"{self.section}/{self.name}"


def kept() -> dict[str, Result]:
    """All results so far, by key."""
    if not RESULTS.exists():
        return {}
    return {key: Result(**value) for key, value in json.loads(RESULTS.read_text("utf-8")).items()}


def keep(result: Result) -> None:
    """Adds a result, on disk when this returns. Where on this machine it was tried is left out."""
    placeless = replace(result, told=_FOLDER.sub("…", result.told))
    with _alone():
        _write({**kept(), result.key: placeless})


def forget(sections: Collection[str]) -> None:
    """Removes the results of sections."""
    with _alone():
        _write({key: one for key, one in kept().items() if one.section not in sections})


@contextmanager
def _alone() -> Iterator[None]:
    """In the block no other process of the campaign writes results."""
    with (Path(gettempdir()) / "understudy-chaos.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write(results: Mapping[str, Result]) -> None:
    part = RESULTS.with_suffix(".part")
    listed = {key: asdict(one) for key, one in sorted(results.items())}
    part.write_text(json.dumps(listed, indent=1, ensure_ascii=True) + "\n", encoding="utf-8")
    os.replace(part, RESULTS)


class Missed(AssertionError):
    """What did not hold."""


def require(condition: bool, told: str) -> None:
    """Raises Missed with what was seen."""
    if not condition:
        raise Missed(told)
