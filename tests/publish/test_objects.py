"""Releases at addresses of fsspec's file systems: in memory and in a folder; tests/publish/test_s3.py has them on S3."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

import understudy
from tests.publish.interrupted import stored_without_its_manifest
from tests.publish.made import on_shelf, release
from understudy.doors import catalogue
from understudy.doors.objects import ObjectShelf, is_address
from understudy.errors import BadInput, GateFailed, UnderstudyError
from understudy.tasks.publish.uploading import store_release


@pytest.fixture(params=["memory", "file"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An address where nothing lies yet."""
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    yield f"memory://shelf-{tmp_path.name}/own" if request.param == "memory" else f"file://{tmp_path}/objects/own"
    memory.store.clear()


def objects(address: str) -> dict[str, bytes]:
    """Path from the address on → bytes."""
    shelf = ObjectShelf.at(address)
    found = [str(one) for one in shelf.system.find(shelf.root)]
    return {one.split("/own/")[-1]: shelf.system.cat_file(one) for one in found}


def test_a_release_lies_there_as_it_was_published_and_is_pulled_and_verified_there(address: str, tmp_path: Path) -> None:
    shelf = on_shelf(tmp_path / "r", versions=(1, 2))
    catalogue.renew(shelf)
    for version in ("v1", "v2"):
        stored = store_release.fn(str(shelf / "small" / version), address)
        assert (stored["address"], stored["is_new"]) == (f"{address}/small/{version}", True)
    there = objects(address)
    files = [path for path in shelf.rglob("*") if path.is_file() and not path.name.startswith(".")]
    assert there == {path.relative_to(shelf).as_posix(): path.read_bytes() for path in files}
    assert understudy.pull("small", releases=address).equals(understudy.pull("small", releases=shelf))
    fields = understudy.pull("small", version=1, to=tmp_path / "own.jsonl", releases=address)
    assert (fields["version"], fields["n_examples"] > 0) == (1, True)
    verified = understudy.verify(releases=address)
    assert (len(verified["releases"]), verified["mismatches"]) == (2, [])
    listed = understudy.releases(address)["releases"]
    assert [(one["version"], one["path"]) for one in listed] == [(1, f"{address}/small/v1"), (2, f"{address}/small/v2")]


def test_the_same_release_again_writes_nothing_and_another_one_is_refused(address: str, tmp_path: Path) -> None:
    folder = on_shelf(tmp_path / "r") / "small" / "v1"
    store_release.fn(str(folder), address)
    before = objects(address)
    assert not store_release.fn(str(folder), address)["is_new"]
    other = next(on_shelf(tmp_path / "other", made=release(engine="other-model")).glob("small/v1"))
    with pytest.raises(UnderstudyError, match="is another release, and a release is never replaced"):
        store_release.fn(str(other), address)
    assert objects(address) == before


def test_without_its_manifest_a_release_is_not_there_and_the_next_attempt_completes_it(address: str, tmp_path: Path) -> None:
    folder = on_shelf(tmp_path / "r") / "small" / "v1"
    stored_without_its_manifest(folder, address)
    assert objects(address)
    assert understudy.releases(address)["releases"] == []
    with pytest.raises(BadInput, match="there is no release"):
        understudy.pull("small", releases=address)
    assert store_release.fn(str(folder), address)["is_new"]
    assert understudy.verify("small", releases=address)["mismatches"] == []


def test_what_differs_there_is_told_and_not_pulled(address: str, tmp_path: Path) -> None:
    store_release.fn(str(on_shelf(tmp_path / "r") / "small" / "v1"), address)
    shelf = ObjectShelf.at(address)
    shelf.system.pipe_file(f"{shelf.root}/small/v1/messages.jsonl", b"{}\n")
    shelf.system.pipe_file(f"{shelf.root}/small/v1/more", b"")
    with pytest.raises(GateFailed) as refused:
        understudy.verify("small", releases=address)
    assert {one["file"] for one in refused.value.fields["mismatches"]} >= {"messages.jsonl", "more"}
    with pytest.raises(UnderstudyError, match=r"messages\.jsonl"):
        understudy.pull("small", releases=address)


def test_objects_with_names_that_lead_elsewhere_are_left_where_they_are(address: str, tmp_path: Path) -> None:
    store_release.fn(str(on_shelf(tmp_path / "r") / "small" / "v1"), address)
    if address.startswith("memory"):
        there, root = fsspec.filesystem("memory").store, ObjectShelf.at(address).root
        there[f"{root}/../v1/manifest.json"] = there[f"{root}/small/v1/manifest.json"]
    assert [one["name"] for one in understudy.verify(releases=address)["releases"]] == ["small"]


def test_a_version_that_was_retracted_is_not_pulled_from_there_either(address: str, tmp_path: Path) -> None:
    shelf = on_shelf(tmp_path / "r")
    store_release.fn(str(shelf / "small" / "v1"), address)
    catalogue.renew(shelf, {("small", 1): "a person asked for it"})
    store_release.fn(str(shelf / "small" / "v1"), address)
    with pytest.raises(BadInput, match="was retracted"):
        understudy.pull("small", releases=address)
    assert understudy.releases(address)["releases"][0]["retracted"] == "a person asked for it"
    assert understudy.pull("small", releases=address, retracted=True).height


@pytest.mark.parametrize("text", ["nowhere://x/y", "s3://", "memory:///"])
def test_what_is_no_address_is_bad_input(text: str) -> None:
    with pytest.raises(BadInput, match="address"):
        ObjectShelf.at(text)


def test_folders_and_repositories_are_no_addresses() -> None:
    assert not any(is_address(one) for one in ("releases", "/r", "hf:team/seekers", "./s3:/x"))
