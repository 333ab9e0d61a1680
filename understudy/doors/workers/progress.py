"""How far the workers are, added to what whoever watches the run is shown."""

from __future__ import annotations

from understudy.doors import gauge
from understudy.doors.gateway.gateway import Exchange


class ProgressOf:
    """What one worker has planned and played so far."""

    def __init__(self, gateway: Exchange) -> None:
        self._gateway, self._planned, self._done = gateway, 0, 0

    def heard(self, planned: int, done: int) -> None:
        """Adds what is new of the worker's counts, with what the run has spent."""
        if planned > self._planned:
            gauge.planned(planned - self._planned)
        for _ in range(done - self._done):
            gauge.played(self._gateway.spent)
        self._planned, self._done = planned, done

    def reached(self, piece: str, done: int) -> None:
        """Takes in how far the worker is with a piece of the work, which the run has planned itself."""
        gauge.reached(piece, done, self._gateway.spent)
