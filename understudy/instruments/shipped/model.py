"""The reaction instrument that ships with the project: what a seeker's turn does with the recommender's turn before it.

An adapted sentence encoder reads both turns together, and a linear head names accept, reject or neither. The head (`english.npz`) is
trained on the labelled set of `tests/reactions/` (docs/instruments.md), and is a plain table of numbers. Labels are the same on every
machine and beside any other text: where two classes are too close for single precision, the pair is read again in double.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from threading import Lock
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.doors import readings
from understudy.doors.local.cores import n_cores
from understudy.doors.readings import ReactionRead
from understudy.doors.sentence_weights import SHA256, sentence_weights
from understudy.instruments.language import ENGLISH
from understudy.instruments.reaction import CLASSES
from understudy.instruments.shipped.encoder import VERSION as ENCODER_VERSION
from understudy.instruments.shipped.encoder import Encoder, PiecePair
from understudy.instruments.text import without_farewells, without_stops
from understudy.keys import digest

VERSION = 2
KIND = "shipped"
NAME = "english"
READS = ENGLISH
_FOLDER, _HEAD = "understudy.instruments.shipped", "english.npz"
_FIRST, _BETWEEN = 101, 102
# the end of the recommender's turn asks or offers, the beginning of the reply answers: of long texts the middle is left out
PREVIOUS_PIECES, TEXT_PIECES = (4, 20), (36, 20)
# single precision errs by about 1e-5 here; two classes nearer than this are decided in double
_CLOSE = 0.01
_PIECES_AT_ONCE = 768
# what is read of a turn without words
SILENT = ReactionRead((0.0, 0.0, 20.0), CLASSES.index("neither"))


@dataclass(frozen=True)
class PairReader:
    """The instrument with its weights loaded. Not slotted: double precision is made when it is first needed, and kept."""

    head: Mapping[str, NDArray[Any]]
    tensors: Mapping[str, NDArray[np.float32]]
    tokenizer: Any

    @cached_property
    def single(self) -> Encoder:
        """The encoder in single precision."""
        return Encoder.of(self.tensors, self.head, np.float32)

    @cached_property
    def double(self) -> Encoder:
        """The encoder in double precision."""
        return Encoder.of(self.tensors, self.head, np.float64)

    def read(self, pairs: Sequence[tuple[str, str]]) -> list[ReactionRead]:
        """What is read of each (recommender's turn, seeker's turn), in their order."""
        if not pairs:
            return []
        pieces = self._pieces(pairs)
        scores = np.empty((len(pairs), len(CLASSES)), np.float32)
        order = sorted(range(len(pairs)), key=lambda place: len(pieces[place].pieces))
        stretches = list(_stretches(order, pieces))
        with _one_thread_a_product(), ThreadPoolExecutor(n_cores()) as pool:
            read = pool.map(lambda at: self._scores(self.single, [pieces[one] for one in at]), stretches)
            for at, found in zip(stretches, read, strict=True):
                scores[at] = found
            places = scores.argmax(axis=1)
            ranked = np.sort(scores, axis=1)
            for one in np.flatnonzero(ranked[:, -1] - ranked[:, -2] < _CLOSE):
                places[one] = self._scores(self.double, [pieces[one]]).argmax()
        return [ReactionRead((float(row[0]), float(row[1]), float(row[2])), int(place)) for row, place in zip(scores, places, strict=True)]

    def _scores(self, encoder: Encoder, pairs: Sequence[PiecePair]) -> NDArray[Any]:
        vectors = encoder.vectors(pairs)
        scores: NDArray[Any] = vectors @ self.head["weights"].astype(vectors.dtype) + self.head["intercepts"].astype(vectors.dtype)
        return scores

    def _pieces(self, pairs: Sequence[tuple[str, str]]) -> list[PiecePair]:
        # one text at a time: a batch starts threads of the tokenizer's own, which warn where a process is forked afterwards
        ids: dict[str, list[int]] = {}
        for text in {text for pair in pairs for text in pair}:
            ids[text] = self.tokenizer.encode(text, add_special_tokens=False).ids
        return [_pair(_cut(ids[one], *PREVIOUS_PIECES), _cut(ids[two], *TEXT_PIECES)) for one, two in pairs]


class Shipped:
    """The instrument as the rest of the project sees it: what was read once, here or by an earlier process, is not read again.

    A plain class, since it has a lifetime: its weights are loaded by the first text that has not been read before. `head`: the content of
    another head's file, to be measured beside the one that ships.
    """

    def __init__(self, head: bytes | None = None) -> None:
        self._head_bytes = (resources.files(_FOLDER) / _HEAD).read_bytes() if head is None else head
        self.digest = digest(
            [VERSION, ENCODER_VERSION, CLASSES, PREVIOUS_PIECES, TEXT_PIECES, SHA256, hashlib.sha256(self._head_bytes).hexdigest()]
        )
        self._lock = Lock()
        self._reader: PairReader | None = None
        self._known: dict[bytes, ReactionRead] | None = None

    def read(self, previous: pl.Series, text: pl.Series) -> list[ReactionRead]:
        """What is read of each seeker's turn after the recommender's turn before it ("" where there is none), in their order.

        A turn without words is neither, and so is one that holds nothing but stop tokens or a farewell. Raises BadInput where the
        weights are not installed.
        """
        answers = without_farewells(without_stops(text.fill_null("")))
        pairs = [(_spaced(one), _spaced(two)) for one, two in zip(previous.fill_null(""), answers, strict=True)]
        keys = [readings.key_of(*pair) for pair in pairs]
        with self._lock:
            if self._known is None:
                self._known = readings.kept(self.digest)
            new = {key: pair for key, pair in zip(keys, pairs, strict=True) if pair[1] and key not in self._known}
            if new:
                found = dict(zip(new, self._loaded().read(list(new.values())), strict=True))
                readings.keep(self.digest, found)
                self._known |= found
            return [self._known[key] if said else SILENT for key, (_, said) in zip(keys, pairs, strict=True)]

    def labels(self, previous: pl.Series, text: pl.Series) -> pl.Series:
        """`accept`, `reject` or `neither` for each seeker's turn."""
        return pl.Series("label", [CLASSES[one.place] for one in self.read(previous, text)], dtype=pl.String)

    def _loaded(self) -> PairReader:
        if self._reader is None:
            self._reader = reader(self._head_bytes)
        return self._reader


@cache
def shipped() -> Shipped:
    """The instrument, one for the whole process, so that its weights are loaded once."""
    return Shipped()


def reader(head: bytes) -> PairReader:
    """The instrument of a head with the packaged weights. Raises BadInput where they are not installed."""
    weights = sentence_weights()
    with np.load(io.BytesIO(head), allow_pickle=False) as numbers:
        named = {name: numbers[name] for name in numbers.files}
    return PairReader(named, weights.tensors, weights.pieces())


def probabilities(scores: Sequence[float]) -> dict[str, float]:
    """Class → probability by the softmax of its scores, to three decimals."""
    raised = np.exp(np.asarray(scores, np.float64) - max(scores))
    return {name: round(float(one), 3) for name, one in zip(CLASSES, raised / raised.sum(), strict=True)}


def _spaced(text: str) -> str:
    return " ".join(text.split())


def _cut(pieces: list[int], first: int, last: int) -> list[int]:
    return pieces if len(pieces) <= first + last else [*pieces[:first], *pieces[-last:]]


def _pair(one: list[int], two: list[int]) -> PiecePair:
    return PiecePair((_FIRST, *one, _BETWEEN, *two, _BETWEEN), (0,) * (len(one) + 2) + (1,) * (len(two) + 1))


def _stretches(order: Sequence[int], pieces: Sequence[PiecePair]) -> Iterator[list[int]]:
    """The places in `order`, in stretches of so many pieces that what a layer computes stays in the processor's cache."""
    stretch: list[int] = []
    size = 0
    for place in order:
        if stretch and size + len(pieces[place].pieces) > _PIECES_AT_ONCE:
            yield stretch
            stretch, size = [], 0
        stretch.append(place)
        size += len(pieces[place].pieces)
    if stretch:
        yield stretch


def _one_thread_a_product() -> Any:
    # the stretches run side by side; products that start threads of their own would wait for each other
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    return threadpool_limits(1)
