"""OpenLineage events of a night (specification 2-0-2): appended to a file beside the store, and sent to an endpoint by setting.

The settings are those of OpenLineage's own clients: `OPENLINEAGE_URL`, `OPENLINEAGE_API_KEY`, `OPENLINEAGE_NAMESPACE`, and
`OPENLINEAGE_DISABLED=true`, which writes nothing. An endpoint that does not answer changes nothing about a night: the file has every event.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import httpx

from understudy import __version__
from understudy.errors import UnderstudyError

EventType = Literal["START", "COMPLETE", "FAIL", "ABORT"]
JOB = "nightly"
_SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json"
_EVENT = f"{_SCHEMA}#/$defs/RunEvent"
_FACETS = "https://openlineage.io/spec/facets/1-0-1/{name}.json"
_PRODUCER = f"urn:understudy:{__version__}"
_TIMEOUT_S = 5.0
_PATH = "api/v1/lineage"


@dataclass(frozen=True, slots=True)
class LineageDataset:
    """A data set that a night reads or makes; `version` is a digest of its content. `columns`: name → type, where they are known."""

    name: str
    version: str = ""
    licence: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NightRun:
    """A night as OpenLineage knows it."""

    run_id: str
    batch: str
    inputs: Sequence[LineageDataset] = ()
    outputs: Sequence[LineageDataset] = ()
    error: str = ""


def file_of(store: Path) -> Path:
    """The file of the events, beside the store."""
    return store.with_name(f"{store.name}.openlineage.jsonl")


def event(kind: EventType, run: NightRun, *, at: datetime, namespace: str) -> dict[str, Any]:
    """One event of the run, as the specification has it."""
    return {
        "eventType": kind,
        "eventTime": at.astimezone(UTC).isoformat(),
        "run": {"runId": str(UUID(run.run_id)), "facets": _run_facets(run)},
        "job": {"namespace": namespace, "name": JOB, "facets": {"jobType": _job_type()}},
        "inputs": [_dataset(one, namespace) for one in run.inputs],
        "outputs": [_dataset(one, namespace) for one in run.outputs],
        "producer": _PRODUCER,
        "schemaURL": _EVENT,
    }


def tell(store: Path, kind: EventType, run: NightRun, *, at: datetime) -> None:
    """Appends the event to the file beside the store and sends it to the endpoint that the settings name. Raises UnderstudyError.

    What goes wrong with the endpoint is logged, without its key.
    """
    if os.environ.get("OPENLINEAGE_DISABLED", "").strip().lower() == "true":
        return
    one = event(kind, run, at=at, namespace=os.environ.get("OPENLINEAGE_NAMESPACE", "").strip() or "understudy")
    path = file_of(store)
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(one, ensure_ascii=False) + "\n")
    except OSError as error:
        raise UnderstudyError(
            f"the lineage file {path} cannot be written: {error.strerror}", hint="make room, or set OPENLINEAGE_DISABLED=true"
        ) from error
    if endpoint := os.environ.get("OPENLINEAGE_URL", "").strip():
        _send(endpoint, one)


def _send(endpoint: str, one: Mapping[str, Any]) -> None:
    key = os.environ.get("OPENLINEAGE_API_KEY", "").strip()
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        answer = httpx.post(f"{endpoint.rstrip('/')}/{_PATH}", json=one, headers=headers, timeout=_TIMEOUT_S, follow_redirects=False)
        answer.raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        # the message of an error may hold the address, and an address may hold credentials
        logging.getLogger(__name__).warning("an OpenLineage event was not delivered: %s; it stands in the file", type(error).__name__)


def _run_facets(run: NightRun) -> dict[str, Any]:
    facets: dict[str, Any] = {"processing_engine": {**_facet("ProcessingEngineRunFacet"), "version": __version__, "name": "understudy"}}
    facets["understudy_batch"] = {**_facet("UnderstudyBatchRunFacet"), "batch": run.batch}
    if run.error:
        facets["errorMessage"] = {**_facet("ErrorMessageRunFacet"), "message": run.error, "programmingLanguage": "PYTHON"}
    return facets


def _job_type() -> dict[str, Any]:
    return {**_facet("JobTypeJobFacet"), "processingType": "BATCH", "integration": "UNDERSTUDY", "jobType": "FLOW"}


def _dataset(one: LineageDataset, namespace: str) -> dict[str, Any]:
    facets: dict[str, Any] = {}
    if one.version:
        facets["version"] = {**_facet("DatasetVersionDatasetFacet"), "datasetVersion": one.version}
    if one.columns:
        fields = [{"name": name, "type": kind} for name, kind in one.columns.items()]
        facets["schema"] = {**_facet("SchemaDatasetFacet"), "fields": fields}
    if one.licence:
        facets["understudy_licence"] = {**_facet("UnderstudyLicenceDatasetFacet"), "licence": one.licence}
    return {"namespace": namespace, "name": one.name, "facets": facets}


def _facet(name: str) -> dict[str, str]:
    return {"_producer": _PRODUCER, "_schemaURL": _FACETS.format(name=name)}
