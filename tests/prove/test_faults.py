"""The campaign of the issue: two thousand dialogues against a server of which a fifth of the requests fail."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "doors"))
from fault_campaign import campaign, check

pytestmark = pytest.mark.prove
N_DIALOGUES = 2000


def test_two_thousand_dialogues_at_a_fifth_of_faults(tmp_path: Path) -> None:
    found = campaign(N_DIALOGUES, tmp_path)
    print(found.told())
    check(found, N_DIALOGUES)
