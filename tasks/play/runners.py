"""Runners of Prefect's for mapped tasks: on the workers of Dask or Ray, on this machine or in a cluster that runs already.

Without one the threads of the flow run them. A cluster on this machine is started with the first tasks and ends with the run.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from prefect.task_runners import TaskRunner

from understudy.doors.workers import extras
from understudy.doors.workers.line import address_towards
from understudy.errors import BadInput
from understudy.parameters import LOCAL, RUNNERS, RunOptions

Runner = TaskRunner[Any]
LOOPBACK = "127.0.0.1"
# as many tasks at once as the threads of a flow run: most of the time each of them waits for calls
TASKS_AT_ONCE = 4


def require_runner(options: RunOptions) -> None:
    """Raises BadInput where the runner is not installed, or cannot run what the options ask for."""
    name, _, _ = options.runner.partition("=")
    if name == RUNNERS[0]:
        return
    extras.require_installed(options.runner)
    if any(one.startswith(LOCAL) for one in options.models.asked()):
        raise BadInput(
            f"--runner {name}: a local model is served by the process of the run, and its workers would each load it anew",
            hint="use --runner threads, or run the model in a server and name it with --api-base",
        )
    if options.models.recording is not None:
        raise BadInput(f"--runner {name}: a recording is played again by the run itself", hint="use --runner threads")


def host_for(options: RunOptions) -> str:
    """The address of this machine at which the workers of the runner find the run."""
    address = options.runner.partition("=")[2]
    host = urlsplit(address if "://" in address else f"//{address}").hostname
    return address_towards(host) if host else LOOPBACK


@contextmanager
def runner_open(options: RunOptions) -> Iterator[Runner]:
    """The runner of the options, which is not that of threads. Raises BadInput where it is not installed."""
    name, _, address = options.runner.partition("=")
    with _MADE[name](address)() as runner:
        yield runner


def _dask(address: str) -> Callable[[], Runner]:
    from prefect_dask import DaskTaskRunner

    if address:
        return lambda: DaskTaskRunner(address=address)
    size = {"n_workers": max(2, os.cpu_count() or 1), "threads_per_worker": TASKS_AT_ONCE}
    # nobody is to reach the workers from another machine; what Dask serves beside them takes a free port, so that runs do not meet
    return lambda: DaskTaskRunner(cluster_kwargs={**size, "host": LOOPBACK, "dashboard_address": f"{LOOPBACK}:0"})


def _ray(address: str) -> Callable[[], Runner]:
    from prefect_ray import RayTaskRunner

    if address:
        return lambda: RayTaskRunner(address=address)
    extras.without_telemetry()
    # a worker runs one task at a time; what it prints would stand among what the command prints
    size = {"num_cpus": TASKS_AT_ONCE, "include_dashboard": False, "log_to_driver": False, "_node_ip_address": LOOPBACK}
    return lambda: RayTaskRunner(init_kwargs=size)


_MADE: Mapping[str, Callable[[str], Callable[[], Runner]]] = {"dask": _dask, "ray": _ray}
