"""The memory of a search in one process, as `drive` reads and keeps it; that of the night is rows (tasks/optimize/memory.py)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from understudy.search.critic import Identity, Treated
from understudy.search.critic_record import AnswerRecord, is_usable
from understudy.search.plan import Generation, History, Proposal, Selection
from understudy.search.racing import RaceOutcome


class ProcessMemory:
    """The memory of a search in one process."""

    def __init__(self) -> None:
        self._generations: list[Generation] = []
        self._selections: list[Selection] = []
        self._proposals: dict[int, Sequence[Proposal]] = {}
        self._treated: dict[int, Sequence[Treated]] = {}
        self._races: dict[int, Sequence[RaceOutcome]] = {}

    def history(self, n: int) -> History:
        """The first `n` generations, as far as they are finished."""
        return self._generations[:n]

    def asked(self, number: int) -> Collection[Identity]:
        """What the critic was asked before a generation."""
        return {one.commission.identity for before, treated in self._treated.items() if before < number for one in treated}

    def answers(self, number: int) -> AnswerRecord:
        """Which of its answers were usable, in the generations before one."""
        asked = [self._treated.get(before, ()) for before in range(number)]
        return [[is_usable(one) for one in treated] for treated in asked if treated]

    def proposals(self, number: int) -> Sequence[Proposal]:
        """What was proposed for a generation, in its order; empty where nothing was yet."""
        return self._proposals.get(number, ())

    def treated(self, number: int) -> Sequence[Treated]:
        """What the critic was asked for a generation and what it answered."""
        return self._treated.get(number, ())

    def selection(self, number: int) -> Selection:
        """What selection made of a finished generation."""
        return self._selections[number]

    def keep_proposals(self, number: int, proposals: Sequence[Proposal], treated: Sequence[Treated]) -> None:
        """Keeps what was proposed for a generation, and what the critic had to do with it."""
        self._proposals[number], self._treated[number] = proposals, treated

    def race(self, number: int) -> Sequence[RaceOutcome]:
        """How the race of a generation went; empty where there was none yet."""
        return self._races.get(number, ())

    def keep_race(self, number: int, race: Sequence[RaceOutcome]) -> None:
        """Keeps a race that was run to its end."""
        self._races[number] = race

    def keep_generation(self, history: History, selection: Selection) -> None:
        """Keeps the last generation of `history`, which is finished, with what selection makes of it."""
        self._generations, self._selections = list(history), [*self._selections[: len(history) - 1], selection]
