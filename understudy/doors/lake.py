"""A store on DuckLake: the same schemas, with a catalogue in SQLite or PostgreSQL and large tables in Parquet files.

Several processes read and write at once. The extensions of DuckDB come as packages of the extra `lake`; nothing is downloaded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import duckdb

from understudy.addresses import LakeAddress
from understudy.doors import folders, lake_tables
from understudy.doors.connection import OF_STORE, OF_THE_FILE, configured
from understudy.doors.engines import Connection, StillMine
from understudy.doors.turns import FolderTurns, PostgresTurns
from understudy.errors import BadInput, UnderstudyError

CATALOGUE = "catalogue.sqlite"
DATA = "data"
# rows of an insert that are kept in the catalogue, so that a small commit writes no file
INLINED = 1_000
_NAME = "lake"
_BUSY_MS = 60_000
_INSTALL = "install the extra `lake`: `make install-lake`, or `pip install 'understudy[lake]'`"
_ANOTHER = "name another --store"
_FAILURES = (*OF_THE_FILE, duckdb.TransactionException)


class LakeEngine:
    """A lake, of which every process that has it open reads and writes the same rows; writers take turns."""

    is_shared = True

    def __init__(self, lake: LakeAddress) -> None:
        self._lake = lake
        self._turns: FolderTurns | PostgresTurns | None = None

    @property
    def address(self) -> Path:
        return Path(self._lake.shown)

    @property
    def path(self) -> Path:
        return self._lake.path

    def exists(self) -> bool:
        return self._lake.catalogue is not None or (self._lake.folder / CATALOGUE).exists()

    def opened(self, *, read_only: bool) -> Connection:
        self._refuse_other_folder()
        if not read_only:
            folders.made(self._lake.folder)
        root = duckdb.connect(":memory:", config=OF_STORE)
        try:
            _load(root, ("ducklake", "sqlite_scanner") if self._lake.catalogue is None else ("ducklake", "postgres_scanner"))
            with self._errors_of_opening():
                self._turns = self._turns_of(root)
                self._attach(root, read_only=read_only)
        except BaseException:
            self.close()
            root.close()
            raise
        return self.configured(root)

    def configured(self, connection: Connection) -> Connection:
        configured(connection).execute(f"use {_NAME}")
        return connection

    @contextmanager
    def turn(self) -> Iterator[StillMine]:
        with self._open_turns.held() as still_mine:
            yield still_mine

    def adding(self, table: str, columns: Sequence[str]) -> str:
        """As DuckLake has no `on conflict`. It is no `merge`, whose rows DuckLake 1.5 writes into a file each time, however few."""
        named = ", ".join(columns)
        key = ", ".join(lake_tables.key_of(table))
        numbered = f"(select {named}, row_number() over () as place_of_row from incoming) as incoming"
        if not key:
            return f"insert into {table} ({named}) select {named} from {numbered} order by place_of_row"
        first = f"qualify row_number() over (partition by {key} order by place_of_row) = 1"
        return f"insert into {table} ({named}) select {named} from {numbered} anti join {table} using ({key}) {first} order by place_of_row"

    def failure(self, error: duckdb.Error, path: Path) -> UnderstudyError | None:  # noqa: ARG002
        if not isinstance(error, _FAILURES):
            return None
        return UnderstudyError(
            f"the store {self._lake.shown} cannot be read and written: {_first_line(error)}",
            hint="look at its folder and at its catalogue; then run the same command again: committed work is kept",
        )

    def bring(self, connection: Connection, pending: Mapping[str, str]) -> None:
        lake_tables.bring(connection, pending)

    def tidy(self, connection: Connection) -> None:
        """Into a Parquet file for each table, since a look at the catalogue for a key takes the longer the more rows it keeps."""
        connection.execute(f"call ducklake_flush_inlined_data({_text(_NAME)})").fetchall()

    def has_others(self) -> bool:
        return self._open_turns.has_others()

    def close(self) -> None:
        if self._turns is not None:
            self._turns.leave()

    @property
    def _open_turns(self) -> FolderTurns | PostgresTurns:
        if self._turns is None:
            raise UnderstudyError(f"the store {self._lake.shown} is not open")
        return self._turns

    def _turns_of(self, root: Connection) -> FolderTurns | PostgresTurns:
        catalogue = self._lake.catalogue
        if catalogue is None:
            return FolderTurns(self._lake.folder, self._lake.shown)
        return PostgresTurns(root, catalogue.keywords, catalogue.shown)

    def _attach(self, root: Connection, *, read_only: bool) -> None:
        """Attaches the lake; where it is made, by one process at a time."""
        catalogue = self._lake.catalogue
        options = [f"data_path {_text(self._lake.folder.resolve() / DATA)}", f"data_inlining_row_limit {INLINED}"]
        if catalogue is None:
            # a folder may be moved with all that is in it; log ahead, so that a reader waits for no writer
            options += ["override_data_path true", "meta_journal_mode 'WAL'", f"meta_busy_timeout {_BUSY_MS}"]
            place = f"ducklake:sqlite:{self._lake.folder.resolve() / CATALOGUE}"
        else:
            place = f"ducklake:postgres:{catalogue.keywords}"
        sql = f"attach {_text(place)} as {_NAME} ({', '.join([*options, *(['read_only'] if read_only else [])])})"
        if read_only:
            root.execute(sql)
            return
        self._open_turns.enter()
        with self._open_turns.held():
            root.execute(sql)

    def _refuse_other_folder(self) -> None:
        """Raises BadInput where the folder is something else's."""
        folder = self._lake.folder
        if folder.exists() and not folder.is_dir():
            hint = f"{_ANOTHER}; a DuckDB file is named without ducklake:"
            raise BadInput(f"{folder} is a file; ducklake: names the folder of a store", hint=hint)
        if self._lake.catalogue is not None or not folder.exists() or (folder / CATALOGUE).exists():
            return
        others = sorted(one.name for one in folder.iterdir() if not one.name.endswith(".lock"))
        if others:
            raise BadInput(
                f"the folder {folder} holds {others[0]} and no {CATALOGUE}, so it is no store on DuckLake",
                hint=f"name an empty or a new folder, or {_ANOTHER}; nothing was written to this one",
            )

    @contextmanager
    def _errors_of_opening(self) -> Iterator[None]:
        try:
            yield
        except duckdb.Error as error:
            raise self._why_not_opened(error) from error

    def _why_not_opened(self, error: duckdb.Error) -> UnderstudyError:
        said, shown, catalogue = _first_line(error), self._lake.shown, self._lake.catalogue
        if "does not exist" in said and "DuckLake" in said:
            return BadInput(f"there is no store at {shown}", hint="run `understudy ingest` or `understudy nightly` first, or " + _ANOTHER)
        if "DATA_PATH" in said:
            hint = "name the folder of this catalogue with ?folder=, as when it was made"
            return BadInput(f"the files of the store {shown} do not lie in {self._lake.folder / DATA}: {said}", hint=hint)
        if catalogue is not None:
            hint = "look whether the server runs and the database is there; the password is read from PGPASSWORD or ~/.pgpass"
            return BadInput(f"the catalogue {catalogue.shown} cannot be opened: {said}", hint=hint)
        file = self._lake.folder / CATALOGUE
        return BadInput(f"the catalogue {file} cannot be opened: {said}", hint=f"restore it from a backup, or {_ANOTHER}")


def _load(root: Connection, names: Sequence[str]) -> None:
    """Loads extensions from their packages. Raises BadInput where one is not installed, or belongs to another DuckDB."""
    version = f"v{duckdb.__version__}"
    for name in names:
        package = f"duckdb-extension-{name.replace('_', '-')}"
        spec = find_spec(f"duckdb_extension_{name}")
        if spec is None or spec.origin is None:
            raise BadInput(f"a store on DuckLake needs the package {package}, which is not installed", hint=_INSTALL)
        folder = Path(spec.origin).parent / "extensions"
        file = folder / version / f"{name}.duckdb_extension"
        if not file.is_file():
            there = ", ".join(sorted(one.name for one in folder.glob("v*"))) or "no version"
            raise BadInput(f"the package {package} is of DuckDB {there}, and {version} is installed", hint=_INSTALL)
        root.execute(f"load {_text(file)}")


def _text(value: object) -> str:
    """A value as a text of SQL."""
    return "'" + str(value).replace("'", "''") + "'"


def _first_line(error: duckdb.Error) -> str:
    return str(error).splitlines()[0]
