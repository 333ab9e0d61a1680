"""Runs as the Prefect server has them: those that nothing works on any more are given the state that is true."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId, FlowRunFilterParentFlowRunId, TaskRunFilter
from prefect.client.schemas.objects import TERMINAL_STATES, FlowRun, State, StateType
from prefect.client.schemas.sorting import FlowRunSort, TaskRunSort
from prefect.states import Cancelled, Failed

from understudy.errors import StoreBusy, UnderstudyError

Row = TypeVar("Row")
# the server answers with no more at once
_PAGE = 200
_MAX_MESSAGE = 4000


def settle(roots: Iterable[UUID], state: State[Any], *, over: Collection[StateType] = ()) -> list[UUID]:
    """The flow runs under and including `roots` that were given `state`: those that had not ended, or had ended in a state of `over`.

    A root that the server does not know is left out. The tasks of these runs are treated in the same way.
    """
    kinds = [kind for kind in StateType if kind not in TERMINAL_STATES or kind in over]
    with get_client(sync_client=True) as client:
        family = _family(client, list(roots))
        changed = [run.id for run in family if run.state is None or run.state.type in kinds]
        # the nested ones first, so that no parent is shown as ended above a run that is not
        for run_id in reversed(changed):
            client.set_flow_run_state(run_id, state, force=True)
        for task_run_id in _tasks(client, [run.id for run in family], kinds):
            client.set_task_run_state(task_run_id, state, force=True)
        return changed


def tell_why(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001
    """A hook for flows that failed: the state says in a sentence why, without the kind of the error before it.

    A run that finds the store busy has done nothing and is Cancelled, as a night is when another one is still at work.
    """
    error = state.result(raise_on_failure=False)
    if isinstance(error, UnderstudyError):
        told = f"{error.message} → {error.hint}" if error.hint else error.message
        kind = Cancelled if isinstance(error, StoreBusy) else Failed
        with get_client(sync_client=True) as client:
            client.set_flow_run_state(flow_run.id, kind(message=told[:_MAX_MESSAGE]), force=True)


def _family(client: SyncPrefectClient, roots: Sequence[UUID]) -> list[FlowRun]:
    """The runs and all that are nested in them, parents first."""
    level = _flow_runs(client, FlowRunFilter(id=FlowRunFilterId(any_=list(roots)))) if roots else []
    found: list[FlowRun] = []
    while level:
        found += level
        nested = FlowRunFilterParentFlowRunId(any_=[run.id for run in level])
        level = _flow_runs(client, FlowRunFilter(parent_flow_run_id=nested))
    return found


def _flow_runs(client: SyncPrefectClient, wanted: FlowRunFilter) -> list[FlowRun]:
    def page(offset: int) -> list[FlowRun]:
        return client.read_flow_runs(flow_run_filter=wanted, sort=FlowRunSort.ID_DESC, limit=_PAGE, offset=offset)

    return _all_pages(page)


def _tasks(client: SyncPrefectClient, flow_run_ids: Sequence[UUID], kinds: Sequence[StateType]) -> list[UUID]:
    """The tasks of these flow runs that are in a state of one of the kinds."""
    if not flow_run_ids:
        return []
    asked = TaskRunFilter.model_validate({"flow_run_id": {"any_": list(flow_run_ids)}, "state": {"type": {"any_": list(kinds)}}})

    def page(offset: int) -> list[UUID]:
        read = client.read_task_runs(task_run_filter=asked, sort=TaskRunSort.ID_DESC, limit=_PAGE, offset=offset)
        return [run.id for run in read]

    return _all_pages(page)


def _all_pages(page: Callable[[int], list[Row]]) -> list[Row]:
    """The rows of all pages; `page` reads the one that begins at an offset. No state may change between two pages."""
    rows = page(0)
    while len(rows) % _PAGE == 0 and (more := page(len(rows))):
        rows += more
    return rows
