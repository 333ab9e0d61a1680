"""Vectors of texts and words, for the paper's figures of diversity: all-MiniLM-L6-v2 and GloVe of 50 numbers, both packaged.

The sentence model is the packaged one without the corrections that the reaction instrument adds: the mean over all word pieces,
brought to length one, as the model's card has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.doors.sentence_weights import sentence_weights
from understudy.doors.word_vectors import word_vectors
from understudy.instruments.shipped.encoder import WIDTH, Encoder, PiecePair

VERSION = 1
# of the model's card; what is longer is cut
MOST_PIECES = 256
_AT_ONCE = 8
_FIRST, _LAST = "[CLS]", "[SEP]"


def sentence_vectors(texts: Sequence[str]) -> NDArray[np.float64]:
    """(n_texts, 384), each of length one. Raises BadInput where the weights are not installed."""
    encoder, tokenizer = _sentence_model()
    first, last = (int(tokenizer.token_to_id(mark)) for mark in (_FIRST, _LAST))
    pieces = [[first, *tokenizer.encode(text, add_special_tokens=False).ids[: MOST_PIECES - 2], last] for text in texts]
    # the encoder gives the first mark and the mean of a second text: all other pieces are marked as one, with a first text's numbers
    pairs = [PiecePair(tuple(one), (0, *(1,) * (len(one) - 1))) for one in pieces]
    if not pairs:
        return np.zeros((0, WIDTH))
    both = np.vstack([encoder.vectors(pairs[at : at + _AT_ONCE]) for at in range(0, len(pairs), _AT_ONCE)]).astype(np.float64)
    n = np.array([[len(one)] for one in pieces], dtype=np.float64)
    return _to_length_one((both[:, :WIDTH] + (n - 1) * both[:, WIDTH:]) / n)


def word_rows(words: Sequence[str]) -> tuple[list[str], NDArray[np.float64]]:
    """The words that GloVe knows, in their order, and (n_known, 50) of length one each. Raises BadInput where it is not installed."""
    known = word_vectors()
    there = [word for word in words if word in known.places]
    table = known.table[[known.places[word] for word in there]] if there else np.zeros((0, known.table.shape[1]))
    return there, _to_length_one(np.asarray(table, dtype=np.float64))


def _to_length_one(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: NDArray[np.float64] = rows / np.where(lengths > 0, lengths, 1.0)
    return scaled


@cache
def _sentence_model() -> tuple[Encoder, Any]:
    weights = sentence_weights()
    kinds = weights.tensors["embeddings.token_type_embeddings.weight"]
    return Encoder.of(weights.tensors, {"kinds": np.repeat(kinds[:1], 2, axis=0)}, np.float32), weights.pieces()
