"""The files that `replicate` writes: the table as Markdown, the report as one HTML page with pictures, and the fields as JSON."""

from __future__ import annotations

import json
from pathlib import Path

from understudy.doors import folders
from understudy.report.digits import rounded
from understudy.report.document import as_html, as_markdown
from understudy.studies.replicate import page
from understudy.tasks.studies.results.estimates import CostFields
from understudy.tasks.studies.results.replicated import ReplicateFields


def written(fields: ReplicateFields, store: str, *, out: str | None) -> dict[str, str]:
    """Form → file. Without `out` they lie in a folder beside the store."""
    beside = Path(store)
    folder = Path(out) if out else beside.with_name(f"{beside.stem}-replicate") / fields["study"][:12]
    document = page.document(fields)
    where = folders.written(folder, {
        "replicate.md": as_markdown(document),
        "replicate.html": as_html(document),
        "replicate.json": json.dumps(rounded(fields), ensure_ascii=False, indent=2) + "\n",
    })  # fmt: skip
    return {"markdown": str(where["replicate.md"]), "html": str(where["replicate.html"]), "json": str(where["replicate.json"])}


def estimate_written(estimate: CostFields, model: str, *, out: str) -> dict[str, str]:
    """Form → file: the estimate of a grid, beside what a run of it wrote."""
    told = json.dumps({"model": model, "estimate": estimate}, ensure_ascii=False, indent=2) + "\n"
    return {"estimate": str(folders.written(Path(out), {"estimate.json": told})["estimate.json"])}
