"""A server of PostgreSQL of the tests' own: a cluster in a temporary folder, on loopback, which ends with the test run.

Debian's package is taken (`apt-get install postgresql`). The server refuses to run as root, so that root becomes the user `postgres`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

USER, PASSWORD = "ada", "loopback-only"
_NUMBERS = count()


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server: where it listens, and where its files lie."""

    port: int
    folder: Path
    programs: Path

    def database(self) -> str:
        """The name of a new, empty database."""
        name = f"stores_{os.getpid()}_{next(_NUMBERS)}"
        self.asked("postgres", f"create database {name}")
        return name

    def asked(self, database: str, sql: str) -> str:
        """What a statement answers, as plain text."""
        words = ["-h", "127.0.0.1", "-p", str(self.port), "-U", USER, "-qAt", "-c", sql, database]
        environment = {**os.environ, "PGPASSWORD": PASSWORD}
        return subprocess.run([self.programs / "psql", *words], check=True, env=environment, capture_output=True, text=True).stdout.strip()

    def control(self, *words: str) -> None:
        """Runs pg_ctl on the cluster and waits until it is done."""
        settings = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder} -c fsync=off"
        _as_server([self.programs / "pg_ctl", "-D", self.folder / "data", "-o", settings, "-l", self.folder / "log", "-w", *words])


def programs() -> Path | None:
    """The folder of the newest server that is installed; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda one: int(one.parts[-3]))
    return found[-1].parent if found else None


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A running cluster with one user, who has a password."""
    there = programs()
    assert there is not None, "PostgreSQL is not installed: apt-get install postgresql"
    folder = Path(tempfile.mkdtemp(prefix="understudy-postgres-"))
    secret = folder / "secret"
    secret.write_text(PASSWORD, encoding="utf-8")
    for one in (folder, secret):
        shutil.chown(one, *_server())
    made = Cluster(_free_port(), folder, there)
    try:
        settings = ["-A", "scram-sha-256", f"--pwfile={secret}", "-U", USER, "-E", "UTF8", "--no-sync"]
        _as_server([there / "initdb", "-D", folder / "data", *settings])
        made.control("start")
        yield made
    finally:
        made.control("-m", "immediate", "stop")
        shutil.rmtree(folder)


def _server() -> tuple[int, int]:
    """The user and the group that the server runs as."""
    if os.getuid():
        return os.getuid(), os.getgid()
    found = pwd.getpwnam("postgres")
    return found.pw_uid, found.pw_gid


def _as_server(command: list[str | Path]) -> None:
    user, group = _server()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, user=user, group=group, extra_groups=[], cwd="/")


def _free_port() -> int:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
