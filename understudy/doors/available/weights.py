"""Weights that this process could serve: those of packages, of the hub's cache, and the GGUF files in folders that the user names."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from understudy.doors.available import AvailableModel
from understudy.doors.local import digests
from understudy.doors.local.packaged import INSTALL, PACKAGED
from understudy.doors.local.weights import ENGINE, SUFFIX, Weights, find, is_engine_there, require_servable
from understudy.errors import BadInput
from understudy.parameters import LOCAL

# a listing must not take long: folders are walked so far, and weights are read whole up to so many bytes
_MOST_FILES, _MOST_READ = 200, 256 << 20
_NOT_ENGINE = f"{ENGINE}, which serves it, is not installed; {INSTALL}"


def local_models(folders: Sequence[Path]) -> list[AvailableModel]:
    """The packaged models, then every GGUF file of the hub's cache and of the folders, with why it cannot be served."""
    named = [f"{LOCAL}{name}" for name in PACKAGED]
    paths = islice(_files([*_hub_caches(), *folders]), _MOST_FILES)
    found, left = [], _MOST_READ
    for name in (*named, *(f"{LOCAL}{path}" for path in paths)):
        model, n_read = _local(name, left)
        found.append(model)
        left -= n_read
    return found


def _local(name: str, most_read: int) -> tuple[AvailableModel, int]:
    """The model of a name, and how many bytes were read for its digest."""
    try:
        weights = find(name)
    except BadInput as error:
        return _unusable(name, error), 0
    digest, n_read = _digest(weights, most_read)
    header = weights.header
    return AvailableModel(
        name=name, kind="local", served_by="llama.cpp", options=("--model", name), context=header.context, usd_per_m_in=0.0,
        usd_per_m_out=0.0, schema_replies=True, sha256=digest, quantization=header.quantization, n_bytes=weights.n_bytes,
        not_ready=_not_ready(weights),
    ), n_read  # fmt: skip


def _unusable(name: str, error: BadInput) -> AvailableModel:
    return AvailableModel(name=name, kind="local", served_by="llama.cpp", options=("--model", name), not_ready=_explained(error))


def _not_ready(weights: Weights) -> str:
    try:
        require_servable(weights, has_template=False)
    except BadInput as error:
        return _explained(error)
    return "" if is_engine_there() else _NOT_ENGINE


def _explained(error: BadInput) -> str:
    return f"{error.message}; {error.hint}" if error.hint else error.message


def _digest(weights: Weights, most_read: int) -> tuple[str | None, int]:
    """The SHA-256, computed where that reads at most `most_read` bytes; None where it is not known and reading would take long."""
    known = digests.known_sha256(weights.path)
    if known is not None or weights.n_bytes > most_read:
        return known, 0
    return digests.sha256_of(weights.path), weights.n_bytes


def _hub_caches() -> list[Path]:
    """Where huggingface_hub keeps what it has fetched, if that is there."""
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    cache = Path(os.environ.get("HF_HUB_CACHE") or home / "hub")
    return [cache] if cache.is_dir() else []


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        # the hub keeps a file once for all of its revisions, and shows it in each by a link
        yield from sorted(path for path in folder.rglob(f"*{SUFFIX}") if path.is_file())
