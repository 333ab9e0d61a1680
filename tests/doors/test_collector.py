"""Metrics as a collector gets them: a real server on loopback that decodes OTLP, and the real exporter."""

from __future__ import annotations

import asyncio
import gzip
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.doors.scripted import PERMANENT, Scripted, request
from understudy.doors import telemetry
from understudy.doors.gateway.caller import GatewayConfig
from understudy.doors.gateway.gateway import Exchange
from understudy.tasks.play.opened import store_open

pytestmark = pytest.mark.integration


class Collector:
    """What was sent to `/v1/metrics`."""

    def __init__(self) -> None:
        self.bodies: list[Any] = []

    def totals(self) -> Counter[tuple[str, ...]]:
        """(name, attributes in order) → the last sum that was sent."""
        found: Counter[tuple[str, ...]] = Counter()
        for body in self.bodies:
            for metric in (one for each in body.resource_metrics for scope in each.scope_metrics for one in scope.metrics):
                for point in metric.sum.data_points:
                    attributes = sorted(f"{one.key}={one.value.string_value}" for one in point.attributes)
                    found[(metric.name, *attributes)] = point.as_int or point.as_double
        return found

    def services(self) -> set[str]:
        """The names of the services that have sent something."""
        told = [one for body in self.bodies for each in body.resource_metrics for one in each.resource.attributes]
        return {one.value.string_value for one in told if one.key == "service.name"}


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

    kept = Collector()

    class Receiving(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            assert self.path == "/v1/metrics"
            kept.bodies.append(ExportMetricsServiceRequest.FromString(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiving)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.delenv("OTEL_SERVICE_NAME", raising=False)
    yield kept
    server.shutdown()
    server.server_close()


def played(path: Path) -> None:
    """A run with three calls, one of which fails, and two verdicts."""
    provider = Scripted("a", "b", PERMANENT)
    with store_open(path), Exchange(GatewayConfig(max_attempts=1), provider=provider, store_path=path, run_id="run") as gateway:

        async def all_of() -> None:
            await asyncio.gather(*(gateway.complete(request(one)) for one in range(3)), return_exceptions=True)

        gateway.run(all_of())
        telemetry.verdict("leakage", passed=False)
        telemetry.verdict("bias", passed=True)


def test_a_collector_gets_calls_tokens_cost_failures_and_verdicts(collector: Collector, tmp_path: Path) -> None:
    played(tmp_path / "s.duckdb")
    of = ("model=openai/some", "role=seeker")
    totals = collector.totals()
    assert totals["understudy.calls", of[0], "outcome=done", of[1]] == 2
    assert totals["understudy.calls", of[0], "outcome=failed", of[1]] == 1
    assert totals["understudy.tokens", *of] == 30
    assert totals["understudy.cost", *of] == pytest.approx(4e-5)
    assert totals["understudy.verdicts", "outcome=failed", "suite=leakage"] == 1
    assert totals["understudy.verdicts", "outcome=passed", "suite=bias"] == 1
    assert collector.services() == {"understudy"}


def test_the_name_of_the_service_is_that_of_the_environment(collector: Collector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "nights")
    played(tmp_path / "s.duckdb")
    assert collector.services() == {"nights"}


def test_a_collector_that_does_not_answer_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    played(tmp_path / "s.duckdb")
    with store_open(tmp_path / "s.duckdb") as store:
        assert store.rows("play/ledger_totals")[0]["n"] == 2
