"""Finding the weights that a name means, and refusing at once what no server could serve."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from understudy.doors.local import digests
from understudy.doors.local.header import Header, read_header
from understudy.doors.local.hub import HubFile, fetched
from understudy.doors.local.naming import HUB, is_keyed, keyed
from understudy.doors.local.packaged import INSTALL, PACKAGED, packaged_file
from understudy.doors.local.sides import require_exchangeable
from understudy.errors import BadInput
from understudy.parameters import LOCAL, LocalServing, Models

SUFFIX, ENGINE = ".gguf", "xllamacpp"
_N_LISTED = 8


@dataclass(frozen=True, slots=True)
class Weights:
    """A file of weights. `source`: the package with its version, the hub's name for it, or `file`; `revision`: a commit of the hub."""

    path: Path
    header: Header
    source: str
    revision: str = ""

    @property
    def n_bytes(self) -> int:
        """Size of the file."""
        return self.path.stat().st_size

    def keyed(self, serving: LocalServing) -> str:
        """The name of the model in keys. Reads the whole file where its digest is not known."""
        return keyed(self.header, digests.sha256_of(self.path), serving)


def find(written: str) -> Weights:
    """The weights that `local/…` means; fetched from the hub where it says so. Raises BadInput."""
    name = written.removeprefix(LOCAL)
    if name in PACKAGED:
        path, source = packaged_file(name)
        return Weights(path, read_header(path), source)
    if name.startswith(HUB):
        wanted = HubFile.of(name)
        path, commit = fetched(wanted)
        return Weights(path, read_header(path), f"{HUB}{wanted.repository}/{wanted.file}", commit)
    if is_keyed(written):
        raise BadInput(
            f"{written} names weights by their digest, which says what they are and not where",
            hint="name the file as local/PATH.gguf, or give the recording of their replies with --recording",
        )
    path = Path(os.path.expanduser(name))
    if not path.is_file():
        raise _nothing_there(written, path)
    return Weights(path, read_header(path), "file")


def weights_of(models: Models) -> dict[str, Weights]:
    """The weights of every local model that may be asked, by its name as it is written. Raises BadInput for what cannot be served.

    A recording answers for a model that is written as it stands in keys, with the digest of its weights: none are needed.
    """
    is_there = models.recording is not None
    weights = {name: find(name) for name in models.asked() if name.startswith(LOCAL) and not (is_there and is_keyed(name))}
    given, side = models.local.chat_template, models.local.seeker_side
    if given is not None and side == "user":
        require_exchangeable(given, named="--chat-template")
    for one in weights.values():
        require_servable(one, has_template=given is not None, seeker_side=side)
    return weights


def named_in_keys(models: Models) -> Models:
    """`models` with each local one under its name in keys. Raises BadInput for weights that are not there or cannot be served."""
    return models.renamed({written: one.keyed(models.local) for written, one in weights_of(models).items()})


def require_before(written: str, *, has_template: bool, seeker_side: str = "assistant") -> None:
    """Raises BadInput for weights that cannot be served, as far as that is known without a download and without reading all of them."""
    if written.removeprefix(LOCAL).startswith(HUB):
        HubFile.of(written.removeprefix(LOCAL))
    else:
        require_servable(find(written), has_template=has_template, seeker_side=seeker_side)
    if not is_engine_there():
        raise BadInput(f"xllamacpp, which serves {written}, is not installed", hint=INSTALL)


def is_engine_there() -> bool:
    """Whether llama.cpp is installed as a package."""
    return find_spec(ENGINE) is not None


def require_servable(weights: Weights, *, has_template: bool, seeker_side: str = "assistant") -> None:
    """Raises BadInput for a base model without a chat template, one part of several, and a template whose roles cannot be exchanged."""
    header = weights.header
    parts = header.fields.get("split.count", 1)
    if isinstance(parts, int) and parts > 1:
        raise BadInput(
            f"{weights.path} is one of {parts} parts of a model",
            hint="join them with `llama-gguf-split --merge FIRST OUT.gguf`, and name OUT.gguf",
        )
    if not header.chat_template and not has_template:
        raise BadInput(
            f"{weights.path} ({header.name}) has no chat template: it is a base model, which continues text and was not taught to converse",
            hint="name an instruct or chat model; a template for this one can be given with --chat-template FILE",
        )
    if seeker_side == "user" and not has_template:
        require_exchangeable(header.chat_template, named=str(weights.path))


def _nothing_there(written: str, path: Path) -> BadInput:
    """What there is instead of what was named."""
    named = ", ".join(f"{LOCAL}{name}" for name in PACKAGED)
    folder = path.parent
    beside = sorted(one.name for one in folder.glob(f"*{SUFFIX}"))[:_N_LISTED] if path.suffix == SUFFIX and folder.is_dir() else []
    there = f"; {folder} holds {', '.join(beside) or f'no {SUFFIX} file'}" if path.suffix == SUFFIX else ""
    return BadInput(
        f"there is no local model {written!r}{there}",
        hint=f"packaged models are {named}; write local/PATH{SUFFIX} for a file, local/hf:OWNER/REPO/FILE{SUFFIX} for one of the hub",
    )
