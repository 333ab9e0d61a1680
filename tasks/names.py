"""What flow and task runs are called in the Prefect UI: what they do, and on what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from prefect.runtime import flow_run
from prefect.tasks import TaskRunNameCallbackWithParameters

from understudy.tasks.play.naming import default_batch

GENERATION = "generation"
# as many characters of a digest as tell the prompts of one search apart at a glance
_SHOWN = 4


def short(digest: str) -> str:
    """The beginning of a digest, marked as one."""
    return f"{digest[:_SHOWN]}…"


def with_batch(verb: str) -> Callable[[], str]:
    """What names the flow runs that play a batch of a data set: `nightly redial 2026-11-29`."""

    def name() -> str:
        given = flow_run.get_parameters()
        return f"{verb} {given['dataset']} {default_batch(given.get('batch'))}"

    return name


def with_prompt(verb: str) -> TaskRunNameCallbackWithParameters:
    """What names the task runs that play one prompt, given as `work`: `evaluate 3f2a… generation 2`."""

    def name(parameters: dict[str, Any]) -> str:
        where = f" {flow_run.get_name()}" if flow_run.get_flow_name() == GENERATION else ""
        return f"{verb} {short(parameters['work'].genome_digest)}{where}"

    # Prefect looks at the parameters of the function, and the Protocol asks for more than it uses
    return cast(TaskRunNameCallbackWithParameters, name)
