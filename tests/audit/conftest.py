"""A small store of made-up humans: profiled without anchors and fits, which an audit does not read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.stored import on
from understudy.doors.store import Store
from understudy.measure.reference import Human, Reference
from understudy.studies.audit.sources import audited_files
from understudy.tasks.ingest.logs import ingest_logs
from understudy.tasks.profile import dataset
from understudy.tasks.studies.audit import AuditOptions, AuditOutputs, audit_files
from understudy.tasks.studies.dose import write_dose

Fields = dict[str, Any]


@dataclass(frozen=True)
class World:
    """The store, and the two commands on it."""

    store: Path
    folder: Path

    def dose(self, kind: str, share: float, *, seed: int = 0, name: str = "") -> Fields:
        out = self.folder / (name or f"{kind}-{share}-{seed}.jsonl")
        return write_dose(str(self.store), "sample", kind=kind, share=share, out=str(out), seed=seed)

    def audit(self, *paths: str | Path, reader: str = "messages", n_halvings: int = 0, **options: Any) -> Fields:
        outputs = AuditOutputs(**{name: options.pop(name) for name in ("html", "latex", "csv") if name in options})
        return audit_files(
            str(self.store), "sample", files=audited_files([str(one) for one in paths], [reader]),
            options=AuditOptions(n_halvings=n_halvings, **options), outputs=outputs,
        )  # fmt: skip

    def wrote(self, name: str, records: list[Fields]) -> Path:
        path = self.folder / name
        path.write_text("".join(json.dumps(one) + "\n" for one in records), "utf-8")
        return path


@pytest.fixture(scope="session")
def world(few_dialogues: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("audit")
    store = folder / "humans.duckdb"
    on(store, ingest_logs, "redial", [str(few_dialogues)], dataset="sample")
    with Store.open(store) as opened, opened.transaction():
        dataset._write(opened, "p", "sample", "digest", 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("understudy.tasks.studies.audit.Reference", _Once(Reference.build))
        yield World(store, folder)


class _Once:
    """Builds the reference of the same humans once: it is the costly half of an audit."""

    def __init__(self, build: Callable[..., Reference]) -> None:
        self._build, self._built = build, dict[tuple[int, int, str], Reference]()

    def build(self, human: Human, *, seed: int) -> Reference:
        key = (len(human.behaviour), seed, human.instruments.digest)
        if key not in self._built:
            self._built[key] = self._build(human, seed=seed, min_contexts=20)
        return self._built[key]
