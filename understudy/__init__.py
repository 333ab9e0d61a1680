"""understudy: simulated seekers for conversational recommender systems, tuned until they behave as the humans in the logs do.

The calls of the Python API are those of `understudy.flows.api`, which the command line itself uses: `understudy.audit(...)`,
`understudy.simulate(...)`, `understudy.pull(...)` and the others of `__all__`. They are imported when they are first asked for, so that
`import understudy` costs nothing. docs/api.md explains them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from understudy.errors import UnderstudyError
    from understudy.flows.api import (
        audit,
        evaluate,
        ingest_logs,
        nightly,
        optimize,
        profile_logs,
        publish,
        pull,
        releases,
        retract,
        simulate,
        validate,
        verify,
    )
    from understudy.parameters import Caps, Models, PanelSize, RunOptions, Search

__version__ = "0.1.0"
__all__ = [
    "Caps", "Models", "PanelSize", "RunOptions", "Search", "UnderstudyError", "audit", "evaluate", "ingest_logs", "nightly",
    "optimize", "profile_logs", "publish", "pull", "releases", "retract", "simulate", "validate", "verify",
]  # fmt: skip
_VALUES = {
    **dict.fromkeys(("Caps", "Models", "PanelSize", "RunOptions", "Search"), "understudy.parameters"),
    "UnderstudyError": "understudy.errors",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_VALUES.get(name, "understudy.flows.api")), name)
