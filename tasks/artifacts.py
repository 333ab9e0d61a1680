"""What the Prefect UI shows of a run: pictures and pages. Outside a run there is nobody to show it to."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping

from prefect.artifacts import create_markdown_artifact, create_progress_artifact
from prefect.context import FlowRunContext, TaskRunContext


def in_run() -> bool:
    """Whether a flow or task run is under way in this thread."""
    return TaskRunContext.get() is not None or FlowRunContext.get() is not None


def page(markdown: str, *, key: str, description: str, svg: str | None = None, svgs: Mapping[str, str] | None = None) -> None:
    """A Markdown artifact, under a picture where there is one, or above several by name."""
    if in_run():
        above = _picture(description, svg) if svg else ""
        below = "\n".join(_picture(name, one) for name, one in (svgs or {}).items())
        create_markdown_artifact("\n".join(part for part in (above, markdown, below) if part), key=key, description=description)


def progress(done: int, total: int, *, key: str, description: str) -> None:
    """A progress artifact; the newest of its key is what the UI shows."""
    if in_run():
        create_progress_artifact(progress=100.0 * done / total, key=key, description=description)


def _picture(name: str, svg: str) -> str:
    return f"![{name}](data:image/svg+xml;base64,{b64encode(svg.encode()).decode()})\n"
