"""A place where prompts are measured: the data set and the models of an open run, and a split of its humans at the size of a report."""

from __future__ import annotations

from dataclasses import dataclass

from understudy.parameters import PanelSize
from understudy.tasks.play.opened import OpenRun
from understudy.tasks.play.work import Work


@dataclass(frozen=True, slots=True)
class Place:
    """Where prompts are measured: by an open run, on the humans of a split or part of one, with a panel of the report's size.

    `draw`: the seed and the replicate of a batch's own report; None is that of every comparison, which is measured once.
    """

    opened: OpenRun
    split: str
    report: PanelSize
    draw: int | None = None

    def work(self, genome_digest: str) -> Work:
        """A prompt on the report's panel."""
        seed, replicate = (self.opened.options.seed, 0) if self.draw is None else (self.draw, self.draw)
        panel = self.opened.humans.panel(self.split, self.report, seed=seed, replicate=replicate)
        return self.opened.work(genome_digest, panel, split=self.split)
