"""The server of a local model, with a small one in the place of llama.cpp's: how it begins, answers, fails and ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep

import pytest

from tests.doors.gguf import fake_server, gguf
from tests.doors.test_children import PATIENCE_S, gone, is_there
from understudy import rehearsal
from understudy.completion import Completion, Message, MissingReply, Request
from understudy.doors.gateway.budget import Price
from understudy.doors.gateway.caller import GatewayConfig
from understudy.doors.gateway.llm import Gateway, known_price
from understudy.doors.local import servers
from understudy.doors.local.servers import MOST_STARTS, LocalServer, local_models
from understudy.doors.local.speed import Speed, speed_of
from understudy.doors.local.weights import find
from understudy.doors.stopping import stoppable
from understudy.errors import BadInput, ProviderFailed
from understudy.parameters import LocalServing, Models


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a file of weights and of the server in the place of llama.cpp's."""
    for name, value in {**fake_server(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    gguf(tmp_path / "tiny.gguf")
    return tmp_path


def server_of(path: Path, **serving: object) -> LocalServer:
    weights = find(f"local/{path}")
    return LocalServer(weights.keyed(LocalServing()), weights, LocalServing(**serving), context=4096, module="fake_llama")  # type: ignore[arg-type]


@pytest.fixture
def server(fake: Path) -> Iterator[LocalServer]:
    made = server_of(fake / "tiny.gguf")
    yield made
    made.stop()


def asked(server: LocalServer, text: str = "hello", *, max_tokens: int = 50, seed: int = 0) -> Request:
    return Request("seeker", server.model, (Message("user", text),), 0.7, 1.0, max_tokens, seed)


def gateway(fake: Path, server: LocalServer, **config: object) -> Gateway:
    return Gateway(
        GatewayConfig(**config),  # type: ignore[arg-type]
        store_path=fake / "store.duckdb", fitted={}, surfaces={"0": rehearsal.surface("0")}, run_id="run", local={server.model: server},
    )  # fmt: skip


def replies(fake: Path, server: LocalServer, *requests: Request, **config: object) -> list[Completion]:
    with gateway(fake, server, **config) as calls:
        return [calls.run(calls.complete(one), PATIENCE_S) for one in requests]


def test_a_local_model_is_asked_like_any_other_and_is_free(fake: Path, server: LocalServer) -> None:
    first, other = replies(fake, server, asked(server), asked(server, seed=1))
    assert first.engine == first.reported_model == f"tiny-1M.Q4_K_M@{server.model[-64:][:12]}"
    assert (first.prompt_tokens, first.completion_tokens) == (9, 3)
    process, top_p, key = json.loads(first.text)
    # one server for all calls; llama.cpp would take .95 where nothing is said; nobody is told the key
    assert json.loads(other.text)[0] == process
    assert (top_p, key) == (1.0, "***")
    assert known_price(GatewayConfig(), server.model) == Price(0.0, 0.0)


def test_the_key_is_in_no_argument_and_in_no_representation(server: LocalServer) -> None:
    endpoint = server.ready()
    assert endpoint.key not in repr(endpoint)
    [child] = [one for one in Path("/proc").glob("[0-9]*/cmdline") if b"fake_llama" in _read(one) and _is_ours(one)]
    assert endpoint.key.encode() not in _read(child)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _is_ours(path: Path) -> bool:
    try:
        return int((path.parent / "stat").read_text().rpartition(")")[2].split()[1]) == os.getpid()
    except OSError:
        return False


def test_a_prompt_beyond_the_context_says_how_to_raise_it(fake: Path, server: LocalServer) -> None:
    with pytest.raises(MissingReply, match=r"longer than the model's context.*5000 tokens") as missing:
        replies(fake, server, asked(server, "too long"))
    assert "--num-ctx" in missing.value.hint


def test_a_reply_that_the_context_has_cut_is_none(fake: Path, server: LocalServer) -> None:
    with pytest.raises(MissingReply, match="4076 tokens and a reply of 20 fill its 4096"):
        replies(fake, server, asked(server, "fill the context"))
    # the limit of the reply itself has cut this one, which is what was asked for
    [cut] = replies(fake, server, asked(server, "fill the context", max_tokens=20))
    assert cut.is_cut


def test_a_server_that_dies_is_started_anew_and_not_for_ever(fake: Path, server: LocalServer) -> None:
    [before] = replies(fake, server, asked(server))
    for at in range(MOST_STARTS - 1):
        with pytest.raises(MissingReply):
            replies(fake, server, asked(server, "die", seed=at), max_attempts=1)
        [after] = replies(fake, server, asked(server, seed=at + 1))
        assert json.loads(after.text)[0] != json.loads(before.text)[0]
        before = after
    with pytest.raises(MissingReply):
        replies(fake, server, asked(server, "die", seed=9), max_attempts=1)
    with pytest.raises(ProviderFailed, match=f"it ended {MOST_STARTS} times"):
        replies(fake, server, asked(server, seed=9), asked(server, seed=10))


def test_the_speed_is_that_of_prompts_after_others_like_them(server: LocalServer) -> None:
    speed = speed_of(server, [asked(server, str(at)) for at in range(6)])
    assert speed == Speed(prompt_per_s=100.0, reply_per_s=20.0, computed=0.1, prompt_tokens=100.0, reply_tokens=3.0)
    assert speed.seconds(500, 30) == pytest.approx(500 * 0.1 / 100 + 30 / 20)
    with pytest.raises(ProviderFailed, match=r"status 400: .*5000 tokens") as failed:
        speed_of(server, [asked(server, "too long")])
    assert "--num-ctx" in failed.value.hint


def test_weights_that_llama_cannot_load_are_told_by_its_own_words(fake: Path) -> None:
    broken = server_of(gguf(fake / "broken.gguf"))
    try:
        with pytest.raises(ProviderFailed, match=r"code 3; its last line was: llama\.cpp: a tensor has the wrong shape"):
            broken.ready()
    finally:
        broken.stop()


def test_runs_of_one_process_share_a_server_that_ends_with_the_last(fake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "SERVED_BY", "fake_llama")
    models = Models(seeker=f"local/{fake / 'tiny.gguf'}", critic="openai/x")
    with local_models(models) as (named, first):
        [(name, server)] = first.items()
        assert (named.seeker, named.critic) == (name, "openai/x")
        with local_models(models) as (_, second):
            assert second == first
        endpoint = server.ready()
        assert server.ready() == endpoint
        with local_models(models.model_copy(update={"local": LocalServing(n_slots=2)})) as (_, third):
            assert third[name] is not server
    with pytest.raises(ProviderFailed, match="it was stopped"):
        server.ready()


def test_a_stop_ends_a_server_whose_weights_are_still_loaded(fake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "SERVED_BY", "fake_llama")
    models = Models(seeker=f"local/{gguf(fake / 'endless.gguf')}")
    with ThreadPoolExecutor(1) as pool, stoppable() as stop, local_models(models) as (_, held):
        [server] = held.values()
        waiting = pool.submit(server.ready)
        while server._child is None:
            sleep(0.01)
        stop.asked()
        with pytest.raises(ProviderFailed):
            waiting.result(PATIENCE_S)


def test_too_little_memory_is_said_before_anything_is_started(fake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "available_bytes", lambda: 1 << 20)
    with pytest.raises(BadInput, match="1 MB are available"), local_models(Models(seeker=f"local/{fake / 'tiny.gguf'}")):
        pass


PARENT = """
import sys, time
from pathlib import Path
from tests.doors.test_local_servers import server_of
server = server_of(Path(sys.argv[1]))
server.ready()
print(server._child.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")
def test_a_killed_parent_leaves_no_server(fake: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{fake}{os.pathsep}{root}"}
    command = [sys.executable, "-c", PARENT, str(fake / "tiny.gguf")]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert is_there(child)
    parent.kill()
    parent.wait(PATIENCE_S)
    parent.stdout.close()
    assert gone(child)
