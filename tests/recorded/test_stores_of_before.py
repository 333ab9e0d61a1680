"""Stores and releases of earlier versions open, migrate, are read and verify."""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import zstandard

from tests.stored import on
from understudy.doors.migrations import MIGRATIONS
from understudy.doors.store import Store
from understudy.errors import BadInput, UnderstudyError
from understudy.plugins import load, names
from understudy.release.pulling import pull
from understudy.release.selection import Wanted
from understudy.release.verification import verified, verify
from understudy.tasks.status import store_status
from understudy.tasks.validate.batch import validate_batch

HERE = Path(__file__).parent
VERSIONS = sorted(path.stem for path in HERE.glob("v*.json"))


@dataclass(frozen=True, slots=True)
class Recording:
    """A store and the releases beside it as they were unpacked, and what their version said of them."""

    store: Path
    releases: Path
    said: dict[str, Any]

    @property
    def release(self) -> Path:
        """The folder of the recorded release."""
        return self.releases / self.said["release"]["name"] / f"v{self.said['release']['version']}"


@pytest.fixture(params=VERSIONS)
def recording(request: pytest.FixtureRequest, tmp_path: Path) -> Recording:
    """A copy of one recording for one test."""
    unpack = zstandard.ZstdDecompressor()
    store = tmp_path / "store.duckdb"
    store.write_bytes(unpack.decompress((HERE / f"{request.param}-store.duckdb.zst").read_bytes()))
    packed = unpack.decompress((HERE / f"{request.param}-releases.tar.zst").read_bytes())
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(tmp_path, filter="data")
    return Recording(store, tmp_path / "releases", json.loads((HERE / f"{request.param}.json").read_text("utf-8")))


def test_there_is_a_recording() -> None:
    assert VERSIONS


def test_a_store_of_before_opens_migrates_and_holds_every_row(recording: Recording) -> None:
    with Store.open(recording.store) as store:
        counts = store.counts()
        digest = store.digest()
    assert {name: counts[name] for name in recording.said["tables"]} == recording.said["tables"]
    if recording.said["migrations"] == len(list(MIGRATIONS.glob("*.sql"))):
        assert digest == recording.said["store_digest"]


def test_status_of_a_store_of_before_names_its_release(recording: Recording) -> None:
    with Store.open(recording.store):
        pass
    status = store_status(recording.store)
    named = {name: status["releases"][0][name] for name in ("name", "version", "digest")}
    assert named == recording.said["release"]


def test_a_release_of_before_verifies_and_is_pulled(recording: Recording, tmp_path: Path) -> None:
    assert verify(recording.release)["digest"] == recording.said["release"]["digest"]
    pulled = pull(recording.releases).write(tmp_path / "out.jsonl")
    assert pulled["n_examples"] == recording.said["tables"]["publish.examples"]


@pytest.mark.parametrize("form", [form for form in names("exports") if form != "messages"])
def test_a_form_that_reads_what_a_release_of_before_has_not_says_so(recording: Recording, form: str) -> None:
    needs = load("exports", form).NEEDS
    if not needs:
        assert pull(recording.releases, wanted=Wanted(form)).frame().height == recording.said["tables"]["publish.examples"]
        return
    with pytest.raises(BadInput, match="was published before releases had"):
        pull(recording.releases, wanted=Wanted(form))


def test_a_release_of_before_has_no_parts(recording: Recording) -> None:
    with pytest.raises(BadInput, match="was published before releases had split"):
        pull(recording.releases, wanted=Wanted(split="train"))


def test_a_release_of_before_says_what_its_digest_does_not_cover(recording: Recording) -> None:
    found = verified(recording.release)
    assert found.mismatches == ()
    assert len(found.notes) == (1 if found.manifest["format"] == 1 else 0)


def test_a_release_of_before_whose_manifest_lists_nothing_does_not_verify(recording: Recording) -> None:
    manifest = recording.release / "manifest.json"
    manifest.chmod(0o644)
    manifest.write_text(json.dumps({**json.loads(manifest.read_text("utf-8")), "files": {}}), encoding="utf-8")
    assert {"file": "CARD.md", "reason": "is not listed in the manifest"} in verified(recording.release).mismatches


def test_a_release_of_before_with_one_byte_changed_does_not_verify(recording: Recording) -> None:
    changed = recording.release / "messages.jsonl"
    changed.chmod(0o644)
    content = bytearray(changed.read_bytes())
    content[len(content) // 2] ^= 1
    changed.write_bytes(content)
    with pytest.raises(UnderstudyError):
        verify(recording.release)


def test_verdicts_of_before_are_served_and_not_judged_anew(recording: Recording) -> None:
    with Store.open(recording.store) as store:
        (batch,) = store.rows("simulate/named", batch="one", dataset="sample")
    judged = on(recording.store, validate_batch, batch["batch_key"])
    assert len(judged["verdicts"]) == recording.said["tables"]["validate.verdicts"]
    assert all(verdict["passed"] for verdict in judged["verdicts"])
