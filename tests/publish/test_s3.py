"""Releases on S3: the real client against a server of moto's on loopback, in an environment of its own (`make integration`)."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import understudy
from tests.publish.interrupted import stored_without_its_manifest
from tests.publish.made import on_shelf
from understudy.doors.objects import ObjectShelf
from understudy.errors import BadInput, GateFailed, UnderstudyError
from understudy.tasks.publish.uploading import store_release

ROOT = Path(__file__).resolve().parents[2]
SERVER = ROOT / ".venv-objects" / "bin" / "moto_server"
PATIENCE_S = 120.0
pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not SERVER.exists(), reason="there is no .venv-objects: `make integration` makes it"),
]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Host and port of a server that speaks S3, with a bucket `team`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        at = f"127.0.0.1:{probe.getsockname()[1]}"
    command = [str(SERVER), "-H", "127.0.0.1", "-p", at.split(":")[1]]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    end = time.monotonic() + PATIENCE_S
    while True:
        assert process.poll() is None
        assert time.monotonic() < end
        try:
            assert httpx.put(f"http://{at}/team", timeout=5.0).is_success
            break
        except httpx.TransportError:
            time.sleep(0.2)
    yield at
    process.terminate()
    process.wait(30)


@pytest.fixture
def address(server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """An address where nothing lies yet."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return f"s3://team/{tmp_path.name}?endpoint_override={server}&scheme=http&region=us-east-1"


def test_a_release_lies_on_s3_and_is_verified_and_pulled_from_there(address: str, tmp_path: Path) -> None:
    shelf = on_shelf(tmp_path / "r", versions=(1, 2))
    for version in ("v1", "v2"):
        stored = store_release.fn(str(shelf / "small" / version), address)
        assert (stored["is_new"], stored["address"]) == (True, f"s3://team/{tmp_path.name}/small/{version}")
    assert not store_release.fn(str(shelf / "small" / "v2"), address)["is_new"]
    assert len(understudy.verify(releases=address)["releases"]) == 2
    assert understudy.pull("small", releases=address).equals(understudy.pull("small", releases=shelf))
    assert [one["version"] for one in understudy.releases(address)["releases"]] == [1, 2]


def test_a_release_without_its_manifest_is_not_there_and_is_completed(address: str, tmp_path: Path) -> None:
    folder = on_shelf(tmp_path / "r") / "small" / "v1"
    stored_without_its_manifest(folder, address)
    with pytest.raises(BadInput, match="there is no release"):
        understudy.pull("small", releases=address)
    assert store_release.fn(str(folder), address)["is_new"]
    assert understudy.verify("small", releases=address)["mismatches"] == []


def test_what_differs_on_s3_is_told(address: str, tmp_path: Path) -> None:
    store_release.fn(str(on_shelf(tmp_path / "r") / "small" / "v1"), address)
    shelf = ObjectShelf.at(address)
    shelf.system.pipe_file(f"{shelf.root}/small/v1/messages.jsonl", b"{}\n")
    with pytest.raises(GateFailed, match=r"messages\.jsonl"):
        understudy.verify("small", releases=address)


def test_a_bucket_that_is_not_there_is_told(server: str, address: str, tmp_path: Path) -> None:
    folder = on_shelf(tmp_path / "r") / "small" / "v1"
    with pytest.raises(UnderstudyError, match="cannot be written"):
        store_release.fn(str(folder), address.replace("s3://team/", "s3://nobody/"))
    assert server
