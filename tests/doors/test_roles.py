"""Roles: fallbacks, limits, prices, ages; what ends a run at once; what answers under a name and drifts."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from understudy.completion import Completion, MissingReply, Request
from understudy.doors.events import recording
from understudy.doors.gateway import caller
from understudy.doors.gateway.ages import age_of, bare, current
from understudy.doors.gateway.budget import worst_case
from understudy.doors.gateway.caller import GatewayConfig
from understudy.doors.gateway.calls import CallFailed
from understudy.doors.gateway.gateway import Exchange
from understudy.doors.gateway.turnstile import Turnstile
from understudy.doors.store import Store
from understudy.errors import BadInput, BudgetExhausted, ProviderFailed
from understudy.parameters import Caps, Models, RoleLimits, checked

sys.path.insert(0, str(Path(__file__).parent))
from scripted import NO_KEY, PERMANENT, TRANSIENT, Scripted, request


@pytest.fixture(autouse=True)
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caller, "wait_s", lambda *_, **__: 0.0)


class ByModel(Scripted):
    """Fails for the models in `down` with the failure given there, answers for the others by name."""

    def __init__(self, down: dict[str, CallFailed]) -> None:
        super().__init__()
        self.down = down

    async def send(self, request: Request) -> Completion:
        self.n_sent += 1
        self.asked.append(request.model)
        await asyncio.sleep(0)
        if request.model in self.down:
            raise self.down[request.model]
        return Completion("hello", request.model, request.model, "stop", "f1", 10, 5)


def exchange(store: Path, provider: Scripted, **config: Any) -> Exchange:
    return Exchange(GatewayConfig(**config), provider=provider, store_path=store / "s.duckdb", run_id="run")


def events(path: Path) -> list[tuple[str, str]]:
    return [(line["event"], line["key"]) for line in map(json.loads, path.read_text().splitlines())]


@pytest.mark.parametrize(("failure", "n_tries"), [(PERMANENT, 1), (TRANSIENT, 3), (NO_KEY, 1)])
def test_a_fallback_answers_when_the_first_model_fails_and_the_row_says_who(tmp_path: Path, failure: CallFailed, n_tries: int) -> None:
    provider = ByModel({"openai/some": failure, "openai/second": failure})
    fallbacks = {"seeker": ("openai/second", "local/third")}
    with (
        recording(tmp_path / "events"),
        exchange(tmp_path, provider, fallbacks=fallbacks, max_attempts=3) as gateway,
    ):
        reply = gateway.run(gateway.complete(request()))
        assert reply.reported_model == "local/third"
        assert provider.asked == ["openai/some"] * n_tries + ["openai/second"] * n_tries + ["local/third"]
        assert gateway.run(gateway.complete(request())) == reply, "kept under the key of the model that was asked for"
    assert events(tmp_path / "events") == [("fallback_used", "openai/some -> local/third")]
    with Store.open(tmp_path / "s.duckdb") as opened:
        rows = opened._connection.execute("select model, reported_model from play.completions").fetchall()
    assert rows == [("openai/some", "local/third")]


def test_a_role_without_fallbacks_does_not_use_those_of_another(tmp_path: Path) -> None:
    provider = ByModel({"openai/some": PERMANENT})
    with exchange(tmp_path, provider, fallbacks={"critic": ("local/third",)}) as gateway:
        with pytest.raises(MissingReply):
            gateway.run(gateway.complete(request(role="seeker")))
        assert gateway.run(gateway.complete(request(role="critic"))).reported_model == "local/third"


def test_a_model_that_is_given_up_is_not_asked_again_while_its_fallback_answers(tmp_path: Path) -> None:
    provider = ByModel({"openai/some": PERMANENT})
    with exchange(tmp_path, provider, fallbacks={"seeker": ("local/third",)}, breaker_after=3, concurrency=1) as gateway:
        for n in range(8):
            assert gateway.run(gateway.complete(request(n))).reported_model == "local/third"
    assert provider.asked.count("openai/some") == 3
    assert provider.asked.count("local/third") == 8


def test_when_model_and_fallback_are_given_up_the_run_ends(tmp_path: Path) -> None:
    provider = ByModel({"openai/some": NO_KEY, "local/third": NO_KEY})
    with (
        exchange(tmp_path, provider, fallbacks={"seeker": ("local/third",)}) as gateway,
        pytest.raises(ProviderFailed) as told,
    ):
        gateway.run(gateway.complete(request()))
    assert not isinstance(told.value, MissingReply)


def test_a_refused_key_ends_the_run_at_once_and_says_what_to_do(tmp_path: Path) -> None:
    provider = ByModel({"openai/some": NO_KEY})

    async def many(gateway: Exchange) -> list[Completion | BaseException]:
        return await asyncio.gather(*(gateway.complete(request(n)) for n in range(200)), return_exceptions=True)

    with exchange(tmp_path, provider, concurrency=4) as gateway:
        ends = gateway.run(many(gateway))
    assert {type(end) for end in ends} == {ProviderFailed}
    assert {end.hint for end in ends if isinstance(end, ProviderFailed)} == {"set the key"}
    assert ProviderFailed.exit_code == 4
    assert provider.n_sent <= 4, "no more than were in flight"


def test_a_fallback_that_cannot_be_asked_is_refused_before_the_run(tmp_path: Path) -> None:
    class Choosy(Scripted):
        def price(self, model: str) -> None:
            raise BadInput(f"no model {model}")

    with pytest.raises(BadInput, match="nonsense"):
        exchange(tmp_path, Choosy(), fallbacks={"seeker": ("nonsense",)})


def test_a_limit_of_one_role_leaves_the_others_alone(tmp_path: Path) -> None:
    with exchange(tmp_path, Scripted(), limits={"critic": RoleLimits(calls=1)}) as gateway:
        gateway.run(gateway.complete(request(0, role="critic")))
        with pytest.raises(BudgetExhausted, match="critic"):
            gateway.run(gateway.complete(request(1, role="critic")))
        gateway.run(gateway.complete(request(2, role="seeker")))


@pytest.mark.parametrize(
    ("prices", "known", "usd"),
    [
        ({}, False, None),
        ({"*": (1.0, 10.0)}, False, 10e-6 + 50e-6),
        ({"*": (1.0, 10.0)}, True, 10e-6 + 10e-6),
        ({"openai/some": (1.0, 10.0)}, True, 10e-6 + 50e-6),
    ],
)
def test_a_price_can_be_given_where_it_is_unknown(
    tmp_path: Path, prices: dict[str, tuple[float, float]], known: bool, usd: float | None
) -> None:
    caps = Caps(usd=1.0) if usd is not None else Caps()
    with exchange(tmp_path, Scripted(known_price=known), prices=prices, caps=caps) as gateway:
        gateway.run(gateway.complete(request()))
        assert gateway.usd == (usd if usd is None else pytest.approx(usd))


@given(
    st.lists(st.tuples(st.integers(1, 400), st.floats(0.0, 1.0)), min_size=1, max_size=120),
    st.sampled_from(["tokens", "usd", "calls"]),
    st.floats(0.05, 1.2),
    st.integers(0, 10),
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_at_concurrency_64_and_any_cost_no_cap_is_passed(
    tmp_path_factory: pytest.TempPathFactory, calls: list[tuple[int, float]], kind: str, share: float, every: int
) -> None:
    asked = [replace(request(n), max_tokens=most) for n, (most, _) in enumerate(calls)]
    in_all = {"tokens": 0.0, "usd": 0.0, "calls": float(len(calls))}

    class Costly(Scripted):
        async def send(self, request: Request) -> Completion:
            self.n_sent += 1
            await asyncio.sleep(0.0001 * (request.seed % 3))
            if every and request.seed % (every + 2) == 0:
                raise TRANSIENT
            worst = worst_case(request, None).tokens - request.max_tokens
            part = calls[request.seed][1]
            return Completion("x", "m", "m", "stop", "", int(worst * part), int(request.max_tokens * part))

    provider = Costly()
    for one in asked:
        worst = worst_case(one, provider.price("m"))
        in_all["tokens"] += worst.tokens
        in_all["usd"] += worst.usd or 0.0
    cap = max(1, int(in_all[kind] * share)) if kind != "usd" else in_all[kind] * share
    store = tmp_path_factory.mktemp("caps")

    async def all_of(gateway: Exchange) -> list[Completion | BaseException]:
        return await asyncio.gather(*(gateway.complete(one) for one in asked), return_exceptions=True)

    with exchange(store, provider, caps=checked(Caps, {kind: cap}), concurrency=64, max_attempts=2, breaker_after=10**6) as gateway:
        ends = gateway.run(all_of(gateway))
        spent = {"tokens": gateway.tokens, "usd": gateway.usd or 0.0, "calls": gateway.n_calls}
    assert spent[kind] <= cap + 1e-12
    assert gateway.n_calls == provider.n_sent
    assert all(isinstance(end, Completion | BudgetExhausted | MissingReply) for end in ends)


def test_a_server_that_counts_more_than_the_worst_case_is_believed_from_then_on(tmp_path: Path) -> None:
    class Hidden(Scripted):
        async def send(self, request: Request) -> Completion:
            self.n_sent += 1
            return Completion("x", "m", "m", "stop", "", worst_case(request, None).tokens + 500, 0)

    with exchange(tmp_path, Hidden(), caps=Caps(tokens=1600), concurrency=1) as gateway:
        gateway.run(gateway.complete(request(0)))
        gateway.run(gateway.complete(request(1)))
        with pytest.raises(BudgetExhausted):
            gateway.run(gateway.complete(request(2)))
        assert gateway.tokens <= 1600


def test_what_answers_under_a_name_and_changes_is_told_once(tmp_path: Path) -> None:
    def answers(fingerprint: str) -> Scripted:
        class Printed(Scripted):
            async def send(self, request: Request) -> Completion:  # noqa: ARG002
                return Completion("x", "some-1", "some-1", "stop", fingerprint, 1, 1)

        return Printed()

    with recording(tmp_path / "events"):
        for n, fingerprint in enumerate(["a", "a", "b", "a", "b"]):
            with exchange(tmp_path, answers(fingerprint)) as gateway:
                gateway.run(gateway.complete(request(n)))
    assert events(tmp_path / "events") == [("model_changed", "openai/some: some-1 a -> some-1 b")]


def test_the_provider_is_asked_by_the_name_without_age_and_keys_keep_it(tmp_path: Path) -> None:
    provider = Scripted()
    with exchange(tmp_path, provider) as gateway:
        old = gateway.run(gateway.complete(request(0, "openai/some")))
        new = gateway.run(gateway.complete(request(0, "openai/some~1")))
        assert old != new
        assert gateway.run(gateway.complete(request(0, "openai/some"))) == old
    assert provider.asked == ["openai/some"] * 2


NOW = datetime(2026, 11, 1)
BEGAN = {"a/b": NOW - timedelta(days=40), "a/b~1": NOW - timedelta(days=10), "a/b~2x": NOW, "a/c": NOW}


@pytest.mark.parametrize(
    ("model", "refresh", "max_age_days", "asked"),
    [
        ("a/b", False, None, "a/b~1"),
        ("a/b", True, None, "a/b~2"),
        ("a/b", False, 9.0, "a/b~2"),
        ("a/b", False, 11.0, "a/b~1"),
        ("a/b~1", True, None, "a/b~1"),
        ("a/new", True, 1.0, "a/new"),
        ("a/c", False, 1.0, "a/c"),
        ("a/c", True, None, "a/c~1"),
    ],
)
def test_a_new_age_begins_on_demand_or_with_time(model: str, refresh: bool, max_age_days: float | None, asked: str) -> None:
    assert current(model, BEGAN, refresh=refresh, max_age_days=max_age_days, now=NOW) == asked


def test_a_name_and_its_age_come_apart_and_together() -> None:
    assert (bare("x/y~12"), age_of("x/y~12")) == ("x/y", 12)
    assert (bare("x/y~0"), age_of("x/y~0")) == ("x/y~0", 0)
    assert (bare("x/y:latest"), age_of("x/y:latest")) == ("x/y:latest", 0)


@pytest.mark.parametrize("address", ["https://user:pw@host/v1", "https://host/v1?api-key=1", "host:80", "file:///etc"])
def test_an_address_with_credentials_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(BadInput, match="without credentials") as told:
        checked(Models, {"api_base": address})
    assert address not in told.value.message


def test_lanes_of_work_that_runs_side_by_side_take_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A candidate with one call is not kept behind another's two hundred once the turn of that one is over."""
    from threading import Thread

    monkeypatch.setattr(Turnstile, "of", lambda n_slots: Turnstile(n_slots, turn_s=0.001))
    provider = Scripted()
    done: list[str] = []
    with exchange(tmp_path, provider, concurrency=2) as gateway:

        async def burst() -> None:
            await asyncio.gather(*(gateway.complete(request(n)) for n in range(200)))

        async def single() -> None:
            await gateway.complete(request(1000))
            done.append(f"after {provider.n_sent}")

        first = Thread(target=lambda: gateway.run(burst()))
        first.start()
        while provider.n_sent < 10:
            pass
        gateway.run(single())
        first.join()
    assert int(done[0].split()[1]) < 100
