"""What is asked of `replicate`, and its cells in the order in which they are played."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from understudy.errors import BadInput
from understudy.probes.replication.settings import PaperSetting, settings_named
from understudy.probes.replication.tasks import NAMES, PaperTask, tasks_named

PaperOptimizer = Literal["none", "textgrad_instance", "ours", "shared"]
OPTIMIZERS: tuple[PaperOptimizer, ...] = get_args(PaperOptimizer)
N_USERS, TEMPLATE_CALLS = 100, 300
FEWEST_USERS = 10


@dataclass(frozen=True, slots=True)
class ReplicateAsked:
    """The grid: settings × optimizers × tasks for so many users. `template_calls`: what the search of one template may ask."""

    settings: tuple[PaperSetting, ...]
    optimizers: tuple[PaperOptimizer, ...]
    tasks: tuple[PaperTask, ...]
    n_users: int = N_USERS
    template_calls: int = TEMPLATE_CALLS
    with_ethnicity: bool = False

    @property
    def has_persona(self) -> bool:
        """Whether any setting plays a person."""
        return any(one.has_persona for one in self.settings)


@dataclass(frozen=True, slots=True)
class PaperCell:
    """One task under one setting and optimizer."""

    task: PaperTask
    setting: PaperSetting
    optimizer: PaperOptimizer

    @property
    def name(self) -> str:
        """The cell's name, as a stage is kept under it, before the number of users."""
        return f"{self.optimizer}/{self.setting.name}/{self.task.NAME}"


def grid(asked: ReplicateAsked) -> list[PaperCell]:
    """The cells: setting by setting, optimizer by optimizer, in the paper's order of tasks."""
    return [PaperCell(task, setting, optimizer) for setting in asked.settings for optimizer in asked.optimizers for task in asked.tasks]


def parsed(
    *, settings: str, optimizers: str, tasks: str, users: int, template_calls: int, with_ethnicity: bool
) -> ReplicateAsked:
    """What the options say. Raises BadInput that lists what there is."""
    named = OPTIMIZERS if optimizers == "all" else tuple(dict.fromkeys(name.strip() for name in optimizers.split(",")))
    unknown = [name for name in named if name not in OPTIMIZERS]
    if unknown:
        raise BadInput(f"there is no optimizer {unknown[0]!r} of `replicate`", hint=f"name one of {', '.join(OPTIMIZERS)}, or `all`")
    chosen: list[PaperOptimizer] = [name for name in OPTIMIZERS if name in named]
    if users < FEWEST_USERS:
        raise BadInput(f"--users is {users}; intervals need at least {FEWEST_USERS}")
    return ReplicateAsked(
        tuple(settings_named(settings)), tuple(chosen), tuple(tasks_named(tasks)), users, template_calls, with_ethnicity
    )


def shared_tasks() -> Sequence[PaperTask]:
    """The tasks of the shared template: all five, whichever are asked for, so that its search is one."""
    return tasks_named(",".join(NAMES))
