"""Which engine keeps the rows of the store at an address."""

from __future__ import annotations

from pathlib import Path

from understudy.addresses import lake_of
from understudy.doors import store_faults
from understudy.doors.engines import Engine, FileEngine
from understudy.doors.lake import LakeEngine


def is_there(address: Path | str) -> bool:
    """Whether a store is there; a lake in PostgreSQL is not known to be. Raises BadInput where the address cannot be one."""
    lake = lake_of(address)
    return engine_of(address).exists() and (lake is None or lake.catalogue is None)


def engine_of(address: Path | str) -> Engine:
    """What keeps the rows of the store at an address. Raises BadInput where a file is none."""
    lake = lake_of(address)
    if lake is not None:
        return LakeEngine(lake)
    store_faults.refuse_unless_file(Path(address))
    return FileEngine(Path(address))
