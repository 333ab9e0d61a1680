"""Weights of the Hugging Face hub, fetched once into its own cache. `HF_ENDPOINT` names another hub, `HF_HUB_OFFLINE=1` none."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from understudy.doors.gateway.calls import scrubbed
from understudy.errors import BadInput

_WRITTEN = re.compile(r"^hf:(?P<repository>[^/@\s]+/[^/@\s]+)/(?P<file>[^@\s]+\.gguf)(?:@(?P<revision>[^@\s]+))?$")
_SNAPSHOTS = "snapshots"


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of a repository of the hub; `revision` is a branch, a tag or a commit, None is the newest."""

    repository: str
    file: str
    revision: str | None

    @classmethod
    def of(cls, text: str) -> HubFile:
        """The file that `hf:OWNER/REPO/FILE.gguf[@REVISION]` names. Raises BadInput."""
        found = _WRITTEN.match(text)
        if found is None or ".." in found["file"].split("/"):
            raise BadInput(
                f"local/{text} does not name a file of the hub",
                hint="write local/hf:OWNER/REPO/FILE.gguf, with @REVISION behind it for a branch, a tag or a commit",
            )
        return cls(found["repository"], found["file"], found["revision"])


def fetched(wanted: HubFile) -> tuple[Path, str]:
    """Where the file lies, and the commit that it is from; downloaded where it is not there. Raises BadInput."""
    try:
        from huggingface_hub import errors, hf_hub_download
    except ImportError:
        from understudy.doors.local.packaged import INSTALL

        raise BadInput("huggingface_hub, which fetches weights from the hub, is not installed", hint=INSTALL) from None
    endpoint = os.environ.get("HF_ENDPOINT") or None
    try:
        path = Path(hf_hub_download(wanted.repository, wanted.file, revision=wanted.revision, endpoint=endpoint))
    except errors.GatedRepoError as error:
        raise _not_fetched(wanted, error, "accept the model's licence on the hub, and set HF_TOKEN to a token of your account") from None
    except errors.RepositoryNotFoundError as error:
        raise _not_fetched(wanted, error, "check OWNER/REPO; a private repository needs HF_TOKEN") from None
    except errors.RevisionNotFoundError as error:
        raise _not_fetched(wanted, error, "check the revision behind @: a branch, a tag or a commit of the repository") from None
    except errors.LocalEntryNotFoundError as error:
        raise _not_fetched(
            wanted, error, "the hub cannot be reached and the file was not fetched before; name a file as local/PATH.gguf"
        ) from None
    except errors.EntryNotFoundError as error:
        raise _not_fetched(wanted, error, "check the file's name in the list of files of the repository") from None
    except (OSError, ValueError, errors.HfHubHTTPError) as error:
        raise _not_fetched(wanted, error, "check the connection, HF_ENDPOINT and the room on the disk, then try again") from None
    return path, _commit(path)


def _commit(path: Path) -> str:
    """The commit in the path of a cached file: `…/snapshots/COMMIT/FILE`."""
    parts = path.parts
    return parts[len(parts) - parts[::-1].index(_SNAPSHOTS)]


def _not_fetched(wanted: HubFile, error: Exception, hint: str) -> BadInput:
    said = scrubbed(str(error).strip().split("\n")[0])
    return BadInput(f"{wanted.repository}/{wanted.file} was not fetched from the hub: {said}", hint=hint)
