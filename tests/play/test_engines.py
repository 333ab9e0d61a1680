"""The engine of several dialogues names each model once."""

from __future__ import annotations

import pytest

from understudy.completion import engine_of, engines_in


@pytest.mark.parametrize(
    ("engines", "together"),
    [
        (["A+B", "A", "B"], "A+B"),
        (["A+B", "B+C"], "A+B+C"),
        (["A", "A"], "A"),
        (["", "none"], "none"),
        (["none", "A"], "A"),
        ([], "none"),
    ],
)
def test_the_engine_of_several_names_each_model_once(engines: list[str], together: str) -> None:
    assert engine_of(engines) == together
    assert engine_of([engine_of(engines)]) == together
    assert engines_in(engines) == [name for name in together.split("+") if name != "none"]
