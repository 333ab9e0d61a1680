"""Sentence vectors are those of the packaged model's card, whatever else is read beside a text."""

from __future__ import annotations

import numpy as np
import pytest

from understudy.instruments import embedding

# the example of the model's card, with the cosines that its library gives
EXAMPLE = ("A man is eating food.", "A man is eating a piece of bread.", "The girl is carrying a baby.")


def test_cosines_are_those_of_the_published_model() -> None:
    vectors = embedding.sentence_vectors(EXAMPLE)
    cosines = vectors @ vectors.T
    assert cosines[0, 1] == pytest.approx(0.7553, abs=1e-3)
    assert cosines[0, 2] == pytest.approx(-0.1049, abs=1e-3)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0)


def test_a_text_has_the_same_vector_wherever_it_stands() -> None:
    alone, among = embedding.sentence_vectors(EXAMPLE[:1])[0], embedding.sentence_vectors([*EXAMPLE, EXAMPLE[0]] * 5)
    assert [float(among[at] @ alone) for at in (0, 3, 7, 19)] == pytest.approx([1.0] * 4, abs=1e-5)
    assert embedding.sentence_vectors([]).shape == (0, 384)
