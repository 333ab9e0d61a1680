"""How a command answers signals: the first stops it in order, the second ends it at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
SAID = b"\nstopping, the same command goes on from here (a second signal ends it at once)\n"


@contextmanager
def signals_answered() -> Iterator[None]:
    """Within the block the first SIGINT or SIGTERM raises KeyboardInterrupt; a second one then has the system's own effect."""
    before = {one: signal.signal(one, _stop) for one in SIGNALS}
    try:
        yield
    finally:
        # after a stop the second signal keeps its effect until the process has ended
        if signal.getsignal(signal.SIGTERM) is _stop:
            for one, handler in before.items():
                signal.signal(one, handler)


def _stop(_: int, __: FrameType | None) -> None:
    for one in SIGNALS:
        signal.signal(one, signal.SIG_DFL)
    # a signal can come while a stream is being written to, which then cannot be written to here
    os.write(2, SAID)
    raise KeyboardInterrupt
