"""Why a store cannot be used: busy, foreign, newer, edited, corrupt, full or unreadable, each with what to do.

DuckDB has one exception for all of these. What it says is shown, but the kind is found by looking at the file itself: at the lock
that another process holds, at the header, and at the system's own words for an error of writing.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable
from pathlib import Path

from understudy.errors import BadInput, StoreBusy, UnderstudyError

_MAGIC = b"DUCK"
_VERSION_AT = slice(12, 20)
# a pointer that is damaged reads at an impossible place, which the system calls an invalid argument
_DAMAGE = (errno.EINVAL, errno.EIO, errno.ESPIPE)
_SYSTEM = {os.strerror(number) for number in errno.errorcode if number not in _DAMAGE}
_ANOTHER = "name another --store"


def refuse_unless_file(path: Path) -> None:
    """Raises BadInput where `path` is there and no plain file. It only looks: opening a named pipe would wait for ever."""
    if path.exists() and not path.is_file():
        kind = "a folder" if path.is_dir() else "a device or a pipe"
        raise BadInput(f"the store {path} is {kind}; a DuckDB file is expected", hint=_ANOTHER)


def why_not_opened(path: Path, said: str, *, read_only: bool, way_back: Callable[[], str]) -> UnderstudyError:
    """The error for a file that DuckDB could not open; `said` is DuckDB's message, `way_back` says what can be gone back to.

    Only for a file that this process does not have open: the system drops a process's locks when it closes the file once.
    """
    if not path.exists():
        return BadInput(f"no store can be created at {path}: {said}", hint="check that the folder can be written, or " + _ANOTHER)
    try:
        head, is_locked = _head(path), _is_locked(path, read_only=read_only)
    except OSError as error:
        return BadInput(f"the store {path} cannot be read: {error.strerror}", hint="check its permissions, or " + _ANOTHER)
    if is_locked:
        return busy(path)
    if head[8:12] != _MAGIC:
        seen = "is not a DuckDB file" if head else "is an empty file"
        return BadInput(f"{path} {seen}, so it is no store", hint=f"{_ANOTHER}, or remove the file where it is not needed")
    if f"version number {int.from_bytes(head[_VERSION_AT], 'little')}" in said:
        return BadInput(f"the store {path} was written by a newer DuckDB: {said.splitlines()[0]}", hint="update understudy")
    return why_not_used(path, said, way_back=way_back)


def why_not_used(path: Path, said: str, *, way_back: Callable[[], str]) -> UnderstudyError:
    """The error for an open store whose file could not be written or read."""
    reason = system_reason(path, said)
    if reason is not None:
        hint = "make room, or make the file and its folder writable; then run the same command again: committed work is kept"
        return UnderstudyError(f"the store {path} cannot be read and written: {reason}", hint=hint)
    return corrupt(path, said, way_back=way_back)


def system_reason(path: Path, said: str) -> str | None:
    """What the system says of reading and writing the file, in its own words; None where the system had no objection."""
    plain = said.replace(str(path), "")
    return next((words for words in sorted(_SYSTEM) if words in plain), None)


def busy(path: Path) -> StoreBusy:
    """The error for a store that another process has locked."""
    return StoreBusy(
        f"another process has opened the store {path}",
        hint="wait until that process ends; to read a release, use its published files (`understudy pull`)",
    )


def corrupt(path: Path, said: str, *, way_back: Callable[[], str]) -> BadInput:
    """The error for a store whose bytes are not those that were written."""
    return BadInput(f"the store {path} is corrupt: {said.splitlines()[0]}", hint=way_back())


def foreign(path: Path) -> BadInput:
    """The error for a DuckDB file of something else; nothing was written to it."""
    return BadInput(
        f"{path} is a DuckDB file, but no store of understudy: its tables are others'", hint=f"{_ANOTHER}; nothing was written to this file"
    )


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_VERSION_AT.stop)


def _is_locked(path: Path, *, read_only: bool) -> bool:
    """Whether another process holds a lock against ours. DuckDB locks the whole file: readers share it, a writer has it alone."""
    return _is_refused(path, fcntl.LOCK_SH if read_only else fcntl.LOCK_EX)


def is_only_read(path: Path) -> bool:
    """Whether no other process has the store open for writing: whoever keeps a writer out then reads, and is soon done.

    Only for a file that this process does not have open, as `why_not_opened`.
    """
    return not _is_refused(path, fcntl.LOCK_SH)


def _is_refused(path: Path, kind: int) -> bool:
    with path.open("rb" if kind == fcntl.LOCK_SH else "r+b") as file:
        try:
            fcntl.lockf(file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError as error:
            if error.errno == errno.EACCES:  # the same, as some systems say it
                return True
            raise
        return False
