"""Where a store is: a DuckDB file, or a DuckLake with its catalogue in SQLite or in PostgreSQL.

`understudy.duckdb` is a file. `ducklake:FOLDER` is a lake whose catalogue is a SQLite file in the folder. The catalogue of
`ducklake:postgres://USER@HOST:PORT/DATABASE?folder=FOLDER` is a database of PostgreSQL. An address is a `Path` everywhere, and a path
keeps one of two slashes, so `postgres:/` is read as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from understudy.errors import BadInput

LAKE = "ducklake:"
_POSTGRES = re.compile(r"postgres(?:ql)?:/{1,2}(?P<rest>.*)", re.DOTALL)
_FORM = "ducklake:postgres://USER@HOST:PORT/DATABASE?folder=FOLDER"
_PORT = 5432
# within a lake's folder, what lies beside a store of one file is named after this
_NAME = "store"


@dataclass(frozen=True, slots=True)
class PostgresCatalogue:
    """A database of PostgreSQL that holds a lake's catalogue. It has no password: libpq reads PGPASSWORD or the file of PGPASSFILE."""

    host: str
    port: int
    database: str
    user: str | None

    @property
    def shown(self) -> str:
        """The address as it is shown."""
        return f"postgres://{f'{self.user}@' if self.user else ''}{self.host}:{self.port}/{self.database}"

    @property
    def keywords(self) -> str:
        """The same as libpq reads it."""
        named = {"host": self.host, "port": str(self.port), "dbname": self.database, "user": self.user}
        return " ".join(f"{name}={_quoted(value)}" for name, value in named.items() if value)


@dataclass(frozen=True, slots=True)
class LakeAddress:
    """A lake: the folder of its Parquet files and of what lies beside a store, and its catalogue; None is a SQLite file in the folder."""

    folder: Path
    catalogue: PostgresCatalogue | None = None

    @property
    def path(self) -> Path:
        """Where the file of the store would be: what lies beside a store is named after it, and is in the folder."""
        return self.folder / _NAME

    @property
    def shown(self) -> str:
        """The address as it is shown."""
        return f"{LAKE}{self.folder}" if self.catalogue is None else f"{LAKE}{self.catalogue.shown}?folder={self.folder}"


def lake_of(store: Path | str) -> LakeAddress | None:
    """The lake that an address names; None for a file. Raises BadInput, which never repeats a password."""
    text = str(store)
    if not text.startswith(LAKE):
        return None
    rest = text.removeprefix(LAKE)
    match = _POSTGRES.fullmatch(rest)
    if match:
        return _of_postgres(match["rest"])
    if not rest or re.match(r"[a-z0-9+]+:/", rest):
        kind = rest.partition(":")[0]
        seen = f"the catalogue {kind}: is not known" if rest else "the address ducklake: names no folder"
        raise BadInput(seen, hint=f"give ducklake:FOLDER for a catalogue in SQLite, or {_FORM}")
    return LakeAddress(Path(rest))


def place_of(store: Path | str) -> Path:
    """The path beside which a store's other files lie: the file itself, or a name in the lake's folder. Raises BadInput."""
    lake = lake_of(store)
    return Path(store) if lake is None else lake.path


def shown(store: Path | str) -> str:
    """An address as messages show it. Raises BadInput."""
    lake = lake_of(store)
    return str(store) if lake is None else lake.shown


def _of_postgres(rest: str) -> LakeAddress:
    parts = urlsplit(f"//{rest}")
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    if parts.password is not None or "password" in given:
        raise BadInput(
            "the address of the store holds a password, which would be shown in logs and lists of processes",
            hint="leave it out, and put it in PGPASSWORD or in the file that PGPASSFILE names (~/.pgpass)",
        )
    database = unquote(parts.path.strip("/"))
    if unknown := sorted(given.keys() - {"folder"}):
        raise BadInput(f"the address of the store has the unknown part {unknown[0]}=", hint=f"give {_FORM}; libpq reads others from PG…")
    try:
        port = parts.port or _PORT
    except ValueError as error:
        raise BadInput("the address of the store has a port that is no number", hint=f"give {_FORM}") from error
    if not parts.hostname or not database or "/" in database:
        raise BadInput("the address of the store names no host or no database", hint=f"give {_FORM}")
    user = unquote(parts.username) if parts.username else None
    return LakeAddress(Path(given.get("folder") or f"{database}.lake"), PostgresCatalogue(parts.hostname, port, database, user))


def _quoted(value: str) -> str:
    """A value of libpq's list of keywords."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
