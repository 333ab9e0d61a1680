"""One small night in a process of its own, which ends or starves itself at a given moment.

    python tests/chaos/night.py '{"store": …, "releases": …, "strike": {"at": …, "nth": …, "does": "kill"}}'

It prints what the command prints with `--json`. Flows and tasks are the functions that they are made of, so no Prefect server is
needed for each of some hundred nights; what Prefect itself does when it is killed has tests of its own. Gates compare as always,
but a batch of a few dialogues is let through, so that there is something to publish.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial, wraps
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from prefect import Flow, Task  # noqa: E402

from tests import suites  # noqa: E402
from tests.chaos.filling import fill  # noqa: E402
from tests.flows.conftest import Mapped  # noqa: E402
from understudy.doors import checks, folders, releases  # noqa: E402
from understudy.doors.events import EventLog  # noqa: E402
from understudy.doors.store import Store  # noqa: E402
from understudy.flows.cli.console import answer  # noqa: E402
from understudy.flows.nightly import nightly  # noqa: E402
from understudy.parameters import Caps, Models, PanelSize, RunOptions, Search  # noqa: E402
from understudy.profile.anchors import human_anchors  # noqa: E402

# what is called at a moment that can be named: owner, attribute
WATCHED: dict[str, tuple[Any, str]] = {
    "rows added": (Store, "_changed"),
    "ledger": (Store, "insert"),
    "release file made read-only": (Path, "chmod"),
    "rename of the release": (releases, "put"),
    "rename of the snapshot": (folders, "put"),
}
EVENT = "event "
PANEL = PanelSize(per_stratum=2, behaviour=4, free=2)
SEARCH = Search(population=4, generations=1, n_front=1, panel=PANEL, front_panel=PANEL)


@dataclass(frozen=True, slots=True)
class Strike:
    """At the `nth` call of what `at` names (or event), before it or after it, the night `does` kill itself or fill its disk."""

    at: str
    nth: int = 1
    after: bool = False
    does: str = "kill"
    ballast: str = ""

    def __call__(self) -> None:
        """Kills this process, or fills the file system of `ballast`."""
        if self.does == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif self.does == "fill":
            fill(Path(self.ballast))


def main() -> None:
    """Plays the night that the first argument describes."""
    asked: dict[str, Any] = json.loads(sys.argv[1])
    counts: Counter[str] = Counter()
    _plain()
    _watch(Strike(**asked["strike"]) if asked.get("strike") else None, counts)
    options = RunOptions(store=Path(asked["store"]), models=Models(**asked.get("models", {})), caps=Caps(**asked.get("caps", {})))

    def work() -> dict[str, Any]:
        fields = nightly(
            "sample", asked.get("data", str(ROOT / "examples" / "sample")), reader="redial", batch="one", n=asked.get("n", 4),
            name="chaos", releases=asked["releases"], search=SEARCH, report=PANEL, options=options, anyway=True,
        )  # fmt: skip
        with Store.open(options.store, read_only=True) as store:
            kept = {"store_digest": store.digest(), "ledger": store.rows("play/ledger_totals")[0]}
        return {"release": fields["release"], "n_model_calls": fields["n_model_calls"], "counts": dict(counts), **kept}

    answer(work, lambda *_: None, as_json=True)


def _plain() -> None:
    """Flows without Prefect, floors by three halvings, and every bound of a gate let through."""

    def called(self: Any, *values: Any, **named: Any) -> Any:
        return self.fn(*values, **named)

    def mapped(self: Any, over: Any, *shared: Any) -> list[Mapped]:
        values = [one.unwrap() for one in shared]
        return [Mapped(lambda each: self.fn(each, *values), one) for one in over]

    for kind in (Flow, Task):
        kind.__call__ = called  # type: ignore[method-assign]
    Task.map = mapped  # type: ignore[method-assign,assignment]
    import understudy.profile.anchors as anchors

    anchors.human_anchors = partial(human_anchors, n_halvings=3)  # type: ignore[assignment]
    checks.run_suite = lambda *values, **named: [  # type: ignore[assignment]
        replace(one, passed=True, n_unexpected=0, unexpected=()) for one in suites.run_suite(*values, **named)
    ]


def _watch(strike: Strike | None, counts: Counter[str]) -> None:
    for name, (owner, attribute) in WATCHED.items():
        setattr(owner, attribute, _counted(getattr(owner, attribute), lambda _, name=name: name, strike, counts))
    EventLog.emit = _counted(EventLog.emit, lambda values: EVENT + values[2], strike, counts)  # type: ignore[method-assign]


def _counted(called: Callable[..., Any], name_of: Callable[[Any], str], strike: Strike | None, counts: Counter[str]) -> Callable[..., Any]:
    @wraps(called)
    def counting(*values: Any, **named: Any) -> Any:
        name = name_of(values)
        counts[name] += 1
        is_moment = strike is not None and strike.at == name and strike.nth == counts[name]
        with ExitStack() as afterwards:
            if is_moment and strike is not None:
                if not strike.after:
                    strike()
                else:
                    afterwards.callback(strike)
            return called(*values, **named)

    return counting


if __name__ == "__main__":
    main()
