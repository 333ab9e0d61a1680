"""Tables with one utterance a row: the rows of a file, of CSV, Parquet or JSON, and the dialogues that they make together.

The rows of a dialogue need not follow each other, so that a table is held in memory while it is read, as a JSON document is.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from understudy.doors import files
from understudy.doors.limits import limits
from understudy.errors import BadInput
from understudy.readers._chats import numbered
from understudy.readers._field_map import FieldMap, Steps, value_at
from understudy.readers._kit import Broken, checked_text, identifier, json_value

ENDINGS = (".csv", ".tsv", ".parquet")
_DELIMITERS = {".tsv": "\t"}
_SHOWN = 20

Cells = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Lost:
    """A row of which nobody knows the dialogue, and why. `number`: its line, or its place in a list or in Parquet."""

    number: int
    why: str

    def told(self, path: Path) -> str:
        """The reason with the place of the row."""
        return f"{'row' if _ending(path) in ('.json', '.parquet') else 'line'} {self.number}: {self.why}"


@dataclass(slots=True)
class RowsOfDialogue:
    """The rows of one dialogue. `why`: for what reason it cannot be read; None where it can."""

    name: str | None
    rows: list[Cells] = field(default_factory=list)
    why: str | None = None

    def __repr__(self) -> str:
        return repr(self.rows[0]) if self.rows else ""

    def in_order(self, order: Steps | None) -> list[Cells]:
        """The rows in the order of a column, else in that of the file. Raises Broken where the rows are not whole."""
        if self.why is not None:
            raise Broken(self.why)
        if order is None:
            return self.rows
        keys = _sortable([cell(row, order) for row in self.rows])
        return [self.rows[at] for at in sorted(range(len(keys)), key=keys.__getitem__)]

    def same(self, steps: Steps, *, of: str, rows: Iterable[Cells]) -> Any:
        """What all `rows` that say something say; None where none does. Raises Broken where they differ."""
        told = [value for row in rows if (value := cell(row, steps)) not in (None, "")]
        if any(value != told[0] for value in told):
            raise Broken(f"{of}: differs between the rows of a dialogue")
        return told[0] if told else None


def cell(row: Cells, steps: Steps) -> Any:
    """The value of a column; a column whose name holds full stops stands above a path of that name."""
    name = ".".join(steps)
    return row[name] if name in row else value_at(row, steps)


def columns_of(path: Path, fields: FieldMap) -> list[str] | None:
    """The names of a table's columns; None for JSON, whose rows may leave some out, and for what is no table. Never raises."""
    ending = _ending(path)
    if ending not in ENDINGS:
        return None
    try:
        if ending == ".parquet":
            return [str(name) for name in next(files.parquet_rows(path, size=1), {})]
        _, first = next(_csv_rows(path, fields), (0, None))
    except BadInput:
        return None
    return first if isinstance(first, list) else None


def dialogues_of(path: Path, fields: FieldMap) -> list[tuple[int, RowsOfDialogue]]:
    """The dialogues of a table, numbered from 1 in the order of their first rows.

    A row that is broken, or says no dialogue, makes those before and after it broken, since it may be theirs. Raises BadInput.
    """
    found: dict[str, RowsOfDialogue] = {}
    last: RowsOfDialogue | None = None
    lost: list[_Lost] = []
    for number, row in _rows(path, fields):
        held = row if isinstance(row, _Lost) else _named(row, number, fields)
        if isinstance(held, _Lost):
            lost.append(held)
            if last is not None:
                last.why = last.why or held.told(path)
            continue
        name, cells = held
        last = found.setdefault(name, RowsOfDialogue(name))
        last.rows.append(cells)
        if lost:
            last.why, lost = last.why or lost[0].told(path), []
    if lost and not found:
        return [(one.number, RowsOfDialogue(None, why=one.told(path))) for one in lost]
    return list(enumerate(found.values(), 1))


def _named(row: Cells, number: int, fields: FieldMap) -> tuple[str, Cells] | _Lost:
    """The dialogue of a row, and the row."""
    value = cell(row, fields.dialogue or ())
    whole = int(value) if isinstance(value, float) and value.is_integer() else value  # a column of whole numbers with a gap
    try:
        return identifier({"dialogue": whole}, "dialogue"), row
    except Broken as error:
        return _Lost(number, str(error))


def _rows(path: Path, fields: FieldMap) -> Iterator[tuple[int, Cells | _Lost]]:
    """The rows of a file with their numbers, without a header. Raises BadInput for a table that is too large or lacks a column."""
    columns = columns_of(path, fields)
    if columns is not None:
        _require_columns(path, columns, fields)
    found = _read(path, fields)
    n_bytes, most = 0, limits().document
    for number, row in found:
        n_bytes += sum(len(one) for one in row.values() if isinstance(one, str)) if isinstance(row, Mapping) else 0
        if n_bytes > most:
            raise BadInput(
                f"{path} holds more than {most} bytes of text, and a table is held whole while it is read",
                hint="raise --max-document where the file is meant to be that large, or divide it by dialogue",
            )
        yield number, row


def _read(path: Path, fields: FieldMap) -> Iterator[tuple[int, Cells | _Lost]]:
    ending = _ending(path)
    if ending == ".parquet":
        yield from ((number, _checked(row, number)) for number, row in enumerate(files.parquet_rows(path), 1))
    elif ending in ENDINGS:
        yield from _under_header(_csv_rows(path, fields), path)
    else:
        yield from ((number, _checked(raw, number)) for number, raw in _json_rows(path, fields))


def _require_columns(path: Path, columns: Sequence[str], fields: FieldMap) -> None:
    shown = ", ".join(columns[:_SHOWN])
    if twice := sorted({name for name in columns if columns.count(name) > 1}):
        raise BadInput(f"{path} has the column {twice[0]!r} twice", hint="rename one of them")
    for name, steps in fields.columns().items():
        if ".".join(steps) not in columns and steps[0] not in columns:
            raise BadInput(
                f"{path} has no column {'.'.join(steps)!r}; its columns are {shown}", hint=f"correct `{name}` in the map of fields"
            )


def _json_rows(path: Path, fields: FieldMap) -> Iterator[tuple[int, Any]]:
    if not fields.dialogues:
        yield from numbered(path)
        return
    held = value_at(files.json_of(path), fields.dialogues)
    if not isinstance(held, list):
        shown = ".".join(fields.dialogues)
        raise BadInput(f"{path} has no list of rows under {shown!r}", hint="correct `dialogues` in the map of fields")
    yield from enumerate(held, 1)


def _checked(raw: Any, number: int) -> Cells | _Lost:
    try:
        value = json_value(raw) if isinstance(raw, bytes) else checked_text(raw)
    except Broken as error:
        return _Lost(number, str(error))
    return value if isinstance(value, dict) else _Lost(number, "not an object")


def _under_header(rows: Iterator[tuple[int, list[str] | _Lost]], path: Path) -> Iterator[tuple[int, Cells | _Lost]]:
    _, header = next(rows, (0, None))
    if not isinstance(header, list):
        raise BadInput(f"the first line of {path} is no header", hint="write the names of the columns into the first line")
    for number, cells in rows:
        if isinstance(cells, list) and len(cells) != len(header):
            cells = _Lost(number, f"{len(cells)} cells under {len(header)} columns")
        yield number, cells if isinstance(cells, _Lost) else dict(zip(header, cells, strict=True))


def _csv_rows(path: Path, fields: FieldMap) -> Iterator[tuple[int, list[str] | _Lost]]:
    """The rows of a file of separated values, each with the number of its first line; a text in quotation marks may go over lines.

    A quotation mark that is lost costs the row in which it stands: what was read behind it is read again.
    """
    csv.field_size_limit(limits().line)  # of the whole process; the default is below what a long text takes
    delimiter = fields.delimiter or _DELIMITERS.get(_ending(path), ",")
    lines = _Lines(files.all_lines(path))
    quoting = csv.QUOTE_MINIMAL if fields.quoted else csv.QUOTE_NONE
    reader = csv.reader(lines, delimiter=delimiter, strict=True, quoting=quoting)  # type: ignore[arg-type]
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            number, _ = lines.give_back()
            yield number, _Lost(number, "not a row of separated values")
            continue
        number, why = lines.taken()
        if cells or why:
            yield number, _Lost(number, why) if why else cells


class _Lines:
    """The lines of a file as text, which remembers those of the row at hand."""

    def __init__(self, source: Iterator[tuple[int, bytes]]) -> None:
        self._source = source
        self._again: list[tuple[int, bytes]] = []  # the next one last
        self._row: list[tuple[int, bytes]] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        one = self._again.pop() if self._again else next(self._source)
        self._row.append(one)
        return "\n" if isinstance(one[1], files.TooLong) else one[1].decode("utf-8", "replace")

    def taken(self) -> tuple[int, str | None]:
        """The number of the first line of a row that is read, and what is wrong with its lines."""
        (number, _), why = self._row[0], next((reason for _, line in self._row if (reason := _wrong(line))), None)
        self._row.clear()
        return number, why

    def give_back(self) -> tuple[int, bytes]:
        """The first line of a row that cannot be read; the others are read again."""
        first, *others = self._row
        self._again.extend(reversed(others))
        self._row.clear()
        return first


def _wrong(line: bytes) -> str | None:
    if isinstance(line, files.TooLong):
        return line.reason
    if b"\0" in line:
        return "NUL character"
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return "not UTF-8"
    return None


def _sortable(values: Sequence[Any]) -> list[Any]:
    """Keys by which rows are sorted: numbers where all are, else texts as they stand. Raises Broken for a value that is missing."""
    if any(value is None or value == "" or isinstance(value, bool | dict | list) for value in values):
        raise Broken("order: missing in a row, or neither a number nor a text")
    try:
        numbers = [float(value) for value in values]
    except (TypeError, ValueError):
        return [str(value) for value in values]
    if any(number != number for number in numbers):
        raise Broken("order: not a number in a row")
    return numbers


def _ending(path: Path) -> str:
    return Path(files.plain_name(path)).suffix.lower()
