"""What the Prefect UI shows of a run: pictures and pages. Outside a run there is nobody to show it to."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

from prefect.artifacts import MarkdownArtifact, ProgressArtifact
from prefect.context import FlowRunContext, TaskRunContext
from prefect.runtime import flow_run

_GATHERED_BY: ContextVar[UUID | None] = ContextVar("gathered_by", default=None)


@contextmanager
def gathered() -> Iterator[None]:
    """What the block shows hangs on the flow run that is under way, also what the runs nested in it show.

    Threads of mapped tasks take the context of their flow. The server could be asked for the parents of a run, but it learns of some
    of them later than their children need it.
    """
    own = flow_run.get_id()
    token = _GATHERED_BY.set(_GATHERED_BY.get() or (UUID(own) if own else None))
    try:
        yield
    finally:
        _GATHERED_BY.reset(token)


def in_run() -> bool:
    """Whether a flow or task run is under way in this thread."""
    return TaskRunContext.get() is not None or FlowRunContext.get() is not None


def page(markdown: str, *, key: str, description: str, svg: str | None = None, svgs: Mapping[str, str] | None = None) -> None:
    """A Markdown artifact, under a picture where there is one, or above several by name."""
    if in_run():
        above = _picture(description, svg) if svg else ""
        below = "\n".join(_picture(name, one) for name, one in (svgs or {}).items())
        text = "\n".join(part for part in (above, markdown, below) if part)
        MarkdownArtifact(markdown=text, key=key, description=description, flow_run_id=_GATHERED_BY.get()).create()


def progress(done: int, total: int, *, key: str, description: str) -> None:
    """A progress artifact; the newest of its key is what the UI shows."""
    if in_run():
        ProgressArtifact(progress=100.0 * done / total, key=key, description=description, flow_run_id=_GATHERED_BY.get()).create()


def _picture(name: str, svg: str) -> str:
    return f"![{name}](data:image/svg+xml;base64,{b64encode(svg.encode()).decode()})\n"
