"""The run that an estimate is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from understudy.doors.local.speed import Speed
from understudy.parameters import PanelSize, Search

CONTAMINATION = "contamination"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Where a comparison measures what was tuned as well: another data set, recommender or surface; None is the same one."""

    dataset: str | None = None
    recommender: str | None = None
    surface: str | None = None

    @property
    def is_asked(self) -> bool:
        """Whether it is another place at all."""
        return any(one is not None for one in (self.dataset, self.recommender, self.surface))

    @property
    def replays(self) -> bool:
        """Whether replays are played there anew: the recommender has no part in them."""
        return self.dataset is not None or self.surface is not None


@dataclass(frozen=True, slots=True)
class Asked:
    """The run that is to be estimated.

    `setting`: of compare and study `all` or several with commas between them. `n`: dialogues of a batch or with a recommender, or
    what each `task` of a probe asks about; `n_probed` is that of a study. `final`: the test split is measured as well.
    `speeds`: of local models, by their names in keys. `best_shipped`: all shipped prompts are played for the dialogues of a search.
    `n_seeds`: with how many seeds a comparison makes its table. `max_turns`: the cap on the turns of a free run, None for the usual one.
    `tstr`: the seed prompt of a night plays as many dialogues as its batch.
    """

    dataset: str
    setting: str
    run: str
    search: Search
    report: PanelSize
    n: int
    recommender: str
    seed: int
    latency_s: float | None
    final: bool = False
    n_probed: int = 0
    task: str = CONTAMINATION
    ratings: str | None = None
    to: Elsewhere = Elsewhere()
    best_shipped: bool = False
    n_seeds: int = 1
    max_turns: int | None = None
    tstr: bool = False
    speeds: Mapping[str, Speed] = field(default_factory=dict)
