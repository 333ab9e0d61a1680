"""The door by which a release reaches the Hugging Face hub. `HF_ENDPOINT` names another hub, and `HF_TOKEN` the account."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from understudy.doors.gateway.calls import scrubbed
from understudy.errors import BadInput, UnderstudyError

_WRITTEN = re.compile(r"^hf:(?P<repository>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)$")
INSTALL = "pip install huggingface_hub, or `make install-local`"


class UploadFields(TypedDict):
    """Where a release lies on a hub: its repository, the commit, the tag of its version, and whether the repository is new."""

    repository: str
    commit: str
    tag: str
    url: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class HubPlace:
    """A repository of data sets on a hub."""

    repository: str

    @classmethod
    def of(cls, text: str) -> HubPlace:
        """The repository that `hf:OWNER/NAME` names. Raises BadInput."""
        found = _WRITTEN.match(text)
        if found is None or ".." in text or text.endswith((".git", ".")):
            raise BadInput(f"--to {text!r} names no repository", hint="write hf:OWNER/NAME")
        return cls(found["repository"])


def require_client() -> None:
    """Raises BadInput where the hub's client is not installed."""
    try:
        import huggingface_hub  # noqa: F401
    except ImportError:
        raise BadInput("huggingface_hub, which publishes to the hub, is not installed", hint=INSTALL) from None


def uploaded(folder: Path, place: HubPlace, *, tag: str, message: str) -> UploadFields:
    """Where the folder lies now: one commit with all of its files, under a tag. Raises UnderstudyError.

    A repository that is not there is made, and is private: its owner decides on the hub who may see it.
    """
    require_client()
    from huggingface_hub import HfApi, errors

    api = HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None)
    try:
        is_new = not api.repo_exists(place.repository, repo_type="dataset")
        if is_new:
            api.create_repo(place.repository, repo_type="dataset", private=True, exist_ok=True)
        commit = api.upload_folder(
            repo_id=place.repository, repo_type="dataset", folder_path=folder, commit_message=message, delete_patterns="*"
        )
        api.create_tag(place.repository, repo_type="dataset", tag=tag, revision=commit.oid, exist_ok=True)
    except (errors.HfHubHTTPError, OSError, ValueError) as error:
        said = scrubbed(str(error).strip().split("\n")[0])
        hint = "the release itself is published; check OWNER/NAME, a HF_TOKEN that may write, and HF_ENDPOINT, then run the command again"
        raise UnderstudyError(f"{place.repository} could not be written on the hub: {said}", hint=hint) from None
    return {"repository": place.repository, "commit": str(commit.oid), "tag": tag, "url": str(commit.commit_url), "is_new": is_new}
