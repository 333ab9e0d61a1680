"""A place where prompts are measured: the data set and the models of an open run, and a split of its humans at the size of a report."""

from __future__ import annotations

from dataclasses import dataclass

from understudy.parameters import PanelSize
from understudy.tasks.play.opened import OpenRun
from understudy.tasks.play.work import Work
from understudy.tasks.simulate.batch import REPORT_REPLICATE


@dataclass(frozen=True, slots=True)
class Place:
    """Where prompts are measured: by an open run, on the humans of a split, with a panel of the report's size."""

    opened: OpenRun
    split: str
    report: PanelSize

    def work(self, genome_digest: str) -> Work:
        """A prompt on the report's panel; what a night has played for its own report is not played again."""
        seed = self.opened.options.seed
        panel = self.opened.humans.panel(self.split, self.report, seed=seed, replicate=REPORT_REPLICATE)
        return self.opened.work(genome_digest, panel, split=self.split)
