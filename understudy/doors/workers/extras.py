"""Which packages the runners of mapped tasks need beside the locked ones."""

from __future__ import annotations

import os
from importlib.util import find_spec

from understudy.errors import BadInput

_NEEDED = {"dask": ("distributed", "prefect_dask"), "ray": ("ray", "prefect_ray")}


def require_installed(runner: str) -> None:
    """Raises BadInput where a runner, written as `dask` or `dask=ADDRESS`, needs a package that is not installed."""
    name = runner.partition("=")[0]
    for package in _NEEDED.get(name, ()):
        if find_spec(package) is None:
            raise BadInput(
                f"--runner {name} needs the package {package.replace('_', '-')}, which is not installed",
                hint=f"install the extra `{name}`: pip install 'understudy[{name}]', or `make install-{name}` in a checkout",
            )


def without_telemetry() -> None:
    """Ray tells its makers what it is used for unless the environment says no, which it says now where nothing is said."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
