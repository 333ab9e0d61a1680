"""What a batch is to play: dialogues for seekers of `search`, and the replays of its report, each drawn by a seed of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from understudy.doors.store import Store
from understudy.keys import key, seed_of
from understudy.parameters import PanelSize
from understudy.play.panels import Panel, draw_free
from understudy.records import REPORTING
from understudy.tasks.play.opened import OpenRun
from understudy.tasks.play.work import Work

# 3: no seeker stands for much of a batch
VERSION = 3
# of what a batch draws with, which changed with none of these
DRAWING = 2
Fields = dict[str, Any]
_COLUMNS: dict[str, Any] = {
    "batch_key": pl.String, "kind": pl.String, "position": pl.Int32, "piece": pl.String, "replicate": pl.Int64,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """A batch before it is played: its name, its number of dialogues, and the size of the report that the gates read."""

    name: str
    n: int
    report: PanelSize

    def draw(self, opened: OpenRun) -> int:
        """The seed of all that the batch draws, and the replicate of all that it plays: that of no other batch.

        So no reply of an earlier batch is served for a figure of this one, and the same batch again plays nothing.
        """
        what = {"profile": opened.humans.profile_key, "recommender": opened.recommender, "seed": opened.options.seed}
        return seed_of("batch", DRAWING, self.name, what, self.n, self.report.model_dump())

    def panel(self, opened: OpenRun) -> Panel:
        """The replays of the report, of seekers who report on picks, and the dialogues of the batch."""
        own, size = self.draw(opened), self.report
        replays = opened.humans.panel(REPORTING, size.model_copy(update={"free": 0}), seed=own, replicate=own)
        scenarios, seekers = opened.humans.scenarios("search").values(), opened.humans.members("search")
        free = draw_free(scenarios, seekers, self.n, seed=own, replicate=own)
        return Panel(replays.reactions, replays.behaviour, free, own)

    def work(self, opened: OpenRun, genome_digest: str) -> Work:
        """The evaluation behind the gates of the batch, by the models of the run."""
        return opened.work(genome_digest, self.panel(opened), split=REPORTING, free_split="search")

    def key(self, work: Work) -> str:
        """The key of the batch: its name, whose prompt, and how it is played."""
        parts = {
            "profile": work.profile_key, "genome": work.genome_digest, "recommender": work.recommender, "model": work.model,
            "seed": work.seed, "n": self.n, "report": self.report.model_dump(),
        }  # fmt: skip
        if work.verifier:
            parts["verifier"] = work.verifier
        return key("batch", VERSION, batch=self.name, **parts)


def panel_rows(batch_key: str, panel: Panel) -> pl.DataFrame:
    """Rows of simulate.panels."""
    return pl.DataFrame([(batch_key, *one) for one in _pieces(panel)], schema=_COLUMNS, orient="row")


def panel_of(store: Store, batch_key: str) -> Panel:
    """The panel that the rows of a batch hold."""
    kept: dict[str, list[tuple[str, int]]] = {"reaction": [], "behaviour": [], "free": []}
    for row in store.rows("simulate/panel", batch_key=batch_key):
        kept[row["kind"]].append((row["piece"], row["replicate"]))
    replicates = {replicate for kind in ("reaction", "behaviour") for _, replicate in kept[kind]}
    (replicate,) = replicates or {0}
    reactions, behaviour = (tuple(piece for piece, _ in kept[kind]) for kind in ("reaction", "behaviour"))
    return Panel(reactions, behaviour, tuple(kept["free"]), replicate)


def _pieces(panel: Panel) -> Iterator[tuple[str, int, str, int]]:
    """Kind, place, piece and replicate of all that a panel asks to be played."""
    for kind, pieces in (("reaction", panel.reactions), ("behaviour", panel.behaviour)):
        for place, piece in enumerate(pieces):
            yield kind, place, piece, panel.replicate
    for place, (piece, replicate) in enumerate(panel.free):
        yield "free", place, piece, replicate
