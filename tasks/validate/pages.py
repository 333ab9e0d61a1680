"""The verdicts on a batch for people: the artifact of the run, and Great Expectations' own pages beside the store."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from prefect import get_run_logger

from understudy.doors import data_docs
from understudy.errors import BadInput
from understudy.release.verdicts import VerdictFields
from understudy.report.figures import bound, interval_cell, number, overlapping, read_by, underpowered, without_misreading
from understudy.report.markdown import table
from understudy.tasks.artifacts import in_run, page
from understudy.tasks.validate.results import GateFields


def keep_pages(store: Path, batch_key: str, pages: Mapping[str, str], *, judgement: int, batch: str) -> None:
    """Writes the pages of a judgement. Its verdicts stand whether or not there is room for them, so that no room is told and no more."""
    try:
        data_docs.written(data_docs.folder_of(store, batch_key, judgement), pages, title=f"Judgement {judgement} of batch {batch}")
    except BadInput as error:
        if in_run():
            get_run_logger().warning("the Data Docs of batch %s are not there: %s", batch_key, error.message)


def show(fields: GateFields, batch_key: str) -> None:
    """Log line and artifact of the decision; outside a run (unit tests) there is nobody to tell."""
    if not in_run():
        return
    n, n_failed = len(fields["verdicts"]), sum(verdict["outcome"] == "failed" for verdict in fields["verdicts"])
    get_run_logger().info("validate %s: %d verdicts, %d failed, %d quarantined", batch_key, n, n_failed, fields["n_quarantined"])
    page(verdict_page(fields), key="verdicts", description=f"Gates of batch {batch_key}")


def verdict_page(fields: GateFields) -> str:
    """The verdicts in Markdown: failed bounds with their miss and those that do not apply first, then all, then the worst dialogues."""
    failed = [verdict for verdict in fields["verdicts"] if verdict["outcome"] == "failed"]
    beside = [verdict for verdict in fields["verdicts"] if verdict["outcome"] == "not_applicable"]
    lines = [f"## {'Failed: nothing is published' if failed else 'Passed'}", ""]
    lines += [f"- **{verdict['suite']} / {verdict['expectation']}**: {verdict['detail']}" for verdict in failed]
    lines += [f"- {verdict['suite']} / {verdict['expectation']}: {verdict['detail']}" for verdict in beside]
    header = ("suite", "bound on", "observed", "95 %", "bound", "n", "verdict")
    lines += ["", table(header, [_cells(verdict) for verdict in fields["verdicts"]])]
    lines += ["", overlapping(fields["overlap"])]
    lines += ["", underpowered(fields["underpowered"])] if fields["underpowered"] else []
    lines += ["", read_by(fields["instruments"]), "", without_misreading(fields["corrected"])]
    lines += ["", f"[Data Docs of every suite]({Path(fields['data_docs']).resolve().as_uri()})"] if fields["data_docs"] else []
    lines += ["", f"### Quarantine: {fields['n_quarantined']} dialogues", ""]
    lines += [f"- `{worst['dialogue']}`: {', '.join(worst['reasons'])}" for worst in fields["worst"]]
    return "\n".join(lines) + "\n"


def _cells(verdict: VerdictFields) -> tuple[str, ...]:
    """A verdict as a row of the page."""
    interval = interval_cell(*(verdict["ci"] or (None, None)))
    seen = number(verdict["observed"], missing="")
    held = "" if verdict["bound"] is None else bound(verdict["bound"], at_least=verdict["at_least"])
    outcome = {"passed": "passed", "failed": "**failed**", "not_applicable": "not applicable"}[verdict["outcome"]]
    return verdict["suite"], verdict["expectation"], seen, interval, held, str(verdict["n"]), outcome
