"""Weights of a hub, which is a small server on loopback: fetched once, pinned to a commit, and refused with what to do."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import huggingface_hub.constants
import pytest

from tests.doors.gguf import gguf
from understudy.doors.local import weights
from understudy.errors import BadInput

COMMIT = "c0ffee" + "0" * 34


class Hub(ThreadingHTTPServer):
    """A hub that has one file of one repository, and counts who asks for it."""

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.content, self.n_fetched = content, 0


class Answers(BaseHTTPRequestHandler):
    server: Hub

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self.server.n_fetched += 1
        self._answer(with_body=True)

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, *, with_body: bool) -> None:
        _, owner, _, _, revision, file = self.path.split("/")
        code = {"private": "RepoNotFound", "gated": "GatedRepo"}.get(owner)
        code = code or ("RevisionNotFound" if revision not in ("main", "v1") else "EntryNotFound" if file != "tiny.gguf" else None)
        self.send_response(200 if code is None else 403 if code == "GatedRepo" else 404)
        if code is None:
            self.send_header("ETag", f'"{hashlib.sha256(self.server.content).hexdigest()}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("Content-Length", str(len(self.server.content)))
        else:
            self.send_header("X-Error-Code", code)
            self.send_header("Content-Length", "0")
        self.end_headers()
        if with_body and code is None:
            self.wfile.write(self.server.content)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    server = Hub(gguf(tmp_path / "any.gguf").read_bytes())
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    yield server
    server.shutdown()
    server.server_close()


def test_a_file_is_fetched_once_and_known_by_its_commit(hub: Hub) -> None:
    found = weights.find("local/hf:somebody/models/tiny.gguf")
    assert (found.header.name, found.source, found.revision) == ("tiny-1M", "hf:somebody/models/tiny.gguf", COMMIT)
    n_fetched = hub.n_fetched
    assert n_fetched >= 1
    assert weights.find("local/hf:somebody/models/tiny.gguf@v1").path.read_bytes() == hub.content
    assert weights.find(f"local/hf:somebody/models/tiny.gguf@{COMMIT}") == found
    assert hub.n_fetched == n_fetched


def test_what_was_fetched_is_found_without_a_hub(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    found = weights.find("local/hf:somebody/models/tiny.gguf")
    # a hub that does not answer is asked several times, which takes seconds
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    n_fetched = hub.n_fetched
    assert weights.find("local/hf:somebody/models/tiny.gguf") == found
    with pytest.raises(BadInput, match="was not fetched from the hub") as refused:
        weights.find("local/hf:somebody/models/other.gguf")
    assert "cannot be reached" in refused.value.hint
    assert hub.n_fetched == n_fetched


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("hf:private/models/tiny.gguf", "check OWNER/REPO"),
        ("hf:gated/models/tiny.gguf", "accept the model's licence"),
        ("hf:somebody/models/tiny.gguf@v9", "check the revision"),
        ("hf:somebody/models/none.gguf", "check the file's name"),
    ],
)
def test_what_the_hub_does_not_give_is_told_with_what_to_do(hub: Hub, name: str, hint: str) -> None:
    with pytest.raises(BadInput, match="was not fetched from the hub") as refused:
        weights.find(f"local/{name}")
    assert hint in refused.value.hint
    assert hub.n_fetched == 0
