"""Retractions: a version that is found to be wrong is marked with the reason, and never changed or deleted."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

from understudy.doors import catalogue
from understudy.doors.events import emit
from understudy.doors.store import Store
from understudy.errors import BadInput


class RetractedRelease(TypedDict):
    """A version that is retracted, and why."""

    name: str
    version: int
    reason: str


class RetractFields(TypedDict):
    """The fields of `understudy retract`. `n_new`: how many versions were not retracted before; their first reason stays."""

    retracted: list[RetractedRelease]
    n_new: int
    catalogue: str


def retract_release(store: Store, name: str, *, why: str, version: int | None, releases_dir: Path) -> RetractFields:
    """The fields of `understudy retract`: every version of a release, or one of them, is marked. Raises BadInput."""
    if not why.strip():
        raise BadInput("--why is empty", hint="write the reason, which those who pull the release are told")
    published = {row["version"] for row in store.rows("publish/releases") if row["name"] == name}
    published |= {row["version"] for row in catalogue.rows(releases_dir) if row["name"] == name}
    wanted = sorted(published if version is None else published & {version})
    if not wanted:
        told = f"{name!r}" if version is None else f"{name!r} with version {version}"
        raise BadInput(f"no release is called {told}", hint="`understudy releases` lists them")
    with store.transaction():
        n_new = store.add("publish.retractions", [{"name": name, "version": one, "reason": why.strip()} for one in wanted])
    file = renew_catalogue(store, releases_dir)
    emit("publish", "release_retracted", f"{name}/{','.join(map(str, wanted))}")
    reasons = {(row["name"], row["version"]): row["reason"] for row in store.rows("publish/retractions")}
    told_of: list[RetractedRelease] = [{"name": name, "version": one, "reason": reasons[(name, one)]} for one in wanted]
    return {"retracted": told_of, "n_new": n_new, "catalogue": str(file)}


def renew_catalogue(store: Store, releases_dir: Path) -> Path:
    """The catalogue of the folder, with what this store says is retracted."""
    return catalogue.renew(releases_dir, {(row["name"], row["version"]): row["reason"] for row in store.rows("publish/retractions")})
