"""Tables for papers and spreadsheets: LaTeX with booktabs, and CSV. Whatever text comes in is data: it is escaped in both."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

Cell = str | int | float | None
# one pass over single characters: what an escape brings in is never escaped again
_LATEX = str.maketrans({
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
    '"': r"\textquotedbl{}", "-": "{-}", "`": "{`}", "'": "{'}", "−": "$-$", "≤": r"$\leq$", "≥": r"$\geq$", "\n": " ", "\r": " ",
    "\t": " ",
})  # fmt: skip
# with these a spreadsheet takes a cell for a formula
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def latex_text(text: str) -> str:
    """`text` as LaTeX prints it."""
    return "".join(one for one in text if one in "\n\r\t" or one.isprintable()).translate(_LATEX)


def latex_table(header: Sequence[str], rows: Sequence[Sequence[str]], *, caption: str, label: str) -> str:
    """A table for LaTeX with the package booktabs; the first column is text, the others are centred."""
    columns = "l" + "c" * (len(header) - 1)
    lines = [" & ".join(latex_text(cell) for cell in row) + r" \\" for row in (header, *rows)]
    body = "\n".join([r"\toprule", lines[0], r"\midrule", *lines[1:], r"\bottomrule"])
    return (
        f"\\begin{{table}}\n\\centering\n\\caption{{{latex_text(caption)}}}\n\\label{{{label}}}\n"
        f"\\begin{{tabular}}{{{columns}}}\n{body}\n\\end{{tabular}}\n\\end{{table}}\n"
    )


def csv_table(header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """The rows as CSV (RFC 4180). Numbers are written whole, what is not known is empty, and no text is taken for a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows([_cell(cell) for cell in row] for row in rows)
    return out.getvalue()


def _cell(cell: Cell) -> str:
    if cell is None:
        return ""
    if not isinstance(cell, str):
        return repr(float(cell) if isinstance(cell, float) else cell)
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
