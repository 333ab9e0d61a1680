"""Metrics of a run for a collector of OpenTelemetry's: calls, tokens, cost, failures and verdicts of gates.

They are sent where `OTEL_EXPORTER_OTLP_ENDPOINT` (or `OTEL_EXPORTER_OTLP_METRICS_ENDPOINT`) names a collector, by OTLP over HTTP, and by
the process that has the store open, which counts the calls of its workers too. The other settings are those of OpenTelemetry's own SDK.
A collector that does not answer changes nothing about a run.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, Literal

Outcome = Literal["done", "failed", "stopped", "lost"]
"""How a call ended: with a reply, without one, stopped in flight by this run, or lost with the worker that made it."""
ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT")
_NAME, _SERVICE = "understudy", "OTEL_SERVICE_NAME"
# how long the end of a run waits for a collector, in milliseconds
_PATIENCE_MS = 5_000


class Meters:
    """The instruments of a run, made by a meter of OpenTelemetry's."""

    def __init__(self, meter: Any) -> None:
        counter = meter.create_counter
        self._calls = counter("understudy.calls", unit="{call}", description="model calls that ended, repeated attempts included")
        self._tokens = counter("understudy.tokens", unit="{token}", description="tokens of prompts and replies, at most, where unknown")
        self._cost = counter("understudy.cost", unit="USD", description="cost of calls whose price is known")
        self._unpriced = counter("understudy.calls.unpriced", unit="{call}", description="calls whose price is not known")
        self._verdicts = counter("understudy.verdicts", unit="{verdict}", description="gates that judged a batch")

    def call(self, *, model: str, role: str, outcome: Outcome, tokens: int, usd: float | None) -> None:
        """Counts a call that has ended."""
        of = {"model": model, "role": role}
        self._calls.add(1, {**of, "outcome": outcome})
        self._tokens.add(tokens, of)
        if usd is None:
            self._unpriced.add(1, of)
        else:
            self._cost.add(usd, of)

    def verdict(self, suite: str, *, passed: bool) -> None:
        """Counts what a gate has said of a batch."""
        self._verdicts.add(1, {"suite": suite, "outcome": "passed" if passed else "failed"})


_current: Meters | None = None


@contextmanager
def metered_by_collector() -> Iterator[None]:
    """What happens in the block is counted for the collector that the environment names; within another such block by that one."""
    global _current
    if _current is not None or not any(os.environ.get(name, "").strip() for name in ENDPOINTS):
        yield
        return
    if not _is_installed():
        logging.getLogger(__name__).warning(
            "%s names a collector, and no metrics are sent: install the extra `metrics` (pip install 'understudy[metrics]', or "
            "`make install-metrics` in a checkout)",
            " or ".join(ENDPOINTS),
        )
        yield
        return
    provider = _provider()
    _current = Meters(provider.get_meter(_NAME))
    try:
        yield
    finally:
        _current = None
        provider.shutdown(timeout_millis=_PATIENCE_MS)


def call(*, model: str, role: str, outcome: Outcome, tokens: int, usd: float | None) -> None:
    """Counts a call that has ended, where somebody collects."""
    if _current is not None:
        _current.call(model=model, role=role, outcome=outcome, tokens=tokens, usd=usd)


def verdict(suite: str, *, passed: bool) -> None:
    """Counts what a gate has said, where somebody collects."""
    if _current is not None:
        _current.verdict(suite, passed=passed)


def _is_installed() -> bool:
    # the packages share a namespace, which is there without them
    return find_spec("opentelemetry") is not None and all(find_spec(f"opentelemetry.{one}") is not None for one in ("sdk", "exporter"))


def _provider() -> Any:
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.resources import Resource

    own = {} if os.environ.get(_SERVICE) else {"service.name": _NAME}
    # not the provider of the whole process, which may be somebody else's
    return MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())], resource=Resource.create(own))
