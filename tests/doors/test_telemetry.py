"""Metrics for a collector: what is counted, and what happens where nothing collects. tests/doors/test_collector.py has a real one."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.doors.scripted import PERMANENT, Scripted, request
from understudy.completion import MissingReply
from understudy.doors import telemetry
from understudy.doors.gateway.caller import GatewayConfig
from understudy.doors.gateway.gateway import Exchange


@dataclass
class Noted:
    """A meter that keeps what is added to its counters."""

    added: list[tuple[str, float, tuple[tuple[str, str], ...]]] = field(default_factory=list)

    def create_counter(self, name: str, **_: Any) -> Any:
        noted = self.added

        class Counter:
            def add(self, amount: float, attributes: dict[str, str]) -> None:
                noted.append((name.removeprefix("understudy."), amount, tuple(sorted(attributes.items()))))

        return Counter()


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> Noted:
    meter = Noted()
    monkeypatch.setattr(telemetry, "_current", telemetry.Meters(meter))
    return meter


def asked(store: Path, provider: Scripted, n: int) -> None:
    config = GatewayConfig(max_attempts=1)
    with Exchange(config, provider=provider, store_path=store, run_id="run") as gateway:

        async def all_of() -> None:
            found = await asyncio.gather(*(gateway.complete(request(one)) for one in range(n)), return_exceptions=True)
            assert all(isinstance(one, MissingReply) for one in found if isinstance(one, BaseException))

        gateway.run(all_of())


def test_calls_are_counted_with_their_tokens_cost_and_end(noted: Noted, tmp_path: Path) -> None:
    asked(tmp_path / "s.duckdb", Scripted("a", "b", PERMANENT), 3)
    of = (("model", "openai/some"), ("role", "seeker"))
    ends = sorted(dict(attributes)["outcome"] for name, _, attributes in noted.added if name == "calls")
    assert ends == ["done", "done", "failed"]
    assert {attributes for name, _, attributes in noted.added if name == "tokens"} == {of}
    assert sum(amount for name, amount, _ in noted.added if name == "tokens") == 2 * 15
    assert sum(amount for name, amount, _ in noted.added if name == "cost") == pytest.approx(2 * (10 * 1e-6 + 5 * 2e-6))


def test_a_cost_that_is_not_known_is_no_cost_of_nothing(noted: Noted, tmp_path: Path) -> None:
    asked(tmp_path / "s.duckdb", Scripted("a", known_price=False), 1)
    assert [name for name, *_ in noted.added] == ["calls", "tokens", "calls.unpriced"]


def test_a_reply_from_the_ledger_is_no_call(noted: Noted, tmp_path: Path) -> None:
    for _ in range(2):
        asked(tmp_path / "s.duckdb", Scripted(), 1)
    assert [name for name, *_ in noted.added].count("calls") == 1


def test_a_verdict_is_counted_by_suite_and_outcome(noted: Noted) -> None:
    telemetry.verdict("leakage", passed=False)
    assert noted.added == [("verdicts", 1, (("outcome", "failed"), ("suite", "leakage")))]


def test_without_an_endpoint_nothing_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in telemetry.ENDPOINTS:
        monkeypatch.delenv(name, raising=False)
    with telemetry.metered_by_collector():
        assert telemetry._current is None
        telemetry.call(model="m", role="seeker", outcome="done", tokens=1, usd=None)


def test_an_endpoint_without_the_packages_is_told_with_the_extra(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setattr(telemetry, "_is_installed", lambda: False)
    with caplog.at_level(logging.WARNING), telemetry.metered_by_collector():
        telemetry.verdict("leakage", passed=True)
    assert "understudy[metrics]" in caplog.text
