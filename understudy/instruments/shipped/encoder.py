"""Vectors of pairs of texts by a small transformer (MiniLM, 6 layers of 384), whose matrices a trained correction of low rank adapts.

Written in numpy, because labels may depend neither on the machine nor on what else is read: texts of any length go through the
matrices as rows of one table without padding, so each row is the product of its own numbers alone, and the same code runs in double
precision where single precision could not decide (`shipped/model.py`). Source of the architecture: Devlin et al. 2019; Wang et al.
2020 (MiniLM); of the corrections: Hu et al. 2022 (LoRA).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

VERSION = 1
WIDTH, N_HEADS, N_LAYERS = 384, 12, 6
_EPSILON = 1e-12
_PARTS = ("query", "key", "value")
# the tangent form of the activation (Hendrycks and Gimpel 2016): the head is trained with it, and it is ten times faster than erf
_CUBIC, _SLOPE = 0.044715, 0.7978845608028654
Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class PiecePair:
    """Word pieces of two texts with the marks between them; `kinds` is 1 where a piece belongs to the second text."""

    pieces: tuple[int, ...]
    kinds: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Layer:
    mixing: Array
    mixing_bias: Array
    out: Array
    out_bias: Array
    wide: Array
    wide_bias: Array
    narrow: Array
    narrow_bias: Array
    norms: tuple[Array, Array, Array, Array]


@dataclass(frozen=True, slots=True)
class Encoder:
    """The adapted transformer in one precision."""

    words: Array
    places: Array
    kinds: Array
    norm: tuple[Array, Array]
    layers: tuple[_Layer, ...]

    @classmethod
    def of(cls, tensors: Mapping[str, NDArray[np.float32]], head: Mapping[str, Array], dtype: type[np.floating[Any]]) -> Encoder:
        """From the packaged tensors and the corrections of a head (`lora/LAYER/NAME`, `kinds`). `dtype`: float32 or float64."""
        norm = tuple(tensors[f"embeddings.LayerNorm.{end}"].astype(dtype) for end in ("weight", "bias"))
        return cls(
            # the largest table stays as it is: its rows are exact in either precision
            tensors["embeddings.word_embeddings.weight"],
            tensors["embeddings.position_embeddings.weight"].astype(dtype),
            head["kinds"].astype(dtype),
            (norm[0], norm[1]),
            tuple(_layer(tensors, head, place, dtype) for place in range(N_LAYERS)),
        )

    def vectors(self, pairs: Sequence[PiecePair]) -> Array:
        """(n_pairs, 2 * WIDTH): the vector of the first mark beside the mean of the second text's."""
        sizes = np.array([len(one.pieces) for one in pairs])
        ends = np.cumsum(sizes)
        starts = ends - sizes
        pieces, kinds = (np.concatenate([getattr(one, name) for one in pairs]).astype(np.int64) for name in ("pieces", "kinds"))
        place = np.arange(ends[-1]) - np.repeat(starts, sizes)
        rows = _normed(self.words[pieces] + self.places[place] + self.kinds[kinds], *self.norm)
        groups = [(int(size), starts[sizes == size][:, None] + np.arange(size)) for size in np.unique(sizes)]
        for layer in self.layers[:-1]:
            rows = _through(layer, rows, groups)
        # of the last layer only the first marks and the second texts are asked for
        asked = kinds.astype(bool)
        asked[starts] = True
        rows = _through(self.layers[-1], rows, groups, asked)
        n_second = np.add.reduceat(kinds, starts)
        first = np.cumsum(n_second + 1) - n_second - 1
        second = np.add.reduceat(rows, first, axis=0) - rows[first]
        return np.hstack([rows[first], second / n_second[:, None].astype(rows.dtype)])


def _layer(tensors: Mapping[str, NDArray[np.float32]], head: Mapping[str, Array], place: int, dtype: type[np.floating[Any]]) -> _Layer:
    def tensor(name: str) -> Array:
        return tensors[f"encoder.layer.{place}.{name}"]

    def adapted(name: str, weight: Array) -> Array:
        sides = [head.get(f"lora/{place}/{name}{side}") for side in "AB"]
        if sides[0] is None or sides[1] is None:  # a lower layer, which stays as it was packaged
            return np.ascontiguousarray(weight.T.astype(dtype))
        # added in double precision, so that both precisions start from the same numbers
        return np.ascontiguousarray((weight.T.astype(np.float64) + sides[0].astype(np.float64) @ sides[1].astype(np.float64)).astype(dtype))

    mixing = np.concatenate([tensor(f"attention.self.{part}.weight") for part in _PARTS])
    norms = [tensor(f"{part}.LayerNorm.{end}").astype(dtype) for part in ("attention.output", "output") for end in ("weight", "bias")]
    return _Layer(
        adapted("qkv", mixing),
        np.concatenate([tensor(f"attention.self.{part}.bias") for part in _PARTS]).astype(dtype),
        adapted("o", tensor("attention.output.dense.weight")),
        tensor("attention.output.dense.bias").astype(dtype),
        adapted("i", tensor("intermediate.dense.weight")),
        tensor("intermediate.dense.bias").astype(dtype),
        adapted("w2", tensor("output.dense.weight")),
        tensor("output.dense.bias").astype(dtype),
        (norms[0], norms[1], norms[2], norms[3]),
    )


def _through(layer: _Layer, rows: Array, groups: Sequence[tuple[int, Array]], asked: Array | None = None) -> Array:
    """(n_pieces, WIDTH) after one layer, or the `asked` rows alone. `groups`: per length of a pair the rows of each, (n_pairs, length)."""
    mixed = _product(rows, layer.mixing, layer.mixing_bias)
    heard = np.empty_like(rows)
    for size, at in groups:
        heard[at] = _attended(mixed[at].reshape(len(at), size, 3, N_HEADS, -1))
    if asked is not None:
        rows, heard = rows[asked], heard[asked]
    before, after = layer.norms[:2], layer.norms[2:]
    rows = _normed(_product(heard, layer.out, layer.out_bias, rows), *before)
    wide = _activated(_product(rows, layer.wide, layer.wide_bias))
    return _normed(_product(wide, layer.narrow, layer.narrow_bias, rows), *after)


def _product(rows: Array, matrix: Array, bias: Array, beside: Array | None = None) -> Array:
    """rows @ matrix + bias, and `beside` added; in place, since new tables of this size cost as much as the sums."""
    found: Array = rows @ matrix
    found += bias
    if beside is not None:
        found += beside
    return found


def _attended(mixed: Array) -> Array:
    """(n_pairs, length, WIDTH) of queries, keys and values (n_pairs, length, 3, N_HEADS, width of a head)."""
    query, key, value = mixed.transpose(2, 0, 3, 1, 4)
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1], dtype=query.dtype)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    heard: Array = (weights @ value).transpose(0, 2, 1, 3).reshape(len(mixed), mixed.shape[1], -1)
    return heard


def _activated(rows: Array) -> Array:
    inner = rows * rows
    inner *= _CUBIC
    inner += 1
    inner *= rows
    inner *= _SLOPE
    np.tanh(inner, out=inner)
    inner += 1
    inner *= rows
    inner *= 0.5
    return inner


def _normed(rows: Array, scale: Array, shift: Array) -> Array:
    rows = rows - rows.mean(-1, keepdims=True)
    rows /= np.sqrt(np.einsum("ij,ij->i", rows, rows)[:, None] / rows.shape[1] + _EPSILON)
    rows *= scale
    rows += shift
    return rows
