"""A release elsewhere too: verified, then uploaded to the Hugging Face hub in one commit, or to an object store, the manifest last."""

from __future__ import annotations

from pathlib import Path

from prefect import task

from understudy.doors.events import emit
from understudy.doors.hub_upload import HubPlace, UploadFields, uploaded
from understudy.doors.objects import ObjectShelf, StoredFields
from understudy.errors import BadInput
from understudy.release.card import is_rehearsal
from understudy.release.verification import verify

_REHEARSAL, _TRAINING = "rehearsal", "training"


@task(name="upload release", task_run_name="upload to {to}", persist_result=False)
def upload_release(folder: str, to: str) -> UploadFields:
    """Where the release lies on the hub. Raises BadInput for a repository that hides what it holds."""
    place, manifest = HubPlace.of(to), verify(Path(folder))
    require_honest(place, manifest["engine"])
    message = f"{manifest['name']} version {manifest['version']}, digest {manifest['digest'][:16]}"
    fields = uploaded(Path(folder), place, tag=f"v{manifest['version']}", message=message)
    emit("publish", "release_uploaded", f"{fields['repository']}/{fields['commit']}")
    return fields


@task(name="store release", task_run_name="store at {to}", persist_result=False)
def store_release(folder: str, to: str) -> StoredFields:
    """Where the release lies on an object store. A release that is there already is left as it is."""
    verify(Path(folder))
    fields = ObjectShelf.at(to).put(Path(folder))
    emit("publish", "release_stored", fields["address"])
    return fields


def require_honest(place: HubPlace, engine: str) -> None:
    """Raises BadInput where rehearsal played and the name of the repository does not say so, or calls it a training set."""
    name = place.repository.casefold()
    if is_rehearsal(engine) and (_REHEARSAL not in name or _TRAINING in name):
        raise BadInput(
            f"rehearsal played the release, and {place.repository} does not say so: rehearsal is no language model",
            hint=f"name a repository with {_REHEARSAL!r} and without {_TRAINING!r} in its name",
        )
