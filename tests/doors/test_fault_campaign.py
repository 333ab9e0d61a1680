"""Twenty dialogues at a fifth of faults; the two thousand of the issue stand in tests/prove."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from fault_campaign import campaign, check


def test_every_dialogue_ends_and_nothing_is_counted_twice(tmp_path: Path) -> None:
    found = campaign(20, tmp_path, timeout_s=3)
    print(found.told())
    check(found, 20)
