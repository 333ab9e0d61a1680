"""The door to litellm, on loopback: the embedded model and an OpenAI-compatible server are called alike."""

from __future__ import annotations

import asyncio
import io
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

import pytest
import uvicorn
from starlette.applications import Starlette

from understudy import rehearsal
from understudy.completion import Completion, Message, MissingReply, Request
from understudy.doors.devserver import DevServer
from understudy.doors.faults import KINDS, Faults
from understudy.doors.gateway import caller
from understudy.doors.gateway.budget import Price
from understudy.doors.gateway.caller import GatewayConfig
from understudy.doors.gateway.llm import Gateway, known_price
from understudy.doors.store import Store
from understudy.errors import BadInput, UnderstudyError
from understudy.parameters import Caps
from understudy.prompt.genome import Controls, Genome
from understudy.prompt.setting import load_setting
from understudy.prompt.template import render
from understudy.records import Need, Turn

pytestmark = pytest.mark.usefixtures("whole_litellm")
EMBEDDED = "rehearsal/0"
NONE = Faults()
GENOME: Genome = load_setting("zero_shot").genome


def request(n: int = 0, model: str = EMBEDDED) -> Request:
    history = [Turn("seeker", "hello"), Turn("recommender", "Hi! What do you like?")]
    messages = render(GENOME, Need(genres=("comedy",)), history, exemplars=(), target=None)
    return Request("seeker", model, messages, Controls().temperature, 1.0, 100, n)


def gateway(store: Path, **config: object) -> Gateway:
    return Gateway(
        GatewayConfig(**config),  # type: ignore[arg-type]
        store_path=store / "store.duckdb",
        fitted={},
        surfaces={"0": rehearsal.surface("0")},
        run_id="run",
    )


@contextmanager
def listening(faults: Faults = NONE, app: Starlette | None = None) -> Iterator[tuple[str, io.StringIO]]:
    """The address and the log of a devserver, or of another application, on a thread of this process."""
    log = io.StringIO()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        app = app or DevServer(faults=faults, latency_ms=0, log=log).app
        # an idle connection that the server closes just as it is used again would be a failure that no log of the server has
        config = uvicorn.Config(app, log_level="critical", access_log=False, timeout_graceful_shutdown=1, timeout_keep_alive=600)
        server = uvicorn.Server(config)
        thread = Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1", log
        finally:
            server.should_exit = True
            thread.join(5)


def statuses(log: io.StringIO) -> list[int]:
    return [json.loads(line)["status"] for line in log.getvalue().splitlines()]


async def several(open_gateway: Gateway, n: int, model: str) -> list[Completion | BaseException]:
    return await asyncio.gather(*(open_gateway.complete(request(i, model)) for i in range(n)), return_exceptions=True)


def test_the_embedded_model_is_called_through_litellm_and_says_what_it_is(tmp_path: Path) -> None:
    with gateway(tmp_path) as opened:
        reply = opened.run(opened.complete(request()))
        assert (reply.engine, reply.reported_model) == ("rehearsal", "rehearsal")
        assert reply.text
        assert reply.intended_act
        assert reply.prompt_tokens > 0
        assert opened.usd == 0.0
        direct = rehearsal.respond(
            request().messages, surface=rehearsal.surface("0"), fitted=rehearsal.UNFITTED, temperature=0.7, top_p=1.0, seed=0
        )
        assert reply.text == direct.text
    with Store.open(tmp_path / "store.duckdb") as store:
        row = store.rows("play/ledger_totals")[0]
    assert (row["n"], row["n_unknown"], row["usd"]) == (1, 0, 0.0)


def test_a_model_that_this_run_was_not_given_is_bad_input(tmp_path: Path) -> None:
    with gateway(tmp_path) as opened:
        for name in ("rehearsal/7", "rehearsal/0@0123456789ab", "rehearsal/"):
            with pytest.raises(BadInput):
                opened.run(opened.complete(request(model=name)))


def test_messages_that_are_no_seeker_s_prompt_give_a_missing_reply(tmp_path: Path) -> None:
    other = Request("seeker", EMBEDDED, (Message("user", "What is the capital of France?"),), 0.7, 1.0, 100, 1)
    with gateway(tmp_path) as opened, pytest.raises(MissingReply):
        opened.run(opened.complete(other))


def test_a_server_that_answers_with_rehearsal_is_marked_rehearsal(tmp_path: Path) -> None:
    with listening() as (address, log), gateway(tmp_path, api_base=address) as opened:
        replies = opened.run(several(opened, 20, "openai/anything"))
        assert {reply.engine for reply in replies if isinstance(reply, Completion)} == {"rehearsal"}
        assert {reply.intended_act for reply in replies if isinstance(reply, Completion)} == {None}
        assert (opened.n_calls, opened.usd) == (20, 0.0)
        opened.run(several(opened, 20, "openai/anything"))
        assert opened.n_calls == 20
        assert statuses(log) == [200] * 20


def test_failures_of_a_server_are_tried_again_and_the_counts_of_both_sides_agree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(caller, "wait_s", lambda *_, **__: 0.0)
    faults = Faults(rate_limited=0.15, server_error=0.15, reset=0.1, truncated=0.1, retry_after_s=0)
    with listening(faults) as (address, log), gateway(tmp_path, api_base=address, max_attempts=12) as opened:
        replies = opened.run(several(opened, 40, "openai/anything"))
        assert [reply for reply in replies if not isinstance(reply, Completion)] == []
        assert opened.n_calls == len(statuses(log)) > 40
        assert {0, 200, 429, 500} <= set(statuses(log))
    assert capfd.readouterr().out == "", "stdout belongs to the command line's JSON"


def test_a_server_that_hangs_gives_a_missing_reply(tmp_path: Path) -> None:
    with (
        listening(Faults(hang=1.0)) as (address, _),
        gateway(tmp_path, api_base=address, timeout_s=0.2, max_attempts=1) as opened,
        pytest.raises(MissingReply),
    ):
        opened.run(opened.complete(request(model="openai/anything")))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("hang", "drip")])
def test_every_fault_is_tried_again_and_ends_as_a_missing_reply_with_its_reason(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caller, "wait_s", lambda *_, **__: 0.0)
    faults = Faults(**{kind: 1.0}, retry_after_s=0)  # type: ignore[arg-type]
    with listening(faults) as (address, log), gateway(tmp_path, api_base=address, max_attempts=3) as opened:
        with pytest.raises(MissingReply) as told:
            opened.run(opened.complete(request(model="openai/anything")))
        assert told.value.message
        assert [json.loads(line)["fault"] for line in log.getvalue().splitlines()] == [kind] * 3
        assert opened.n_calls == 3
    with Store.open(tmp_path / "store.duckdb") as store:
        assert store.rows("play/ledger_totals")[0]["n"] == 0


def test_a_slow_drip_is_cut_at_the_timeout(tmp_path: Path) -> None:
    with (
        listening(Faults(drip=1.0)) as (address, _),
        gateway(tmp_path, api_base=address, timeout_s=0.5, max_attempts=1) as opened,
        pytest.raises(MissingReply, match="no answer within"),
    ):
        opened.run(opened.complete(request(model="openai/anything")))


def test_the_server_notes_a_request_whose_client_left(tmp_path: Path) -> None:
    with listening(Faults(hang=1.0)) as (address, log):
        with gateway(tmp_path, api_base=address, timeout_s=0.2, max_attempts=2) as opened, pytest.raises(MissingReply):
            opened.run(opened.complete(request(model="openai/anything")))
        end = monotonic() + 5
        while len(log.getvalue().splitlines()) < 2 and monotonic() < end:
            sleep(0.05)
        assert statuses(log) == [0, 0]


def test_a_server_that_is_not_there_gives_a_missing_reply_without_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-0123456789")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}/v1"
        with gateway(tmp_path, api_base=address, max_attempts=1) as opened, pytest.raises(MissingReply) as told:
            opened.run(opened.complete(request(model="openai/anything")))
    assert "secret" not in told.value.message


def test_an_unknown_price_cannot_hold_a_cap_on_money(tmp_path: Path) -> None:
    with (
        gateway(tmp_path, api_base="http://127.0.0.1:9", caps=Caps(usd=1.0)) as opened,
        pytest.raises(UnderstudyError, match="price"),
    ):
        opened.run(opened.complete(request(model="openai/anything")))


def test_a_price_that_nobody_knows_stays_unknown_in_the_next_run_of_the_process(tmp_path: Path) -> None:
    for n in range(2):
        with listening() as (address, _), gateway(tmp_path / str(n), api_base=address) as opened:
            opened.run(opened.complete(request(n, "openai/of-nobody-at-all")))
        assert known_price(GatewayConfig(), "openai/of-nobody-at-all") is None


def test_prices_are_litellm_s_or_given() -> None:
    listed = known_price(GatewayConfig(), "openai/gpt-4o-mini")
    assert listed is not None
    assert 0 < listed.prompt < listed.reply < 1e-4
    assert known_price(GatewayConfig(prices={"*": (3.0, 9.0)}), "openai/gpt-4o-mini") == listed
    assert known_price(GatewayConfig(prices={"*": (3.0, 9.0)}), "openai/another-of-nobody") == Price(3e-6, 9e-6)
    assert known_price(GatewayConfig(prices={"openai/gpt-4o-mini": (0.0, 0.0)}), "openai/gpt-4o-mini") == Price(0.0, 0.0)
    with pytest.raises(BadInput, match="does not know the model"):
        known_price(GatewayConfig(), "nonsense")


def test_a_fallback_at_another_provider_is_not_asked_at_the_address_of_the_first(tmp_path: Path) -> None:
    faults = Faults(server_error=1.0)
    config = {"api_base_for": "openai/anything", "fallbacks": {"seeker": ("hosted_vllm/other", EMBEDDED)}, "max_attempts": 1}
    with listening(faults) as (address, log), gateway(tmp_path, api_base=address, **config) as opened:
        reply = opened.run(opened.complete(request(model="openai/anything")))
        assert statuses(log) == [500], "the second provider has no address of its own here, so it fails without a request"
    assert reply.engine == "rehearsal"
    with Store.open(tmp_path / "store.duckdb") as store:
        assert store.rows("play/model_ages")[0]["model"] == "openai/anything"
