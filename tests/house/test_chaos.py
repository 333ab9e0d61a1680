"""The campaign of chaos harms nothing but its own folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.filling import MOST_FILLED, fill


def test_a_disk_that_is_not_mounted_for_it_is_never_filled(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="is not filled"):
        fill(tmp_path / "ballast")
    assert not (tmp_path / "ballast").exists()
    assert MOST_FILLED <= 2**28
