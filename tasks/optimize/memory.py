"""What the night's search remembers: rows, read back as the driver takes them and written by tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from understudy.search.critic import Identity, Treated, identity_of
from understudy.search.critic_record import AnswerRecord
from understudy.search.plan import History, Individual, Proposal, Selection
from understudy.search.racing import RaceOutcome
from understudy.tasks.optimize.generations import Run, answers_before, history_of, proposals_of, race_of
from understudy.tasks.optimize.ground import Calls
from understudy.tasks.optimize.racing import keep_race
from understudy.tasks.optimize.search import keep_candidates, keep_generation
from understudy.tasks.play.opened import OpenRun


@dataclass(frozen=True, slots=True)
class RowMemory:
    """The memory of a run (search.drive.Memory)."""

    opened: OpenRun
    run: Run
    calls: Calls

    def history(self, n: int) -> list[list[Individual]]:
        """The first `n` generations, as far as they are finished."""
        return history_of(self.opened, self.run, n)

    def asked(self, number: int) -> set[Identity]:
        """What the critic was asked before a generation."""
        rows = self.opened.store.rows("optimize/asked", run_key=self.run.run_key, generation=number)
        return {identity_of(row["operator"], row["parents"], row["objectives"], row["section"]) for row in rows}

    def answers(self, number: int) -> AnswerRecord:
        """Which of its answers were usable, in the generations before one."""
        return answers_before(self.opened.store, self.run, number)

    def proposals(self, number: int) -> list[Proposal]:
        """What was proposed for a generation, in its order; empty where nothing was yet."""
        return proposals_of(self.opened.store, self.run, number)

    def keep_proposals(self, number: int, proposals: Sequence[Proposal], treated: Sequence[Treated]) -> None:
        """Writes what was proposed for a generation, and what the critic had to do with it."""
        self.calls.one(keep_candidates, self.opened.store, self.run, number, proposals, treated)

    def race(self, number: int) -> list[RaceOutcome]:
        """How the race of a generation went; empty where there was none yet."""
        return race_of(self.opened.store, self.run, number)

    def keep_race(self, number: int, race: Sequence[RaceOutcome]) -> None:
        """Writes a race that was run to its end."""
        self.calls.one(keep_race, self.opened, self.run, number, race)

    def keep_generation(self, history: History, selection: Selection) -> None:
        """Writes the last generation of `history`, which is finished, with what selection makes of it."""
        self.calls.one(keep_generation, self.opened.store, self.run, history, selection)
