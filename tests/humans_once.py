"""The humans of the profiled sample, loaded once in a test process, from whichever copy of its store.

A profile never changes (understudy/rows/handle.py), so what is made of its rows is the same for every copy. What a test may have
planted beside the profile, instruments and reference values among it, is read from the test's own store.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable
from threading import RLock
from typing import Any

from understudy.rows.handle import Humans

Once = Callable[[Humans, Hashable, Callable[[], Any]], Any]
SHARED = frozenset({"items", "exemplars", "popularity", "contexts", "scenarios", "members", "context turns", "reference"})


def sharing(once: Once, profile_keys: Collection[str]) -> Once:
    """`Humans.once`, which for the profiles of these keys keeps what is `SHARED` for all handles."""
    lock, loaded = RLock(), dict[tuple[str, Hashable], Any]()

    def shared(self: Humans, name: Hashable, load: Callable[[], Any]) -> Any:
        kind = name[0] if isinstance(name, tuple) else name
        if self.profile_key not in profile_keys or kind not in SHARED:
            return once(self, name, load)
        with lock:
            if (self.profile_key, name) not in loaded:
                loaded[self.profile_key, name] = load()
            return loaded[self.profile_key, name]

    return shared
