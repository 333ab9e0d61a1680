"""The types of the commands' results say what the commands answer: every recorded answer is of its type, field by field."""

from __future__ import annotations

import json
from types import NoneType, UnionType
from typing import Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

import pytest

from tests.flows.recorded.campaign import OUTPUTS
from understudy.flows.nightly import NightlyAnswer
from understudy.release.pulling import PullFields
from understudy.tasks.ingest.logs import IngestFields
from understudy.tasks.optimize.export import ExportFields
from understudy.tasks.profile.results import SheetFields
from understudy.tasks.publish.batch import ReleaseFields
from understudy.tasks.status import StatusFields
from understudy.tasks.studies.results.audits import AuditFields, DoseFields
from understudy.tasks.studies.results.estimates import EstimateFields
from understudy.tasks.studies.results.fronts import FrontFields
from understudy.tasks.studies.results.judged import EvaluateFields
from understudy.tasks.studies.results.lineages import ShowFields
from understudy.tasks.studies.results.probes import AllProbesFields
from understudy.tasks.studies.results.tables import CompareAnswer, StudyAnswer
from understudy.tasks.validate.batch import ValidateFields

ANSWERS: dict[str, Any] = {
    "audit": AuditFields, "compare": CompareAnswer, "dose": DoseFields, "estimate": EstimateFields, "estimate_compare": EstimateFields,
    "evaluate": EvaluateFields, "export": ExportFields, "front": FrontFields, "ingest_again": IngestFields, "label": SheetFields,
    "nightly": NightlyAnswer, "probe": AllProbesFields, "publish": ReleaseFields, "pull": PullFields, "show": ShowFields,
    "status": StatusFields, "study": StudyAnswer, "validate": ValidateFields,
}  # fmt: skip
# what the recording and the frame of every answer add
AROUND = {"ok": bool}
RECORDED = {"nightly": {"run"}}
MASKED = "*"


def faults(value: Any, kind: Any, at: str = "") -> list[str]:
    """Where `value` is not of the type `kind`."""
    if kind is Any or value == MASKED:
        return []
    if is_typeddict(kind):
        return _faults_of_fields(value, kind, at)
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return [] if any(not faults(value, one, at) for one in inner) else [f"{at}: {value!r} is not {kind}"]
    if origin is Literal:
        return [] if value in inner else [f"{at}: {value!r} is none of {inner}"]
    if origin is list:
        wrong = not isinstance(value, list)
        return [f"{at}: no list"] if wrong else [one for i, each in enumerate(value) for one in faults(each, inner[0], f"{at}[{i}]")]
    if origin is dict:
        wrong = not isinstance(value, dict)
        return [f"{at}: no mapping"] if wrong else [one for name, each in value.items() for one in faults(each, inner[1], f"{at}.{name}")]
    if kind is float:
        kind = (int, float)
    is_right = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
    return [] if is_right else [f"{at}: {value!r} is not {kind}"]


def _faults_of_fields(value: Any, kind: Any, at: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{at}: {value!r} is not {kind.__name__}"]
    fields, written = get_type_hints(kind), get_type_hints(kind, include_extras=True)
    # annotations are texts, so that the class itself does not know which fields need not be there
    required = {name for name, one in written.items() if get_origin(one) is not NotRequired}
    missing = [f"{at}.{name} is missing" for name in sorted(required - set(value))]
    unknown = [f"{at}.{name} is not in {kind.__name__}" for name in sorted(set(value) - set(fields))]
    inside = [one for name in sorted(set(value) & set(fields)) for one in faults(value[name], fields[name], f"{at}.{name}")]
    return [*missing, *unknown, *inside]


def of_any_machine(value: Any) -> Any:
    """The recording with one of its variants where digests differ between machines."""
    if isinstance(value, dict):
        return of_any_machine(next(iter(value["by_blas"].values()))) if set(value) == {"by_blas"} else {
            name: of_any_machine(one) for name, one in value.items()
        }  # fmt: skip
    return [of_any_machine(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", ANSWERS)
def test_a_recorded_answer_is_of_the_type_of_its_command(name: str) -> None:
    answer = of_any_machine(json.loads(OUTPUTS.read_text(encoding="utf-8"))[name]["answer"])
    own = {field: value for field, value in answer.items() if field not in AROUND and field not in RECORDED.get(name, set())}
    assert faults(own, ANSWERS[name], name) == []


def test_every_recorded_success_has_a_type() -> None:
    recorded = json.loads(OUTPUTS.read_text(encoding="utf-8"))
    assert {name for name, one in recorded.items() if one["exit_code"] == 0 and one["answer"]} == set(ANSWERS)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"value": "a", "n": 1}, AuditFields),
        ({"dataset": "d", "n_rows": 1}, SheetFields),
        ({"dataset": "d", "n_rows": 1, "path": "p", "more": 1}, SheetFields),
        ({"dataset": "d", "n_rows": "1", "path": "p"}, SheetFields),
        (True, int),
        (None, float | str),
        ([1, "a"], list[int]),
        ({"a": None}, dict[str, int]),
    ],
)
def test_what_is_not_of_a_type_is_found(value: Any, kind: Any) -> None:
    assert faults(value, kind)
    assert faults(None, NoneType | int) == []
