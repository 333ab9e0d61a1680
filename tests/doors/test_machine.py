"""A machine is named by what it computes with, and not by a name of its own."""

from __future__ import annotations

import platform
from pathlib import Path

from understudy.doors.machine import this_machine


def test_a_machine_is_its_processor_cores_memory_and_system(tmp_path: Path) -> None:
    (tmp_path / "cpu").write_text("processor\t: 0\nmodel name\t: Some  Chip\nprocessor\t: 1\n")
    (tmp_path / "mem").write_text("MemTotal:       16384 kB\n")
    found = this_machine(tmp_path / "cpu", tmp_path / "mem")
    assert (found.processor, found.memory_bytes, found.system) == ("Some Chip", 16384 << 10, platform.system())
    assert found.n_cores >= 1
    assert platform.node() not in repr(found) or not platform.node()


def test_what_nobody_says_is_unknown(tmp_path: Path) -> None:
    found = this_machine(tmp_path / "none", tmp_path / "none")
    assert found.memory_bytes is None
    assert found.processor
