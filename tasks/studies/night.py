"""What a night answers, however it ends: what was searched for, compared and played, and the calls of each part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

from understudy.completion import NO_ENGINE
from understudy.errors import GateFailed
from understudy.records import DIVIDED, REPORTING
from understudy.tasks.optimize.finals import PickFields, SearchFields, UnderpoweredFields
from understudy.tasks.publish.batch import PublishedRelease
from understudy.tasks.simulate.results import SimulateFields
from understudy.tasks.studies.report import ObjectiveRow

ANYWAY = "give --anyway to play the night to its failing gates"


class NightFields(TypedDict):
    """What a night answers however its gates end; `release` is None until one is published.

    `calls`: model calls of the search, of the dialogues and of the report in this run, and of the seed prompt's dialogues for a TSTR.
    """

    release: PublishedRelease | None
    batch: str
    flow_run_id: str
    n_model_calls: int
    calls: dict[str, int]
    objectives: dict[str, ObjectiveRow]
    split: str
    part: str
    engine: str
    pick: PickFields
    critic: str | None
    n_critic_tokens: int
    objectives_underpowered: UnderpoweredFields


def night_fields(
    search: SearchFields, batch: str, run_id: object, *, n_searching: int, objectives: Mapping[str, ObjectiveRow],
    played: SimulateFields | None = None,
) -> NightFields:  # fmt: skip
    """The fields of a night that has searched, and where `played` is given has played its batch. `n_searching`: calls of the search."""
    n_calls = played["n_model_calls"] if played else n_searching
    n_dialogues = played["calls"]["dialogues"]["made"] if played else 0
    return {
        "release": None,
        "batch": batch,
        "flow_run_id": str(run_id),
        "n_model_calls": n_calls,
        "calls": {"search": n_searching, "dialogues": n_dialogues, "report": n_calls - n_searching - n_dialogues},
        "objectives": dict(objectives),
        "split": DIVIDED,
        "part": REPORTING,
        "engine": played["engine"] if played else NO_ENGINE,
        "pick": search["pick"],
        "critic": search["critic"],
        "n_critic_tokens": search["n_critic_tokens"],
        "objectives_underpowered": search["objectives_underpowered"],
    }


class CountedFields(TypedDict):
    """The calls of a night, in all and by part."""

    n_model_calls: int
    calls: dict[str, int]


def with_tstr(fields: NightFields, n_calls: int, *, is_asked: bool) -> CountedFields:
    """The calls of a night once the seed prompt's dialogues for a TSTR took `n_calls` more, where one was asked for."""
    calls = {**fields["calls"], "tstr": n_calls} if is_asked else fields["calls"]
    return {"n_model_calls": fields["n_model_calls"] + n_calls, "calls": calls}


def require_feasible(pick: PickFields, *, anyway: bool) -> None:
    """Raises GateFailed where the pick breaks a bound of the gates beyond doubt, unless it is to be played `anyway`.

    The contexts that chose it are few, and a value beyond a bound on a few of them decides nothing: then the gates do.
    """
    if anyway or pick["feasibility"] != "infeasible":
        return
    told = ", ".join(f"{name} by {excess:.3f}" for name, excess in pick["proven_violations"].items())
    raise GateFailed(
        f"no prompt of the search keeps the bounds of the gates: even the favourable ends of the pick's intervals exceed {told}; "
        "neither report nor dialogues were played",
        hint=f"search longer or begin from another prompt setting, or {ANYWAY}",
        fields={"verdicts": []},
    )
