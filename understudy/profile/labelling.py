"""Blind labelling: a sheet of human and synthetic turns that does not show their origin, and the labels that annotators give."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import krippendorff
import numpy as np
import polars as pl

from understudy.errors import BadInput
from understudy.instruments.acts import ACTS
from understudy.instruments.reaction import CLASSES
from understudy.keys import digest, share_of
from understudy.records import Measured
from understudy.statistics.halves import Floats, halves, interval, unit_codes

VERSION = 1
HUMAN = "human"
COLUMNS = ("id", "context", "turn", "reaction", "act")
WORDS: Mapping[str, tuple[str, ...]] = {"reaction": CLASSES, "act": ACTS}
# what a spreadsheet takes for a formula, also behind white space that it skips
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


@dataclass(frozen=True, slots=True)
class Labelled:
    """What one annotator said of one row of a sheet; None where it was left empty."""

    label_id: str
    reaction: str | None
    act: str | None


def drawn(candidates: pl.DataFrame, *, n: int, engine: str | None, profile_key: str, seed: int) -> pl.DataFrame:
    """At most `n` rows to label in the order of the sheet, half of them human: the columns of `candidates` with label_id.

    `candidates`: engine, context_id, dialogue_id, play_key, before, text. `engine` is one engine, `human`, or None for all.
    No context is asked twice. Raises BadInput where there is nothing of what was asked for.
    """
    engines = sorted(set(candidates["engine"]) - {HUMAN})
    wanted = engines if engine is None else [engine] if engine != HUMAN else []
    if missing := [one for one in wanted if one not in engines]:
        raise BadInput(
            f"no reply of the engine {missing[0]!r} is in the store", hint=f"choose --engine from {', '.join([HUMAN, *engines])}"
        )
    if not wanted and engine != HUMAN:
        raise BadInput(
            "the store holds no reply of a model that could be labelled", hint="run `understudy simulate` first, or choose --engine human"
        )
    machines = _shuffled(candidates.filter(pl.col("engine").is_in(wanted)), seed)[: n - n // 2 if wanted else 0]
    rest = candidates.filter((pl.col("engine") == HUMAN) & ~pl.col("context_id").is_in(machines["context_id"].to_list()))
    humans = _shuffled(rest, seed)[: n - len(machines)] if engine == HUMAN else _shuffled(rest, seed)[: n // 2]
    both = pl.concat([machines, humans])
    if both.is_empty():
        raise BadInput(
            "the store holds no reply to a recommendation that could be labelled",
            hint="run `understudy profile` and `understudy simulate` first",
        )
    sources = both.select("engine", "context_id", "play_key", "text").rows()
    ids = [digest(["label", VERSION, profile_key, seed, *source])[:12] for source in sources]
    # in order of the id, which is a hash: nothing of the origin is left in the order
    return both.with_columns(label_id=pl.Series(ids, dtype=pl.String)).sort("label_id")


def sheet(rows: pl.DataFrame) -> str:
    """The CSV of drawn rows: id, context, turn, and two empty columns. Cells that a spreadsheet would run are quoted."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for label_id, before, text in rows.select("label_id", "before", "text").iter_rows():
        # a played turn has single spaces, so a human's has too, or the spaces would tell
        writer.writerow([label_id, *(inert(" ".join(cell.split())) for cell in (before, text)), "", ""])
    return out.getvalue()


def inert(cell: str) -> str:
    """The cell, behind an apostrophe where a spreadsheet would take it for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) or cell.lstrip().startswith(_FORMULA) else cell


def labels(text: str, *, name: str, known: Sequence[str]) -> list[Labelled]:
    """The labels of a filled-in sheet; rows without a label are left out.

    Raises BadInput that names the row for an unknown id, an id given twice or a word that is no label.
    """
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        rows = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        raise BadInput(f"{name}, line {reader.line_num} is not CSV: {error}") from error
    header = [cell.strip().lower() for cell in rows[0][1]] if rows else []
    if lacking := [column for column in ("id", "reaction", "act") if column not in header]:
        raise BadInput(f"{name} has no column {', '.join(lacking)}", hint=f"keep all columns of the sheet: {', '.join(COLUMNS)}")
    there, seen, found = set(known), set[str](), []
    for line, cells in rows[1:]:
        row = dict(zip(header, (cell.strip() for cell in cells), strict=False))
        label_id = row["id"]
        if label_id not in there:
            raise BadInput(
                f"{name}, line {line}: the id {label_id!r} is in no sheet of this data set", hint="restore the id; ids must not be edited"
            )
        if label_id in seen:
            raise BadInput(f"{name}, line {line}: the id {label_id!r} occurs twice", hint="keep one row for each id")
        seen.add(label_id)
        reaction, act = (_word(row.get(column, ""), column, where=f"{name}, line {line}") for column in WORDS)
        if reaction or act:
            found.append(Labelled(label_id, reaction, act))
    if not found:
        raise BadInput(f"{name} holds no label", hint="fill in the columns reaction and act")
    return found


def sheet_sha256(text: str) -> str:
    """SHA-256 of a sheet, 64 hex digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def agreement(labelled: pl.DataFrame, name: str, *, seed: int = 0) -> Measured:
    """Krippendorff's alpha (nominal) over the rows that two annotators or more labelled, by half-samples of them; n is their number.

    `labelled`: label_id, annotator and the column `name`, null where it was left empty.
    """
    told = labelled.filter(pl.col(name).is_not_null())
    counts = told.group_by("label_id").agg(pl.col(name).eq(word).sum().alias(word) for word in WORDS[name]).sort("label_id")
    table = counts.select(WORDS[name]).to_numpy().astype(np.float64)
    several = table.sum(axis=1) >= 2
    if told["annotator"].n_unique() < 2 or several.sum() < 2:
        return Measured(None, reason="fewer than two rows were labelled by two annotators", n=int(several.sum()))
    if (table[several].sum(axis=0) > 0).sum() < 2:
        return Measured(None, reason="all labels are the same, so agreement beyond chance is not defined", n=int(several.sum()))
    units, ids = table[several], counts["label_id"].filter(pl.Series(several)).to_list()
    drawn = [_alpha(units[row > 0]) for row in halves(unit_codes(ids), seed=seed)]
    replicates = np.array([one for one in drawn if one is not None])
    value = _alpha(units)
    assert value is not None
    return interval(value, replicates - replicates.mean(), n=len(units), low=-1.0, high=1.0)


def agreed(labelled: pl.DataFrame) -> pl.DataFrame:
    """label_id, engine, answered, text, reaction, act: what most annotators said of each row; null where none did or none leads."""
    rows = []
    for (label_id,), part in labelled.sort("label_id", "annotator").partition_by("label_id", as_dict=True).items():
        said = (part[name][0] for name in ("engine", "answered", "text"))
        rows.append((label_id, *said, *(_leading(part[name].drop_nulls().to_list()) for name in WORDS)))
    schema: dict[str, Any] = dict.fromkeys(("label_id", "engine", "answered", "text", *WORDS), pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row")


def _alpha(units: Floats) -> float | None:
    present = units[:, units.sum(axis=0) > 0]
    if present.shape[1] < 2:
        return None
    return float(krippendorff.alpha(value_counts=present, level_of_measurement="nominal"))


def _leading(words: Sequence[str]) -> str | None:
    first = Counter(words).most_common(2)
    if not first or (len(first) > 1 and first[0][1] == first[1][1]):
        return None
    return first[0][0]


def _word(cell: str, column: str, *, where: str) -> str | None:
    word = cell.lower()
    if word and word not in WORDS[column]:
        raise BadInput(
            f"{where}: {cell!r} is not a valid {column}", hint=f"write one of {', '.join(WORDS[column])}, or leave the cell empty"
        )
    return word or None


def _shuffled(rows: pl.DataFrame, seed: int) -> pl.DataFrame:
    """One row per context, in an order that depends on seed and content."""
    keys = [share_of("sheet", seed, *row) for row in rows.select("engine", "context_id", "play_key", "text").rows()]
    ordered = rows.with_columns(order=pl.Series(keys, dtype=pl.Float64)).sort("order").drop("order")
    return ordered.unique("context_id", keep="first", maintain_order=True)
