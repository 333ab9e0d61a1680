"""A release on a hub: the real client writes it to a hub on loopback, whole, under its version, and without showing the token."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import huggingface_hub.constants
import pytest

from tests.publish.hub import Hub, running_hub
from tests.publish.made import on_shelf, release
from understudy.doors.hub_upload import HubPlace
from understudy.errors import BadInput, UnderstudyError
from understudy.tasks.publish.uploading import require_honest, upload_release


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    """A hub on loopback that knows the token of the environment."""
    with running_hub() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        monkeypatch.setenv("HF_TOKEN", hub.token)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
        yield hub


def test_a_release_is_one_commit_with_every_file_under_the_tag_of_its_version(hub: Hub, tmp_path: Path) -> None:
    folder = on_shelf(tmp_path / "r", versions=(1, 2)) / "small"
    fields = upload_release.fn(str(folder / "v1"), "hf:team/seekers")
    repository = hub.repositories["team/seekers"]
    assert repository.private
    assert repository.files == {path.name: path.read_bytes() for path in (folder / "v1").iterdir()}
    assert (fields["is_new"], fields["tag"], repository.tags) == (True, "v1", {"v1": fields["commit"]})
    (summary,) = repository.summaries
    assert summary.startswith("small version 1, digest ")
    again = upload_release.fn(str(folder / "v2"), "hf:team/seekers")
    assert (again["is_new"], list(repository.tags)) == (False, ["v1", "v2"])
    assert repository.files["README.md"] == (folder / "v2" / "README.md").read_bytes()


@pytest.mark.parametrize("code", [401, 403])
def test_a_hub_that_refuses_is_told_without_the_token(hub: Hub, tmp_path: Path, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = on_shelf(tmp_path / "r") / "small" / "v1"
    hub.refuses = code
    if code == 401:
        monkeypatch.setenv("HF_TOKEN", "another-secret")
    with pytest.raises(UnderstudyError, match=r"team/seekers could not be written on the hub") as refused:
        upload_release.fn(str(folder), "hf:team/seekers")
    assert "secret" not in refused.value.message
    assert "the release itself is published" in refused.value.hint


@pytest.mark.parametrize("text", ["team/seekers", "hf:seekers", "hf:team/../x", "hf:team/sub/x", "hf:te am/x", "hf:team/x.git", "hf:"])
def test_what_is_no_repository_is_bad_input(text: str) -> None:
    with pytest.raises(BadInput, match="names no repository"):
        HubPlace.of(text)


def test_what_rehearsal_played_says_so_in_the_name_of_its_repository(hub: Hub, tmp_path: Path) -> None:
    folder = next(on_shelf(tmp_path / "r", made=release(engine="rehearsal")).glob("*/v1"))
    for name in ("team/seekers", "team/rehearsal-training"):
        with pytest.raises(BadInput, match="rehearsal is no language model"):
            upload_release.fn(str(folder), f"hf:{name}")
        require_honest(HubPlace(name), "some-model")
    assert hub.repositories == {}
    assert upload_release.fn(str(folder), "hf:team/seekers-rehearsal")["is_new"]


def test_a_release_that_is_not_what_was_published_is_not_uploaded(hub: Hub, tmp_path: Path) -> None:
    folder = on_shelf(tmp_path / "r") / "small" / "v1"
    (folder / "items.parquet").unlink()
    with pytest.raises(UnderstudyError, match="differs from what was published"):
        upload_release.fn(str(folder), "hf:team/seekers")
    assert hub.repositories == {}
