"""Reports as files, in the forms that were asked for."""

from __future__ import annotations

from pathlib import Path

from understudy.doors import folders
from understudy.report.document import Document, as_html, as_markdown


def kept(document: Document, *, html: str | None, markdown: str | None) -> dict[str, str]:
    """Form → file of a report, of the forms that have a path. Raises BadInput where it cannot be written."""
    found: dict[str, str] = {}
    for form, path, text in (("html", html, as_html), ("markdown", markdown, as_markdown)):
        if path is not None:
            folders.written(Path(path).parent, {Path(path).name: text(document)})
            found[form] = path
    return found
