"""A hub on loopback: repositories of data sets in memory, as far as the real clients ask for them when they write and read."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit


@dataclass
class Repository:
    """Files by name at the newest commit, and the tags."""

    private: bool
    files: dict[str, bytes] = field(default_factory=dict)
    commit: str = "0" * 40
    summaries: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)


class Hub(ThreadingHTTPServer):
    """The hub; `token` is the only one that may write, `refuses` is the code with which it answers a commit."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.repositories: dict[str, Repository] = {}
        self.token, self.refuses = "secret-token", 0
        self.asked: list[str] = []

    @property
    def address(self) -> str:
        """The endpoint."""
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def running_hub() -> Iterator[Hub]:
    """A hub for the block."""
    hub = Hub()
    Thread(target=hub.serve_forever, daemon=True).start()
    try:
        yield hub
    finally:
        hub.shutdown()
        hub.server_close()


class _Answers(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._read(with_body=False)

    def do_GET(self) -> None:
        self._read(with_body=True)

    def do_POST(self) -> None:
        body = self._body()
        path = urlsplit(self.path).path
        self.server.asked.append(f"POST {path}")
        parts = [unquote(one) for one in path.strip("/").split("/")]
        if parts[:2] == ["api", "validate-yaml"]:
            return self._json({"errors": [], "warnings": []})
        # who reads what is there needs no token here
        is_reading = parts[:2] == ["api", "datasets"] and parts[4:5] == ["paths-info"]
        if not is_reading and self.headers.get("Authorization") != f"Bearer {self.server.token}":
            return self._json({"error": "Invalid username or password."}, code=401)
        if parts[:3] == ["api", "repos", "create"]:
            return self._create(json.loads(body))
        repository = self.server.repositories[f"{parts[2]}/{parts[3]}"]
        return getattr(self, f"_{parts[4].replace('-', '_')}")(repository, body)

    def _create(self, asked: dict[str, Any]) -> None:
        name = f"{asked['organization']}/{asked['name']}"
        private = asked.get("visibility") == "private" or bool(asked.get("private"))
        self.server.repositories.setdefault(name, Repository(private))
        self._json({"url": f"{self.server.address}/datasets/{name}"})

    def _preupload(self, repository: Repository, body: bytes) -> None:  # noqa: ARG002
        files = [{"path": one["path"], "uploadMode": "regular", "shouldIgnore": False} for one in json.loads(body)["files"]]
        self._json({"files": files})

    def _commit(self, repository: Repository, body: bytes) -> None:
        if self.server.refuses:
            return self._json({"error": f"Forbidden: token {self.server.token} may not"}, code=self.server.refuses)
        for line in body.decode("utf-8").splitlines():
            one = json.loads(line)
            if one["key"] == "header":
                repository.summaries.append(one["value"]["summary"])
            elif one["key"] == "file":
                repository.files[one["value"]["path"]] = base64.b64decode(one["value"]["content"])
            elif one["key"] == "deletedFile":
                del repository.files[one["value"]["path"]]
        repository.commit = hashlib.sha1(body).hexdigest()
        name = next(name for name, one in self.server.repositories.items() if one is repository)
        address = f"{self.server.address}/datasets/{name}/commit/{repository.commit}"
        return self._json({"success": True, "commitOid": repository.commit, "commitUrl": address, "hookOutput": ""})

    def _tag(self, repository: Repository, body: bytes) -> None:
        tag = json.loads(body)["tag"]
        code = 409 if tag in repository.tags else 200
        repository.tags.setdefault(tag, repository.commit)
        self._json({}, code=code)

    def _paths_info(self, repository: Repository, body: bytes) -> None:
        # the client sends a form
        from urllib.parse import parse_qs

        text = body.decode("utf-8")
        wanted = json.loads(text)["paths"] if text.startswith("{") else parse_qs(text).get("paths", [])
        self._json([_entry(name, repository.files[name]) for name in wanted if name in repository.files])

    def _read(self, *, with_body: bool) -> None:
        path = urlsplit(self.path).path
        self.server.asked.append(f"GET {path}")
        parts = [unquote(one) for one in path.strip("/").split("/")]
        api = parts[0] == "api"
        name = "/".join(parts[2:4] if api else parts[1:3])
        repository = self.server.repositories.get(name)
        if repository is None:
            return self._missing("RepoNotFound", with_body=with_body)
        if api:
            return self._described(name, repository, parts[4:])
        content = repository.files.get("/".join(parts[5:]))
        if parts[3] != "resolve" or content is None:
            return self._missing("EntryNotFound", with_body=with_body)
        return self._content(content, repository, with_body=with_body)

    def _described(self, name: str, repository: Repository, rest: list[str]) -> None:
        if rest[:1] == ["tree"]:
            return self._json([_entry(one, content) for one, content in sorted(repository.files.items())])
        files = [{"rfilename": one} for one in sorted(repository.files)]
        return self._json({"_id": "1", "id": name, "sha": repository.commit, "private": repository.private, "siblings": files, "tags": []})

    def _content(self, content: bytes, repository: Repository, *, with_body: bool) -> None:
        self.send_response(200)
        self.send_header("ETag", f'"{hashlib.sha1(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", repository.commit)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if with_body:
            self.wfile.write(content)

    def _missing(self, kind: str, *, with_body: bool) -> None:
        self.send_response(404)
        self.send_header("X-Error-Code", kind)
        self.send_header("Content-Length", "2" if with_body else "0")
        self.end_headers()
        if with_body:
            self.wfile.write(b"{}")

    def _json(self, value: Any, *, code: int = 200) -> None:
        content = json.dumps(value).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            pieces = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(pieces)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))


def _entry(name: str, content: bytes) -> dict[str, Any]:
    header = f"blob {len(content)}\0".encode()
    return {"type": "file", "path": name, "size": len(content), "oid": hashlib.sha1(header + content).hexdigest()}
