"""The door to object stores: releases at an address that fsspec knows, such as `s3://BUCKET/PREFIX`, as `ADDRESS/NAME/vN/`.

An object store has no rename, so the manifest is what makes a release: it is written last, and what has none is not there. S3 is
reached by pyarrow's client, which the lock has already (docs/decisions/0249-s3-by-pyarrow.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypedDict

from understudy.doors import catalogue, releases
from understudy.errors import BadInput, UnderstudyError

MANIFEST = "manifest.json"
_WRITTEN = re.compile(r"^(?P<protocol>[a-z][a-z0-9+.-]*)://(?P<rest>.*)$")
# an object may be called anything, and what is copied stays in its folder
_UPWARDS = ("", ".", "..")
_S3 = ("s3", "s3a")
_CLIENTS = "pip install the package of fsspec's for it, such as gcsfs for gs:// or adlfs for abfs://"


class StoredFields(TypedDict):
    """Where a release lies on an object store; `is_new` is False where it was there already."""

    address: str
    n_files: int
    is_new: bool


def is_address(place: str) -> bool:
    """Whether a place is the address of an object store, and no folder."""
    return _WRITTEN.match(place) is not None


def bare(address: str) -> str:
    """An address without a slash at its end and without options, `?NAME=VALUE`, which name a server."""
    return address.partition("?")[0].rstrip("/")


@dataclass(frozen=True, slots=True)
class ObjectShelf:
    """Releases at an address, which stands here without its options. `system` is of fsspec's, and `root` the path of the address on it."""

    address: str
    system: Any
    root: str

    @classmethod
    def at(cls, address: str) -> ObjectShelf:
        """The releases at an address. Raises BadInput for one that cannot be used."""
        found = _WRITTEN.match(address)
        if found is None or not found["rest"].strip("/"):
            raise BadInput(f"{address!r} is no address of releases", hint="write PROTOCOL://PLACE, for example s3://BUCKET/PREFIX")
        try:
            system, root = _s3(address) if found["protocol"] in _S3 else _of_fsspec(address)
        except (ImportError, ValueError, OSError) as error:
            raise BadInput(f"the address {address} cannot be used: {error}", hint=f"check it; {_CLIENTS}") from error
        return cls(bare(address), system, root.rstrip("/"))

    def put(self, folder: Path) -> StoredFields:
        """Where the release of a folder, `…/NAME/vN`, lies now. Raises UnderstudyError where another one has its place.

        All files are written and their sizes compared before the manifest is; what a run that was killed left is written over.
        """
        name, version = folder.parent.name, folder.name
        files = sorted(path for path in folder.iterdir() if path.name != MANIFEST)
        place, manifest = f"{self.root}/{name}/{version}", (folder / MANIFEST).read_bytes()
        with self._with_advice(f"{name}/{version} cannot be written"):
            there = self._read(f"{place}/{MANIFEST}")
            if there is not None and there != manifest:
                raise UnderstudyError(
                    f"{self.address}/{name}/{version} is another release, and a release is never replaced",
                    hint="publish under another name, or to another address",
                )
            if there is None:
                self.system.makedirs(place, exist_ok=True)
                for path in files:
                    self.system.put_file(str(path), f"{place}/{path.name}")
                self._require_sizes(place, files)
                self._write_at_once(f"{place}/{MANIFEST}", manifest)
            shelf_catalogue = folder.parent.parent / catalogue.FILE
            if shelf_catalogue.is_file():
                self._write_at_once(f"{self.root}/{catalogue.FILE}", shelf_catalogue.read_bytes())
        return {"address": f"{self.address}/{name}/{version}", "n_files": len(files) + 1, "is_new": there is None}

    def manifests_into(self, here: Path) -> None:
        """Writes the catalogue and the manifest of every release into a folder: what it takes to choose one."""
        with self._with_advice("cannot be read"):
            found = self._read(f"{self.root}/{catalogue.FILE}")
            if found is not None:
                (here / catalogue.FILE).write_bytes(found)
            for path in self.system.glob(f"{self.root}/*/v*/{MANIFEST}"):
                name, version = str(path).split("/")[-3:-1]
                if name in _UPWARDS or not version[1:].isdigit():
                    continue
                folder = here / name / version
                folder.mkdir(parents=True)
                folder.joinpath(MANIFEST).write_bytes(self.system.cat_file(path))

    def fill(self, folder: Path) -> None:
        """Writes what a release holds beside its manifest into its folder; a folder in it as one, since a release has none."""
        place = f"{self.root}/{folder.parent.name}/{folder.name}"
        with self._with_advice("cannot be read"):
            for one in self.system.ls(place, detail=True):
                target = folder / str(one["name"]).rstrip("/").split("/")[-1]
                if target.name in _UPWARDS:
                    continue
                if one["type"] == "directory":
                    target.mkdir()
                elif target.name != MANIFEST:
                    self.system.get_file(one["name"], str(target))

    def _require_sizes(self, place: str, files: list[Path]) -> None:
        for path in files:
            n = int(self.system.info(f"{place}/{path.name}")["size"])
            if n != path.stat().st_size:
                raise UnderstudyError(
                    f"{place}/{path.name} has {n} bytes after it was written, and {path.stat().st_size} were sent",
                    hint="run the same command again",
                )

    def _read(self, path: str) -> bytes | None:
        """The bytes at a path; None where nothing is there. What was listed before is not relied on."""
        self.system.invalidate_cache()
        return bytes(self.system.cat_file(path)) if self.system.exists(path) else None

    def _write_at_once(self, path: str, content: bytes) -> None:
        """Writes a small object that a reader sees whole or not at all: an object store puts it so, a file system renames it."""
        if "file" in self.system.protocol:
            with self.system.transaction, self.system.open(path, "wb") as file:
                file.write(content)
        else:
            self.system.pipe_file(path, content)

    @contextmanager
    def _with_advice(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise UnderstudyError(
                f"{self.address}: {what}: {error}",
                hint="check the address and that the credentials of the environment allow it, then run the same command again",
            ) from error


@contextmanager
def mirrored(place: Path | str, name: str | None, version: int | None, *, chosen: bool, retracted: bool = False) -> Iterator[Path]:
    """The folder of releases for a block: `place` itself, or a copy of what an object store holds, which is removed at its end.

    `chosen`: of the releases that agree with name and version, the one that `understudy pull` takes; all of them where it is False.
    Raises BadInput where none agrees.
    """
    if not is_address(str(place)):
        yield Path(place)
        return
    shelf = ObjectShelf.at(str(place))
    with TemporaryDirectory(prefix="releases-") as temporary:
        here = Path(temporary)
        shelf.manifests_into(here)
        if chosen:
            gone = set() if retracted else set(catalogue.retractions(here))
            wanted = [releases.find(here, name, version, beside=gone)]
        else:
            wanted = releases.folders(here, name, version)
        for folder in wanted:
            shelf.fill(folder)
        yield here


@contextmanager
def listed(place: Path | str) -> Iterator[Path]:
    """The folder of releases for a block in which they are only listed: of an object store the catalogue and the manifests."""
    if not is_address(str(place)):
        yield Path(place)
        return
    shelf = ObjectShelf.at(str(place))
    with TemporaryDirectory(prefix="releases-") as temporary:
        shelf.manifests_into(Path(temporary))
        yield Path(temporary)


def _of_fsspec(address: str) -> tuple[Any, str]:
    from fsspec.core import url_to_fs

    system, root = url_to_fs(address)
    return system, str(root)


def _s3(address: str) -> tuple[Any, str]:
    """pyarrow's client behind the face of fsspec's; `?endpoint_override=HOST:PORT&scheme=http` in the address names another server."""
    from fsspec.implementations.arrow import ArrowFSWrapper
    from pyarrow.fs import FileSystem

    client, root = FileSystem.from_uri(address.replace("s3a://", "s3://", 1))
    return ArrowFSWrapper(client, skip_instance_cache=True), str(root)
