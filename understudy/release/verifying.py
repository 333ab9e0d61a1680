"""What `understudy verify` answers: the releases of a folder, each held against its manifest and its digest."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

from understudy.doors import releases as shelf
from understudy.errors import BadInput, GateFailed
from understudy.release.verification import Verification, verified

_N_TOLD = 3


class VerifiedRelease(TypedDict):
    """A version of a release that was looked at; `digest` is what its manifest says, empty where that cannot be read."""

    name: str
    version: int
    digest: str
    n_files: int


class ReleaseMismatch(TypedDict):
    """A file of a release that is not what was published, and why."""

    release: str
    version: int
    file: str
    reason: str


class VerifyFields(TypedDict):
    """The fields of `understudy verify`. `notes`: what the format of a manifest cannot show."""

    releases: list[VerifiedRelease]
    n_files: int
    mismatches: list[ReleaseMismatch]
    notes: list[str]


def verified_releases(releases_dir: Path, name: str | None, *, version: int | None, expected: str | None) -> VerifyFields:
    """The fields of `understudy verify`. Raises GateFailed, which carries them, where anything differs; BadInput where none is there.

    `expected`: the digest that the one release that is asked for must have.
    """
    folders = shelf.folders(releases_dir, name, version)
    if expected is not None and len(folders) > 1:
        raise BadInput(f"--digest is given, and there are {len(folders)} releases", hint="name one release and its --version")
    found = [(folder.parent.name, int(folder.name[1:]), verified(folder)) for folder in folders]
    fields: VerifyFields = {
        "releases": [
            {"name": of, "version": at, "digest": str(one.manifest.get("digest", "")), "n_files": one.n_files} for of, at, one in found
        ],
        "n_files": sum(one.n_files for *_, one in found),
        "mismatches": [each for of, at, one in found for each in _mismatches(of, at, one, expected)],
        "notes": [f"{of} v{at}: {note}" for of, at, one in found for note in one.notes],
    }
    if fields["mismatches"]:
        hint = "copy the release again from its source; a release must not be edited"
        raise GateFailed(_summary(fields["mismatches"]), hint=hint, fields=dict(fields))
    return fields


def _mismatches(name: str, version: int, one: Verification, expected: str | None) -> list[ReleaseMismatch]:
    found: list[ReleaseMismatch] = [{"release": name, "version": version, **each} for each in one.mismatches]
    digest = one.manifest.get("digest", "")
    if expected is not None and digest != expected:
        reason = f"has the digest {digest}; {expected} was expected"
        found.append({"release": name, "version": version, "file": "manifest.json", "reason": reason})
    return found


def _summary(mismatches: list[ReleaseMismatch]) -> str:
    told = "; ".join(f"{one['release']} v{one['version']}: {one['file']} {one['reason']}" for one in mismatches[:_N_TOLD])
    more = f"; and {len(mismatches) - _N_TOLD} more" if len(mismatches) > _N_TOLD else ""
    return f"{len(mismatches)} mismatches: {told}{more}"
